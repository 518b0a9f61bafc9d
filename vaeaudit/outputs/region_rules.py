"""Rules of regions, as a run keeps them: what places rows, apart from how it was found. Strict JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

import numpy as np
import pandas as pd

from vaeaudit.errors import RunError
from vaeaudit.outputs.conditions import Condition, Op, Rule

#: What `with_named_latents`, and `rows.parquet`, call latent 3: z_3.
_LATENT = re.compile(r"^z_(0|[1-9][0-9]{0,5})$")
_FORMAT = 1


class Ruled(Protocol):
    """A region, as far as rows are placed in it."""

    @property
    def id(self) -> str:
        """`R1`, `R2`, … by rank."""
        ...

    @property
    def baseline(self) -> str:
        """Against what it is short."""
        ...

    @property
    def rule(self) -> Rule:
        """Conditions that hold together."""
        ...


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
    """Name a region by what it is, baseline and rule, so that another search finds its pictures again.

    Its id only ranks it, and its counts change with the flags; neither takes part.

    Parameters
    ----------
    region
        Of any search.

    Returns
    -------
    str
        JSON with sorted keys, conditions in the order of their columns; whole numbers are written without a point.
    """
    conditions = [
        {"column": condition.column, "op": condition.op, "value": _canonical(condition.op, condition.value)}
        for condition in region.rule
    ]
    conditions.sort(key=lambda condition: json.dumps(condition, sort_keys=True))
    return json.dumps(
        {"baseline": region.baseline, "rule": conditions}, sort_keys=True, ensure_ascii=False, separators=(",", ":")
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
    return {"format": _FORMAT, "regions": listed}


def regions_from_dict(document: Mapping[str, Any]) -> tuple[RegionRule, ...]:
    """Rebuild the rules from `regions_to_dict`.

    Parameters
    ----------
    document
        As read from a run.

    Raises
    ------
    RunError
        Where it is no list of rules.
    """
    if document.get("format") != _FORMAT:
        raise RunError(f"regions: expected format {_FORMAT}, found {document.get('format')!r}.")
    try:
        regions = tuple(
            RegionRule(_text(entry["id"]), _text(entry["baseline"]), tuple(map(_condition, entry["rule"])))
            for entry in document["regions"]
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(f"regions: expected id, baseline and rule of each region ({error}).") from error
    if len({region.id for region in regions}) != len(regions):
        raise RunError("regions: an id occurs twice.")
    return regions


def _condition(entry: Mapping[str, Any]) -> Condition:
    column, op, value = _text(entry["column"]), entry["op"], entry["value"]
    if op == "in" and not (isinstance(value, list) and all(isinstance(level, str) for level in value)):
        raise ValueError(f"{column}: `in` takes a list of levels, found {value!r}")
    if op == "between" and not (isinstance(value, list) and len(value) == 2 and all(map(_is_bound, value))):
        raise ValueError(f"{column}: `between` takes two bounds, found {value!r}")
    if op not in ("in", "between", "missing"):
        raise ValueError(f"{column}: {op!r} is none of in, between, missing")
    if op == "missing" and value is not None:
        raise ValueError(f"{column}: `missing` takes no value, found {value!r}")
    return Condition(column, cast(Op, op), value)  # which raises ValueError for any other word


def _is_bound(value: Any) -> bool:
    if isinstance(value, str):
        pd.Timestamp(value)  # raises ValueError where it is no date
        return True
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value))


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str):
        return value
    return float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, found {value!r}")
    return value
