"""Combinations of declared columns that no row has, where too few rows would be expected to call that a gap."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from math import prod

import numpy as np
import pandas as pd

from vaeaudit.analysis.missing.region_axes import declared_axes, joint_counts
from vaeaudit.analysis.representation import MAX_CELLS_PER_SET, MAX_CROSSED
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema import Role, Schema
from vaeaudit.wording.phrases import plural


def empty_combination_notes(frame: pd.DataFrame, schema: Schema, config: AnalysisConfig) -> Iterator[str]:
    """Say, per set of declared columns, how many combinations have no row and are too small to be tested.

    That is where chance alone leaves a cell empty more often than `fdr` if the columns are independent: a region is
    never made of these, and they must not be taken for filled either.
    """
    axes = declared_axes(frame, schema)
    sensitive = {column.name for column in schema if column.role is Role.SENSITIVE}
    for size in range(2, min(len(axes), MAX_CROSSED) + 1):
        for chosen in combinations(axes, size):
            shape = tuple(axis.groups for axis in chosen)
            if prod(shape) > MAX_CELLS_PER_SET or not any(axis.column in sensitive for axis in chosen):
                continue
            counts = joint_counts(*chosen)
            total = max(int(counts.sum()), 1)
            expected = np.full(shape, float(total))
            for axis in range(size):
                others = tuple(other for other in range(size) if other != axis)
                expected = expected * counts.sum(axis=others, keepdims=True) / total
            untold = int(((counts == 0) & (np.exp(-expected) >= config.fdr)).sum())
            if untold:
                names = " x ".join(axis.column for axis in chosen)
                has = "has" if untold == 1 else "have"
                yield (
                    f"{plural(untold, 'combination')} of {names} {has} no row, where so few would be expected if these "
                    "columns were independent that it cannot be told from chance."
                )
