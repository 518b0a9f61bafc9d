"""Combinations of declared columns with fewer rows than an even spread over all combinations would give them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import prod

import numpy as np
import pandas as pd

from vaeaudit.analysis.missing.baselines import BaselineSearch
from vaeaudit.analysis.missing.region_axes import declared_axes, joint_counts
from vaeaudit.analysis.missing.region_blocks import Block, testable
from vaeaudit.analysis.missing.region_search import Shortfall, find_shortfalls
from vaeaudit.analysis.representation import MAX_CELLS_PER_SET, MAX_CROSSED
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema import Schema
from vaeaudit.wording import numbers


def against_uniform(
    frame: pd.DataFrame, schema: Schema, config: AnalysisConfig, *, baselines: int = 1
) -> BaselineSearch:
    """Compare the groups of the sensitive columns and the label, and their combinations, with an even spread.

    *Cells.* The full product of at most three of these columns at a time, numbers in the groups in which
    representation shows them, missing values left out. *Test.* The rows of a cell are binomial with 1 / cells: exact
    lower tail. *Ratio.* Observed over expected, with the interval of Clopper and Pearson (1934).

    Only maximal uncovered patterns are named (Asudeh 2019): a combination that is short where nothing it is part of,
    with one column fewer, is short already.

    *Multiplicity* and parameters are those of `against_independence`. An even spread is what one may wish for to
    train on; it is no statement about the world.
    """
    axes = declared_axes(frame, schema)
    blocks, notes = [], []
    for size in range(1, min(len(axes), MAX_CROSSED) + 1):
        for chosen in combinations(range(len(axes)), size):
            shape = tuple(axes[axis].groups for axis in chosen)
            if prod(shape) > MAX_CELLS_PER_SET:
                names = " x ".join(axes[axis].column for axis in chosen)
                notes.append(
                    f"The {numbers.count(prod(shape))} combinations of {names} are too many for an even spread."
                )
                continue
            counts = joint_counts(*(axes[axis] for axis in chosen))
            total = int(counts.sum())
            single = [np.eye(groups, dtype=bool) for groups in shape]
            masks = tuple(groups[place.ravel()] for groups, place in zip(single, np.indices(shape), strict=True))
            expected = np.full(shape, total / prod(shape))
            blocks.append(testable(Block(chosen, masks, counts, expected, total)))
    found, tested = find_shortfalls(blocks, axes, config, baselines=baselines, merge=False)
    kept = maximal_patterns(found)[: config.max_regions]
    return BaselineSearch("uniform", tuple(entry.shortage for entry in kept), tested, tuple(notes))


def maximal_patterns(found: Sequence[Shortfall]) -> list[Shortfall]:
    """Keep the patterns no part of which was found itself; each has one group on each of its axes."""
    patterns = [_pattern(entry) for entry in found]
    known = set(patterns)
    return [
        entry
        for entry, pattern in zip(found, patterns, strict=True)
        if not any(
            frozenset(part) in known for size in range(1, len(pattern)) for part in combinations(sorted(pattern), size)
        )
    ]


def _pattern(entry: Shortfall) -> frozenset[tuple[int, int]]:
    return frozenset((axis, int(groups.argmax())) for axis, groups in zip(entry.axes, entry.groups, strict=True))
