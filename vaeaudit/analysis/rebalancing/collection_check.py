"""What a collection plan would really give: rows of the kinds it asks for are made, added, and everything recounted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.grouping.rules import satisfies
from vaeaudit.outputs.region_rules import Condition, Rule


def with_planned_rows(
    frame: pd.DataFrame,
    wanted: Sequence[tuple[Rule, int]],
    eligible: npt.NDArray[np.bool_],
    generator: np.random.Generator,
) -> pd.DataFrame:
    """Return the rows [N, C] with the planned ones after them.

    What a rule leaves open is taken from existing rows: those that satisfy most of its conditions are drawn from, and
    the cells that do not satisfy them are replaced by values that do.

    Parameters
    ----------
    frame
        [N, C] typed rows, N >= 1.
    wanted
        Rules and how many rows of each.
    eligible
        [N]; rows that are drawn from, such as those that the population speaks about; all where there is none.
    generator
        Draws the rows.
    """
    frame = _with_levels(frame, [rule for rule, _ in wanted])
    parts = [frame]
    for rule, count in wanted:
        met = [satisfies(condition, frame[condition.column]) for condition in rule]
        matches = np.sum(met, axis=0) if met else np.zeros(len(frame))
        matches = np.where(eligible | ~eligible.any(), matches, -1)
        nearest = np.flatnonzero(matches == matches.max())
        added = frame.iloc[generator.choice(nearest, size=count)].reset_index(drop=True)
        for condition in rule:
            added[condition.column] = _satisfying(condition, added[condition.column], frame, generator)
        parts.append(added)
    return pd.concat(parts, ignore_index=True)


def _satisfying(
    condition: Condition, values: pd.Series, frame: pd.DataFrame, generator: np.random.Generator
) -> pd.Series:
    """Replace the values that do not satisfy a condition, by existing ones that do where there are any."""
    wrong = ~satisfies(condition, values)
    if not wrong.any():
        return values
    column = frame[condition.column]
    existing = column[satisfies(condition, column)]
    if condition.op != "missing" and len(existing):
        chosen: npt.NDArray[np.object_] = existing.to_numpy(object)[generator.integers(len(existing), size=wrong.sum())]
    else:
        chosen = np.full(int(wrong.sum()), _invented(condition), dtype=object)
    replaced = values.astype(object).to_numpy(copy=True)
    replaced[wrong] = chosen
    return pd.Series(replaced, index=values.index).astype(values.dtype)


def _with_levels(frame: pd.DataFrame, rules: Sequence[Rule]) -> pd.DataFrame:
    """Let columns take levels that a rule names and no row has (a population's)."""
    changed: dict[str, pd.Series] = {}
    for condition in (condition for rule in rules for condition in rule if condition.op == "in"):
        values = changed.get(condition.column, frame[condition.column])
        if isinstance(values.dtype, pd.CategoricalDtype):
            new = [level for level in condition.value if level not in values.cat.categories]
            changed[condition.column] = values.cat.add_categories(new)
    return frame.assign(**changed)


def _invented(condition: Condition) -> object:
    if condition.op == "missing":
        return None
    if condition.op == "in":
        return condition.value[0]
    low, high = condition.value
    if isinstance(low, str) or isinstance(high, str):
        return pd.Timestamp(low) if low is not None else pd.Timestamp(high) - pd.Timedelta(1, "D")
    if low is not None:
        return low
    return np.nextafter(high, -np.inf) if high is not None else 0.0
