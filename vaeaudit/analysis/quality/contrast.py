"""What sets some rows apart from all others: the group of a column that holds more of them than others do, or fewer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vaeaudit.analysis.grouping.groups import Grouping
from vaeaudit.outputs.record import BoolArray
from vaeaudit.outputs.region_rules import Condition
from vaeaudit.statistics.fisher import fisher_exact
from vaeaudit.statistics.measures import Count, Share

#: Share of the rows in question that a group must hold for it to be said that they lie there.
LEAST_REACH = 0.25


@dataclass(frozen=True)
class Contrast:
    """A group of a column in which the rows in question are more frequent, or rarer, than elsewhere.

    Attributes
    ----------
    column, group, rule
        The column, how its group is called, and the condition that picks the group's rows.
    hits, rows
        Rows in question in the group, and rows of the group.
    other_hits, other_rows
        The same outside it.
    p_adjusted
        Of Fisher's exact test, times the number of groups of all columns that were looked at.
    """

    column: str
    group: str
    rule: Condition
    hits: Count
    rows: Count
    other_hits: Count
    other_rows: Count
    p_adjusted: Share

    @property
    def share(self) -> Share:
        """Share of the group's rows that are in question."""
        return self.hits / max(self.rows, 1)

    @property
    def other_share(self) -> Share:
        """The same of all other rows."""
        return self.other_hits / max(self.other_rows, 1)


def best_contrast(chosen: BoolArray, groupings: Sequence[Grouping], *, more: bool = False) -> Contrast | None:
    """Return the group that differs most from the rest, by chi-squared; None where no column has two groups.

    Parameters
    ----------
    chosen
        [N]; the rows in question.
    groupings
        Of all N rows.
    more
        Whether only groups count in which the rows are more frequent than elsewhere, and that hold a quarter of them.
    """
    best, strongest, tested = None, 0.0, 0
    total, n = int(chosen.sum()), len(chosen)
    for grouping in groupings:
        rows = grouping.counts
        hits = np.bincount(grouping.codes[chosen & (grouping.codes >= 0)], minlength=len(grouping))
        tested += int(np.count_nonzero(rows))
        excess = hits * n - rows * total
        spread = rows * (n - rows) * float(total * (n - total))
        chi_squared = np.divide(n * excess.astype(np.float64) ** 2, spread, out=np.zeros(len(rows)), where=spread > 0)
        if more:
            chi_squared[(excess < 0) | (hits < LEAST_REACH * total)] = 0.0
        group = int(chi_squared.argmax())
        if chi_squared[group] > strongest:
            strongest, best = float(chi_squared[group]), (grouping, group, int(hits[group]), int(rows[group]))
    if best is None:
        return None
    grouping, group, inside, size = best
    p = min(float(fisher_exact(inside, size, total - inside, n - size)[0]) * tested, 1.0)
    label, rule = grouping.labels[group], grouping.conditions[group]
    return Contrast(grouping.column, label, rule, inside, size, total - inside, n - size, p)
