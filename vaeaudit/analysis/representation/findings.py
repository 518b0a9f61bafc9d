"""Findings about how many rows the groups of sensitive attributes have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from math import ceil, prod

import numpy as np

from vaeaudit.analysis.conclusions import LISTED, Finding, Severity, facts
from vaeaudit.analysis.representation.representation import Representation
from vaeaudit.config import AnalysisConfig
from vaeaudit.statistics.intervals import normal_quantile
from vaeaudit.statistics.multiplicity import holm
from vaeaudit.wording import numbers, phrases
from vaeaudit.wording.phrases import finding_id, listed, plural


def representation_findings(cells: Sequence[Representation], config: AnalysisConfig) -> Iterator[Finding]:
    """Yield one finding per attribute and direction, and one per direction for all combinations of attributes.

    Combinations are graver where none of their own groups is short already: then nothing else shows the gap.
    """
    alone = [cell for cell in cells if len(cell.attributes) == 1]
    crossed = [cell for cell in cells if len(cell.attributes) > 1]
    for _, members in groupby(alone, key=lambda cell: cell.attributes):
        yield from _judged_findings(list(members), config, severity="high")
    short = {(cell.attributes[0], cell.group[0]) for cell in alone if cell.status == "under"}
    news = any(
        cell.status == "under" and not short & set(zip(cell.attributes, cell.group, strict=True)) for cell in crossed
    )
    yield from _judged_findings(crossed, config, severity="high" if news else "medium")
    yield from _empty_combinations(cells, config)
    small = [cell for cell in alone if 0 < cell.n < config.smallest_group]
    if small:
        yield _small_groups(small, config)


def _judged_findings(cells: list[Representation], config: AnalysisConfig, *, severity: Severity) -> Iterator[Finding]:
    under = [cell for cell in cells if cell.status == "under"]
    over = [cell for cell in cells if cell.status == "over"]
    if under:
        yield _under_represented(under, config, severity)
    if over:
        yield _over_represented(over)


def rows_to_collect(cell: Representation, ratio: float) -> int:
    """Return how many rows of this group, added to the rest, bring its share to `ratio` times the reference share.

    Solves (n + k) / (N + k) = ratio * reference for k, where N = n / share are all rows that were compared.
    """
    target = ratio * (cell.reference_share or 0.0)
    total = cell.n / cell.share if cell.share > 0 else _total_of_empty(cell)
    if target >= 1 or cell.n >= target * total:
        return 0
    return ceil((target * total - cell.n) / (1 - target))


def _total_of_empty(cell: Representation) -> float:
    """Rows compared, from Wilson's upper bound of an empty cell, z^2 / (N + z^2)."""
    z_squared = normal_quantile(cell.ci.level) ** 2
    high = cell.ci.high or 1.0
    return max(0.0, z_squared / high - z_squared)


def _name(cell: Representation) -> str:
    return phrases.group(cell.attributes, cell.group)


def _id_of(cells: Sequence[Representation], direction: str) -> str:
    """Name a single group by itself, several groups by their attributes, several attribute sets together."""
    sets = {cell.attributes for cell in cells}
    if len(cells) == 1 and direction == "under":
        return finding_id("representation", *cells[0].attributes, *cells[0].group)
    names = next(iter(sets)) if len(sets) == 1 else ("combinations",)
    return finding_id("representation", *names, direction)


def _cell_evidence(cell: Representation) -> dict[str, object]:
    return {
        "group": dict(zip(cell.attributes, cell.group, strict=True)),
        **facts(cell, "n", "share", "ci", "reference_share", "ratio", "p_adjusted"),
    }


def _under_represented(cells: list[Representation], config: AnalysisConfig, severity: Severity) -> Finding:
    """Describe groups that are short, those that lack the most rows first."""
    lacking = {id(cell): rows_to_collect(cell, config.min_ratio) for cell in cells}
    ranked = sorted(cells, key=lambda cell: -lacking[id(cell)])
    worst = ranked[0]
    more = f"; {plural(len(cells) - 1, 'more group')} short of their share" if len(cells) > 1 else ""
    named = [f"{numbers.count(max(lacking[id(cell)], 1))} with {_name(cell)}" for cell in ranked]
    return Finding(
        id=_id_of(cells, "under"),
        kind="representation",
        severity=severity,
        title=(
            f"{_name(worst)}: {numbers.with_interval(worst.share, worst.ci, 'share')} of the rows, "
            f"{numbers.share(worst.reference_share or 0.0)} of the population{more}"
        ),
        evidence={
            "groups": len(cells),
            **_cell_evidence(worst),
            "rows_to_tolerance": lacking[id(worst)],
            "rows_to_parity": rows_to_collect(worst, 1.0),
            "largest_gaps": [
                {**_cell_evidence(cell), "rows_to_tolerance": lacking[id(cell)]} for cell in ranked[:LISTED]
            ],
        },
        action=(
            f"Collect at least {listed(named, separator='; ')} ({'each alone ' if len(cells) > 1 else ''}to reach "
            f"{numbers.rate(config.min_ratio)} of the share), or weight such rows up and report results for them apart."
        ),
        anchor="representation",
    )


def _over_represented(cells: list[Representation]) -> Finding:
    """Describe groups that hold more than their share, those with the most rows too many first."""
    ranked = sorted(cells, key=lambda cell: (cell.reference_share or 0.0) - cell.share)
    most = ranked[0]
    more = f"; {plural(len(cells) - 1, 'more group')} above their share" if len(cells) > 1 else ""
    return Finding(
        id=_id_of(cells, "over"),
        kind="representation",
        severity="low",
        title=(
            f"{_name(most)}: {numbers.with_interval(most.share, most.ci, 'share')} of the rows, only "
            f"{numbers.share(most.reference_share or 0.0)} of the population{more}"
        ),
        evidence={
            "groups": len(cells),
            **_cell_evidence(most),
            "largest": [_cell_evidence(cell) for cell in ranked[:LISTED]],
        },
        action="Collect from the groups that are short rather than deleting here; or weight these rows down.",
        anchor="representation",
    )


def _empty_combinations(cells: Sequence[Representation], config: AnalysisConfig) -> Iterator[Finding]:
    """Name the empty combinations that chance does not explain: with E rows expected, an empty cell has p = exp(-E).

    What is expected follows from independent attributes; only sets without a population, where nothing else judges
    them. Adjusted by Holm over all empty cells.
    """
    alone = {(cell.attributes[0], cell.group[0]): cell for cell in cells if len(cell.attributes) == 1}
    empty = [
        cell
        for cell in cells
        if len(cell.attributes) > 1 and cell.n == 0 and cell.baseline == "balance" and _parts(cell) <= alone.keys()
    ]
    expected = np.array([_expected_if_independent([alone[part] for part in sorted(_parts(cell))]) for cell in empty])
    adjusted = holm(np.exp(-expected))
    telling = [int(place) for place in np.argsort(-expected, kind="stable") if adjusted[place] < config.fdr]
    if not telling:
        return
    names = [f"{_name(empty[place])} (about {numbers.expected(expected[place])} expected)" for place in telling]
    yield Finding(
        id=_id_of([empty[place] for place in telling], "empty"),
        kind="representation",
        severity="medium",
        title=(
            f"{plural(len(telling), 'combination')} of sensitive groups without a single row, although each group has "
            f"enough: {listed(names, separator='; ')}"
        ),
        evidence={
            "combinations": len(telling),
            "n": 0,
            "ci": empty[telling[0]].ci.bounds,
            "empty": [
                {
                    "group": dict(zip(empty[place].attributes, empty[place].group, strict=True)),
                    "expected_if_independent": float(expected[place]),
                    "p_adjusted": float(adjusted[place]),
                }
                for place in telling[:LISTED]
            ],
        },
        action=(
            "Say whether such people exist where the data comes from; if they do, collect some: "
            "from none, nothing can be learned."
        ),
        anchor="representation",
    )


def _parts(cell: Representation) -> set[tuple[str, str]]:
    return set(zip(cell.attributes, cell.group, strict=True))


def _expected_if_independent(groups: Sequence[Representation]) -> float:
    """Rows that the sizes of single groups lead one to expect in their intersection."""
    total = max((group.n / group.share for group in groups if group.share > 0), default=0.0)
    return total * prod(group.share for group in groups)


def _small_groups(cells: list[Representation], config: AnalysisConfig) -> Finding:
    ordered = sorted(cells, key=lambda cell: cell.n)
    names = [f"{_name(cell)} ({plural(cell.n, 'row')})" for cell in ordered]
    return Finding(
        id="representation-small-groups",
        kind="representation",
        severity="low",
        title=f"Too small to judge: {listed(names, most=4)}",
        evidence={
            "groups": len(cells),
            **facts(ordered[0], "n", "ci"),
            "smallest_group": config.smallest_group,
            "smallest": [_cell_evidence(cell) for cell in ordered[:LISTED]],
        },
        action=f"Collect at least {config.smallest_group} rows of each, or say that the data cannot speak about them.",
        anchor="representation",
    )
