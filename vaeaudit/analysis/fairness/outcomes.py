"""What is compared between groups of a label: which rows have the outcome, and whether it is good for the person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from vaeaudit.data.schema.columns import Column, Kind
from vaeaudit.data.tables.cells import value_text
from vaeaudit.errors import UsageError
from vaeaudit.outputs.record import BoolArray
from vaeaudit.wording.phrases import listed
from vaeaudit.wording.rules import bound_text

#: A label of more levels is compared on its most frequent ones.
MAX_OUTCOMES = 5


@dataclass(frozen=True)
class Outcome:
    """What some rows have: in words, which of them [N], and whether it is good; None where nobody said."""

    name: str
    has: BoolArray
    favourable: bool | None = None


def outcomes_of(
    values: pd.Series, label: Column, notes: list[str], favourable: tuple[str, ...] = ()
) -> tuple[Outcome, ...]:
    """Return what is compared of a label.

    What was said to be `favourable`: one of some levels, or a number from a bound on. Otherwise of a label with two
    levels the rarer one, of one with more each of the first `MAX_OUTCOMES`, of a number being above its median.

    Parameters
    ----------
    values
        [N], stored as `Dataset.frame` is.
    label
        Its column.
    notes
        Hear why there is nothing, or not all.
    favourable
        See `AnalysisConfig.favourable`.

    Raises
    ------
    UsageError
        Where the label cannot have what is said to be favourable.
    """
    if favourable:
        return (_favourable(values, label, favourable),)
    if label.kind.is_levelled:
        return _of_levels(values, label, notes)
    if label.kind.is_numeric or label.kind is Kind.DATETIME:
        middle = values.median()
        above = np.asarray(values > middle)
        if not above.any():
            notes.append(f"{label.name} has no value above its median: there are no rates to compare.")
            return ()
        shown = bound_text(float(middle)) if label.kind.is_numeric else str(middle)
        return (Outcome(f"{label.name} > {shown} (median)", above),)
    notes.append(f"{label.name} is {label.kind.value}: there are no rates to compare.")
    return ()


def _of_levels(values: pd.Series, label: Column, notes: list[str]) -> tuple[Outcome, ...]:
    counts = values.value_counts(sort=False).reindex(list(label.levels), fill_value=0)
    present = counts[counts > 0].sort_values(ascending=False, kind="stable").index.tolist()
    if len(present) < 2:
        notes.append(f"{label.name} has {len(present)} value(s) among these rows: there are no rates to compare.")
        return ()
    chosen = [present[-1]] if len(present) == 2 else present[:MAX_OUTCOMES]
    if len(present) > MAX_OUTCOMES:
        notes.append(f"{label.name} has {len(present)} levels; rates are compared for the first {MAX_OUTCOMES}.")
    return tuple(Outcome(f"{label.name} = {level}", np.asarray(values == level)) for level in chosen)


def _favourable(values: pd.Series, label: Column, favourable: tuple[str, ...]) -> Outcome:
    option = f"--favourable {favourable[0]}"
    if label.kind.is_numeric:
        try:
            (bound,) = map(float, favourable)
        except ValueError as error:
            raise UsageError(f"{option}: {label.name} holds numbers: give one, from which on it is good.") from error
        has, name = np.asarray(values >= bound), f"{label.name} >= {bound_text(bound)}"
    else:
        known = label.levels or tuple(sorted(map(value_text, values.dropna().unique())))
        strange = [level for level in favourable if level not in known]
        if strange:
            raise UsageError(
                f"--favourable {strange[0]}: {label.name} has no such value.", hint=f"It has {listed(known, most=9)}."
            )
        has = np.asarray(values.astype(object).map(value_text, na_action="ignore").isin(favourable))
        name = f"{label.name} = {listed(favourable, most=9, last='or')}"
    if has.all() or not has.any():
        raise UsageError(f"{option}: {'all' if has.all() else 'no'} rows of {label.name} are so: nothing to compare.")
    return Outcome(name, has, favourable=True)
