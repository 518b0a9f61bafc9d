"""What is wished of generated rows: conditions on columns, ranges of latents, and whether they can be met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from vaeaudit.config import LatentSource
from vaeaudit.data.schema.columns import Column, Kind, Schema
from vaeaudit.errors import UsageError
from vaeaudit.outputs.region_rules import Condition, RegionRule, Rule, latent_of
from vaeaudit.statistics.measures import Count


@dataclass(frozen=True)
class LatentRange:
    """The latent of this number is to lie from `low` to `high`; equal where it is fixed."""

    latent: Count
    low: float | None
    high: float | None

    @property
    def bounds(self) -> tuple[float, float]:
        """Both ends, infinite where open."""
        return -np.inf if self.low is None else self.low, np.inf if self.high is None else self.high


@dataclass(frozen=True)
class Wish:
    """What was asked for.

    Attributes
    ----------
    rows, seed
        How many, and the seed of all that is drawn.
    source
        Where z is drawn from.
    region
        Id of a region of the report, or None.
    conditions
        On columns; all hold together, those of the region among them.
    latents
        Ranges of latents, those of the region among them.
    like
        Id of the row whose posterior z is drawn from, or None.
    """

    rows: Count
    seed: Count
    source: LatentSource
    region: str | None
    conditions: Rule
    latents: tuple[LatentRange, ...]
    like: str | None

    @property
    def is_free(self) -> bool:
        """Whether any row of the model will do."""
        return not self.conditions and not self.latents and self.like is None

    @property
    def box(self) -> dict[int, tuple[float, float]]:
        """Latent -> the range that all that is asked of it leaves."""
        found: dict[int, tuple[float, float]] = {}
        for entry in self.latents:
            low, high = found.get(entry.latent, (-np.inf, np.inf))
            found[entry.latent] = (max(low, entry.bounds[0]), min(high, entry.bounds[1]))
        return found


def conditions_of(given: Mapping[str, Any], schema: Schema) -> Rule:
    """Return conditions on columns.

    Parameters
    ----------
    given
        Column -> a level, a number or a date; a text `low..high` or a pair for a range [low, high); a list of levels;
        None or an empty text for a missing cell.
    schema
        The columns.

    Raises
    ------
    UsageError
        Where there is no such column or level, or a value cannot be read.
    """
    return tuple(_condition(schema.require(name, option="--condition"), value) for name, value in given.items())


def _condition(column: Column, value: Any) -> Condition:
    if value is None or (isinstance(value, str) and not value.strip()):
        return Condition(column.name, "missing", None)
    if column.kind.is_levelled:
        levels = [str(entry) for entry in (value if isinstance(value, list | tuple) else [value])]
        folded = {level.casefold(): level for level in reversed(column.levels)}
        levels = [level if level in column.levels else folded.get(level.casefold(), level) for level in levels]
        unknown = [level for level in levels if level not in column.levels]
        if unknown:
            few = ", ".join(column.levels[:8]) + (", …" if len(column.levels) > 8 else "")
            raise UsageError(f"--condition {column.name}={unknown[0]}: there is no such level.", hint=f"It has: {few}")
        return Condition(column.name, "in", levels)
    if not (column.kind.is_numeric or column.kind is Kind.DATETIME):
        raise UsageError(f"--condition {column.name}: the model knows no {column.kind.value} column.")
    low, high = _bounds(column, value)
    if low is not None and high is not None and not low < high:
        raise UsageError(f"--condition {column.name}={value}: expected a range that rises, such as 20..30.")
    return Condition(column.name, "between", [low, high])


def _bounds(column: Column, value: Any) -> tuple[Any, Any]:
    if isinstance(value, list | tuple) and len(value) == 2:
        return _bound(column, value[0]), _bound(column, value[1])
    low, dots, high = str(value).partition("..")
    if dots:
        return _bound(column, low), _bound(column, high)
    bound = _bound(column, value)
    if column.kind is Kind.DATETIME:
        return bound, str(pd.Timestamp(bound) + pd.Timedelta(days=1))
    return bound, float(np.nextafter(float(bound), np.inf))


def _bound(column: Column, value: Any) -> Any:
    if value is None or value == "":
        return None
    try:
        if column.kind is Kind.DATETIME:
            return str(pd.Timestamp(value))
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not np.isfinite(number):
        what = "a date" if column.kind is Kind.DATETIME else "a number"
        raise UsageError(f"--condition {column.name}={value}: expected {what}, or a range such as low..high.")
    return number


def ranges_of(given: Mapping[int, Any], n_latents: int) -> tuple[LatentRange, ...]:
    """Return ranges of latents.

    Parameters
    ----------
    given
        Number of a latent -> a pair of bounds, None for an open one, or one place.
    n_latents
        L.

    Raises
    ------
    UsageError
        Where there is no such latent, or a range is none.
    """
    found = []
    for latent, value in given.items():
        if not 0 <= int(latent) < n_latents:
            raise UsageError(f"--latent {latent}: the model has the latents 0 to {n_latents - 1}.")
        low, high = value if isinstance(value, list | tuple) else (value, value)
        entry = LatentRange(int(latent), None if low is None else float(low), None if high is None else float(high))
        if not entry.bounds[0] <= entry.bounds[1]:
            raise UsageError(f"--latent {latent}: expected a range that rises, such as {latent}=-2..2.")
        found.append(entry)
    return tuple(found)


def region_called(name: str, regions: Sequence[RegionRule]) -> RegionRule:
    """Return the region of this id.

    Raises
    ------
    UsageError
        Where the run has none of this id.
    """
    for region in regions:
        if region.id == name:
            return region
    known = ", ".join(region.id for region in regions[:6]) or "none"
    raise UsageError(f"--region {name}: there is no such region.", hint=f"The run's regions are: {known}")


def parted(rule: Rule, schema: Schema, n_latents: int) -> tuple[Rule, tuple[LatentRange, ...]]:
    """Return the conditions of a region on columns, and those on latents, which are meant where no column is called so.

    Parameters
    ----------
    rule, schema, n_latents
        The region's; the columns; L.
    """
    columns, ranges = [], []
    for condition in rule:
        latent = None if condition.column in schema else latent_of(condition.column, n_latents)
        if latent is None:
            columns.append(condition)
        else:
            ranges.append(LatentRange(latent, *condition.value))
    return tuple(columns), tuple(ranges)


def require_known(rule: Rule, schema: Schema, known: Sequence[str], option: str) -> None:
    """Raise UsageError where a condition is on a column that the model neither makes nor is given.

    Parameters
    ----------
    rule, schema
        Conditions, and all columns.
    known
        Names of the columns that generated rows have.
    option
        What asked for it, for the message.
    """
    for condition in rule:
        if condition.column not in known:
            column = schema[condition.column]
            hint = (
                f"Let it in: `vaeaudit fit … --include {column.name}`, or `--condition {column.name}`."
                if column.kind.can_be_modelled
                else None
            )
            raise UsageError(f"{option}: the model does not know the column {column.name!r}.", hint=hint)
