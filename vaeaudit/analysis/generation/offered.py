"""Rows that are written for gaps: where a check says that they help, or because somebody asks for them all the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from vaeaudit.analysis.generation.group_rows import GeneratorFor, drawn_columns
from vaeaudit.analysis.generation.level_pairs import LevelPairs
from vaeaudit.analysis.generation.rules import held_rules
from vaeaudit.analysis.grouping.rules import apply_rule
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.rebalancing.results import GapSummary, Repair

#: The column that says for which gap a row was made.
FOR = "generated_for"


def rows_for_gaps(
    inputs: AuditInputs,
    gaps: Sequence[GapSummary],
    repairs: Sequence[Repair],
    generator_for: GeneratorFor,
    *,
    wanted: bool,
    seed: int,
) -> tuple[tuple[Repair, ...], pd.DataFrame | None]:
    """Make as many rows as each gap asks for, by what is fitted to all rows; None where there are none to make.

    Parameters
    ----------
    inputs, gaps, repairs
        The rows, what is short, and what the check said of it.
    generator_for
        As for `judge_repairs`.
    wanted
        Whether rows are made for every fault that they can be made for, and not only where they help.
    seed
        Of the rows.

    Returns
    -------
    tuple[tuple[Repair, ...], pandas.DataFrame or None]
        The repairs with what was made, and the rows [M], the gap of each in the column `FOR`.
    """
    by_id = {gap.id: gap for gap in gaps}
    known, rng = set(drawn_columns(inputs.schema)), np.random.default_rng(seed)
    found, parts = [], []
    for repair in repairs:
        gap = by_id[repair.id]
        can_be = {condition.column for condition in gap.rule} <= known and inputs.pictures is None
        if not can_be or not (wanted or repair.outcome == "helps") or not apply_rule(gap.rule, inputs.frame).any():
            found.append(repair)
            continue
        generator = generator_for([gap.rule])
        rows = generator.learn(np.arange(len(inputs.frame)), rng)(gap.rule, gap.rows_to_collect, rng)
        found.append(_counted(replace(repair, source=generator.source), rows, inputs))
        parts.append(rows.assign(**{FOR: gap.id}))
    made = pd.concat(parts, ignore_index=True) if parts else None
    return tuple(found), made


def _counted(repair: Repair, rows: pd.DataFrame, inputs: AuditInputs) -> Repair:
    """Count the rows, those that break a rule of the table, and those with a pair of levels that no row has."""
    broken = np.zeros(len(rows), bool)
    for held in held_rules(inputs.rules, inputs.frame, set(rows.columns)):
        if set(held.rule.columns) <= set(rows.columns):
            broken |= held.breaks(rows)
    names = [name for name in inputs.schema.names if name in rows]
    unseen, _ = LevelPairs(inputs.frame, inputs.schema, names).unseen(rows)
    return replace(repair, written=len(rows), broke_rules=int(broken.sum()), unseen_pairs=int(np.count_nonzero(unseen)))
