"""Conditions on columns, and the rules of regions made of them, as a run keeps them, apart from how they were found."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, Literal, Protocol, get_args

import numpy as np
import pandas as pd
from annotated_types import Len
from pydantic_core.core_schema import no_info_after_validator_function

Op = Literal["in", "between", "missing"]


@dataclass(frozen=True)
class Condition:
    """One condition of a rule.

    `op` is `in` (value: list of str), `between` (value: [low, high), None = open) or `missing` (value: None).
    """

    column: str
    op: Op
    value: Any

    def __post_init__(self) -> None:
        if self.op not in get_args(Op):
            raise ValueError(f"op must be one of {get_args(Op)}, found {self.op!r}")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Callable[[Any], Any]) -> Any:
        """Tell which `value` goes with which `op`: files are held to it, and the JSON Schema says it."""
        written = handler(InCondition | BetweenCondition | MissingCondition)
        return no_info_after_validator_function(_condition, written)


@dataclass(frozen=True)
class InCondition:
    """One of these levels."""

    column: str
    op: Literal["in"]
    value: Annotated[list[str], Len(1)]


@dataclass(frozen=True)
class BetweenCondition:
    """[low, high); null is open, text is a date-time (ISO 8601)."""

    column: str
    op: Literal["between"]
    value: tuple[float | str | None, float | str | None]

    def __post_init__(self) -> None:
        for bound in self.value:
            if isinstance(bound, str):
                pd.Timestamp(bound)  # raises ValueError where it is no date


@dataclass(frozen=True)
class MissingCondition:
    """No value."""

    column: str
    op: Literal["missing"]
    value: None


def _condition(written: InCondition | BetweenCondition | MissingCondition) -> Condition:
    value = written.value
    return Condition(written.column, written.op, list(value) if isinstance(value, tuple) else value)


#: Conditions that hold together.
Rule = tuple[Condition, ...]


#: What `with_named_latents`, and `rows.parquet`, call latent 3: z_3.
_LATENT = re.compile(r"^z_(0|[1-9][0-9]{0,5})$")


class Ruled(Protocol):
    """A region, as far as rows are placed in it."""

    @property
    def id(self) -> str:
        """See `region_id`."""

    @property
    def baseline(self) -> str:
        """Against what it is short."""

    @property
    def rule(self) -> Rule:
        """Conditions that hold together."""


@dataclass(frozen=True)
class RegionRule:
    """What places rows in a region.

    Attributes
    ----------
    id, baseline, rule
        As in `Region`.
    """

    id: str
    baseline: str
    rule: Rule


def latent_of(name: str, n_latents: int) -> int | None:
    """Return which latent `z_3` means, or None where it means none."""
    matched = _LATENT.match(name)
    return int(matched[1]) if matched and int(matched[1]) < n_latents else None


def region_key(region: Ruled) -> str:
    """Name a region by what it is, so that another search finds its pictures again; see `region_id`."""
    return _key(region.baseline, region.rule)


def region_id(baseline: str, rule: Rule) -> str:
    """Return `R` and eight digits that are the same for the same region in every run, report and command.

    Parameters
    ----------
    baseline, rule
        What the region is; its rank and its counts change with flags and settings, and take no part.
    """
    return f"R{sha256(_key(baseline, rule).encode('utf-8', errors='surrogatepass')).hexdigest()[:8]}"


def _key(baseline: str, rule: Rule) -> str:
    """Return JSON with sorted keys, conditions in the order of their columns; whole numbers without a point."""
    conditions = [
        {"column": condition.column, "op": condition.op, "value": _canonical(condition.op, condition.value)}
        for condition in rule
    ]
    conditions.sort(key=lambda condition: json.dumps(condition, sort_keys=True))
    return json.dumps(
        {"baseline": baseline, "rule": conditions}, sort_keys=True, ensure_ascii=False, separators=(",", ":")
    )


def _canonical(op: str, value: object) -> object:
    """Write equal conditions equally: levels are a set, 3.0 is 3."""
    if not isinstance(value, list | tuple):
        return value
    plain = [_plain_bound(entry) for entry in value]
    return sorted(plain, key=str) if op == "in" else plain


def _plain_bound(entry: object) -> object:
    entry = entry.item() if isinstance(entry, np.generic) else entry
    return int(entry) if isinstance(entry, float) and entry.is_integer() else entry


# --- as JSON --------------------------------------------------------------------------------------------------------


def regions_to_dict(regions: Sequence[Ruled]) -> dict[str, Any]:
    """Return rules in the order of rank, as plain JSON types.

    Parameters
    ----------
    regions
        By rank.
    """
    listed = [
        {
            "id": region.id,
            "baseline": region.baseline,
            "rule": [{"column": c.column, "op": c.op, "value": _plain(c.value)} for c in region.rule],
        }
        for region in regions
    ]
    return {"format": 1, "regions": listed}


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str):
        return value
    return float(value)
