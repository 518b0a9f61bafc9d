"""Records that could not be read and take no part in anything."""

from __future__ import annotations

from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Seen, answered
from vaeaudit.analysis.conclusions import Finding, facts
from vaeaudit.statistics.intervals import share_interval
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import plural

CODE: Final = "VA801"
KIND: Final = "quality"


def ask(seen: Seen) -> Answer:
    """Tell them in one finding."""
    rows = seen.measured.rows
    return answered(
        [_finding(seen)] if rows.quarantined else (),
        f"All {plural(rows.read, 'record')} could be read.",
        tested=rows.read,
    )


def _finding(seen: Seen) -> Finding:
    rows, config = seen.measured.rows, seen.config
    share = rows.quarantined / rows.read
    return Finding(
        code=CODE,
        subject="",
        kind=KIND,
        severity="high" if share > config.max_quarantined_share else "low",
        title=f"{numbers.count(rows.quarantined)} of {plural(rows.read, 'record')} ({numbers.share(share)}) could not "
        "be read",
        evidence={
            **facts(rows, "quarantined", "read", "skipped"),
            "share": share,
            "tolerated_share": config.max_quarantined_share,
            "ci": share_interval(rows.quarantined, rows.read, config.confidence).bounds,
        },
        action="Mend them at the source: quarantine.csv names file, row and reason of each. No figure counts them.",
        anchor="quality",
    )


CHECK = Check(CODE, "unreadable-records", "Could every record be read?", KIND, ask)
