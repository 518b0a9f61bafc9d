"""The smallest gap in each sensitive group that the tests of an audit could have told, in closed form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from scipy import stats

from vaeaudit.analysis.coverage.crossed_columns import MIN_EXPECTED
from vaeaudit.analysis.coverage.shortages import Threshold
from vaeaudit.analysis.grouping.rules import apply_rule
from vaeaudit.analysis.inputs import AuditInputs, Reference
from vaeaudit.analysis.power.results import SmallestGap
from vaeaudit.analysis.representation.representation import Representation
from vaeaudit.config import AnalysisConfig
from vaeaudit.outputs.record import BoolArray
from vaeaudit.statistics.intervals import wilson
from vaeaudit.statistics.multiplicity import fcr_level
from vaeaudit.statistics.two_samples import TwoSamples

#: How often a gap has to be told.
POWER = 0.8
#: Shares that may be missing, by which the smallest one is sought.
_STEPS = np.arange(1, 101) / 100


def smallest_gaps(
    inputs: AuditInputs, config: AnalysisConfig, cells: Sequence[Representation], tested: int
) -> tuple[SmallestGap, ...]:
    """Return for each sensitive group the smallest share of its rows whose absence is told four times in five.

    A count is told where the audit's test tells it, had nothing else been found: by a population, exact binomial and
    adjusted over all groups, with Wilson's interval below the tolerance; by a reference, exact and adjusted over all
    cells that the search tested. What else is found makes both tests less strict: such a gap may be told more
    often. Of a group of share p, of whose rows d are missing, p (1 - d) / (1 - p d) of the rows remain.

    Parameters
    ----------
    inputs, config
        The rows, the reference if any, and what counts as short.
    cells
        Every group and combination; combinations are passed over.
    tested
        Cells that the search for regions tested.
    """
    sizes = Counter(cell.attributes for cell in cells if cell.status is not None)
    totals: Counter[tuple[str, ...]] = Counter()
    for cell in cells:
        if cell.status is not None:
            totals[cell.attributes] += cell.n
    counted, other = int((~inputs.scores.outlier).sum()), inputs.reference
    found = []
    for cell in (cell for cell in cells if len(cell.attributes) == 1):
        named = cell.attributes[0], cell.group[0]
        if cell.reference_share is not None:
            share, total = cell.reference_share, totals[cell.attributes]
            missing = by_population(share, total, config.fdr / (sizes[cell.attributes] * len(sizes)), config)
            found.append(SmallestGap(*named, "population", share * total, missing))
        elif other is not None and cell.rule and cell.attributes[0] not in other.lacking:
            found.append(SmallestGap(*named, "reference", *by_reference(cell, other, counted, tested, config)))
        else:
            found.append(SmallestGap(*named, None, None, None))
    return tuple(found)


def by_population(share: float, total: int, limit: float, config: AnalysisConfig) -> float | None:
    """Return the smallest share of a group that has to be missing to be told by its population share; None for none.

    Parameters
    ----------
    share, total
        Of the group in the population; rows that are compared.
    limit
        The p-value below which a group is short.
    config
        Gives confidence and tolerance.
    """
    counts = np.arange(int(share * total) + 1)
    p_value = 2 * stats.binom.cdf(counts, total, share)
    high = wilson(counts, total, config.confidence)[1]
    return _smallest(share, total, (p_value < limit) & (high < config.min_ratio * share))


def by_reference(
    cell: Representation, other: Reference, total: int, tested: int, config: AnalysisConfig
) -> tuple[float, float | None]:
    """Return the rows of a group to be expected by a reference, and the smallest share that has to be missing.

    Parameters
    ----------
    cell, other
        The group, and the reference.
    total
        Audited rows that are compared.
    tested
        Cells tested, over all baselines.
    config
        Gives rate, confidence and tolerance.
    """
    inside = apply_rule(cell.rule, other.frame) & ~other.outlier
    n_reference, reference = int((~other.outlier).sum()), int(inside.sum())
    if min(reference, total, tested) == 0:
        return 0.0, None
    share = reference / n_reference
    counts = np.arange(int(share * total) + 1, dtype=np.float64)
    samples = TwoSamples(counts, np.full(counts.shape, float(reference)), total, n_reference)
    level = fcr_level(config.confidence, selected=1, tested=tested)
    threshold = Threshold(config.fdr / tested, level, config.min_ratio, config.confidence)
    expected = share * total
    told = threshold.is_short(samples)
    return expected, _smallest(share, total, told) if expected >= MIN_EXPECTED else None


def _smallest(share: float, total: int, told: BoolArray) -> float | None:
    """Return the smallest of the shares that may be missing of which a count is told often enough.

    `told` [K] says of each count from 0 on whether it is; if one is, so are all lower ones.
    """
    most = int(told.sum()) - 1
    left = share * (1 - _STEPS) / np.maximum(1 - share * _STEPS, np.finfo(np.float64).tiny)
    enough = np.flatnonzero(stats.binom.cdf(most, total, left) >= POWER)
    return float(_STEPS[enough[0]]) if most >= 0 and enough.size else None
