"""How far a meaning may be read into a latent: whether it returns, carries something, and could have been told apart.

| grade | agreement with its counterpart in refits, one to one, on held-out rows |
|---|---|
| A | .9 or more |
| B | .8 or more |
| C | .6 or more |
| D | less |

A latent of less than `LEAST_KL` nats is at most a C. One grade is lost where a combination of a column that it goes
with and one that another latent goes with has no rows: factors are told apart only where every combination of their
values occurs. Those graded A or B are shown; where no refit was made there is no grade, and the `UNGRADED` latents of
largest KL are shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from vaeaudit.analysis.latents.results import Grade, LatentSummary
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray
from vaeaudit.outputs.region_rules import Condition
from vaeaudit.statistics.aggregated_posterior import matched_one_to_one
from vaeaudit.statistics.intervals import normal_quantile
from vaeaudit.statistics.measures import Interval, Measure
from vaeaudit.wording import numbers, phrases, rules

#: A rule that no row satisfies, and how many were expected to.
Empty = tuple[tuple[Condition, ...], float]

GRADES: tuple[tuple[Grade, float], ...] = (("A", 0.9), ("B", 0.8), ("C", 0.6), ("D", 0.0))
#: A latent that tells less of a row, in nats, is no axis of the data.
LEAST_KL = 0.1
#: Grades that are shown, and how many latents are where nothing was graded.
SHOWN, UNGRADED = ("A", "B"), 3
#: Fewest held-out rows on which two models are compared.
FEWEST_ROWS = 20
#: A column that predicts less of a latent is none of its factors.
_LEAST_SCORE = 0.2


def stability(
    mean: FloatArray, active: BoolArray, members: FloatArray | None, rows: IntArray, confidence: float
) -> dict[int, Measure]:
    """Return how well each active latent returns in refits; nothing where there are none, or too few rows to compare.

    Parameters
    ----------
    mean, active
        [N, L] posterior means, and [L].
    members
        [K, N, L]; of the refits.
    rows
        Held-out rows, by position: no latent agrees on them because it was fitted to them.
    confidence
        Of the intervals.
    """
    if members is None or rows.size < FEWEST_ROWS:
        return {}
    found, error = matched_one_to_one(np.concatenate([mean[None, rows], members[:, rows]]))
    half = normal_quantile(confidence) * error
    low, high = np.clip(found - half, 0.0, 1.0), np.clip(found + half, 0.0, 1.0)
    return {
        latent: Measure(
            float(found[latent]),
            Interval(float(low[latent]), float(high[latent]), confidence),
            int(rows.size),
        )
        for latent in np.flatnonzero(active).tolist()
    }


def graded(latents: Sequence[LatentSummary], empty: Sequence[Empty]) -> tuple[LatentSummary, ...]:
    """Return the latents with their grades, and those of them marked that are shown.

    Parameters
    ----------
    latents
        In model order.
    empty
        Regions without a row: the combinations that never occur.
    """
    never = _never_together(latents, empty)
    found = [_graded(latent, never.get(latent.index)) for latent in latents]
    if any(latent.grade for latent in found):
        return tuple(replace(latent, shown=latent.grade in SHOWN) for latent in found)
    strongest = sorted((latent for latent in found if latent.active), key=lambda latent: -latent.kl_nats)
    chosen = {latent.index for latent in strongest[:UNGRADED]}
    return tuple(replace(latent, shown=latent.index in chosen) for latent in found)


def _graded(latent: LatentSummary, never: Empty | None) -> LatentSummary:
    if latent.stability is None:
        return latent
    place = next(place for place, (_, least) in enumerate(GRADES) if latent.stability.value >= least)
    why = []
    if latent.kl_nats < LEAST_KL and place < 2:
        place = 2
        why.append(f"It carries {numbers.nats(latent.kl_nats)} nats of a row only.")
    if never is not None and place < len(GRADES) - 1:
        place += 1
        why.append(
            f"No row has {rules.describe(never[0], cut=True)}, where {numbers.expected(never[1])} were expected: what "
            "latents stand for is told apart for certain only where every combination of it occurs."
        )
    return replace(latent, grade=GRADES[place][0], why=tuple(why))


def _never_together(latents: Sequence[LatentSummary], empty: Sequence[Empty]) -> dict[int, Empty]:
    """Return, for each latent, the first region without a row that joins a column of its own with another latent's."""
    of = {latent.index: {each.column for each in latent.explains if each.score >= _LEAST_SCORE} for latent in latents}
    found: dict[int, Empty] = {}
    for region in empty:
        columns = {condition.column for condition in region[0]}
        for one, other in combinations(of, 2):
            if columns & (of[one] - of[other]) and columns & (of[other] - of[one]):
                found.setdefault(one, region)
                found.setdefault(other, region)
    return found


def name_of(columns: Sequence[tuple[str, float]]) -> str:
    """Return the name of a latent that goes with columns, by falling score: the first, and what comes near it.

    >>> name_of([("age", 0.6), ("marital-status", 0.4), ("hours", 0.1)]), name_of([])
    ('age, marital-status', '')
    """
    if not columns:
        return ""
    return ", ".join(phrases.name(column) for column, score in columns[:2] if score >= columns[0][1] / 2)
