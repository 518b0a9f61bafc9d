"""Whether there are enough rows for a verdict at all."""

from __future__ import annotations

from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Seen
from vaeaudit.wording.phrases import plural

CODE: Final = "VA701"
#: Fewest rows for a verdict: with 240 rows a two-sided test at 5 % finds a group of 10 % at half its share with a power
#: of 80 % (one-sample test of a proportion: ((1.96 sqrt(.1 * .9) + 0.84 sqrt(.05 * .95)) / .05)^2 = 238).
FEWEST_ROWS = 240


def ask(seen: Seen) -> Answer:
    """Count the scored rows."""
    scored = seen.measured.rows.scored
    if scored < FEWEST_ROWS:
        return Answer("inconclusive", f"With {plural(scored, 'row')} there are too few to tell.", scored)
    return Answer(
        "passed",
        f"{plural(scored, 'row')} were scored; below {FEWEST_ROWS} a group of 10 % could be at half its proper share "
        "without being noticed.",
        scored,
    )


CHECK = Check(CODE, "too-few-rows", "Are there enough rows to tell?", "latent", ask)
