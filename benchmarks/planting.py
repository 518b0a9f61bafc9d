"""Planted gaps: rules drawn at random, their rows deleted, and what was found held against what was planted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Mask = npt.NDArray[np.bool_]

#: Share of a rule's rows that is deleted, and of all rows that the rule may hold for.
DELETED = 0.9
SMALLEST, LARGEST = 0.02, 0.10
#: Regions that count, and the least agreement at which one of them is the planted rule.
FIRST = 5
LEAST_F1 = 0.5
#: A number of more distinct values is cut at two of them; of any other column one value is taken.
_DISTINCT = 15


@dataclass(frozen=True)
class Planted:
    """A rule over two columns: in words, and the rows [N] of the complete table that it holds for."""

    rule: str
    rows: Mask

    def kept(self, rng: np.random.Generator) -> Mask:
        """[N]; the rows that stay: all that the rule does not hold for, and a tenth of the others."""
        return ~(self.rows & (rng.random(self.rows.size) < DELETED))


def plant(frame: pd.DataFrame, columns: Sequence[str], rng: np.random.Generator) -> Planted:
    """Draw two columns and a condition on each, until the rule holds for 2 to 10 % of the rows."""
    while True:
        first, second = rng.choice(np.array(columns, dtype=object), 2, replace=False)
        (one, left), (two, right) = (_condition(frame[name], rng) for name in (first, second))
        rows = left & right
        if SMALLEST <= rows.mean() <= LARGEST:
            return Planted(f"{first} {one} and {second} {two}", rows)


def _condition(values: pd.Series, rng: np.random.Generator) -> tuple[str, Mask]:
    known = values.dropna()
    if pd.api.types.is_numeric_dtype(values) and known.nunique() > _DISTINCT:
        width = rng.uniform(0.1, 0.6)
        start = rng.uniform(0, 1 - width)
        low, high = np.quantile(known, [start, start + width], method="nearest")
        return f"from {low:g} to below {high:g}", ((values >= low) & (values < high)).to_numpy(bool)
    value = rng.choice(known.unique())
    return f"is {value}", (values == value).to_numpy(bool)


def rows_of(rule: Sequence[Mapping[str, Any]], frame: pd.DataFrame) -> Mask:
    """Apply a rule of report.json to a table [N], as anybody with pandas would."""
    inside = np.ones(len(frame), dtype=bool)
    for condition in rule:
        values, op, value = frame[condition["column"]], condition["op"], condition["value"]
        if op == "missing":
            inside &= values.isna().to_numpy()
        elif op == "in":
            inside &= values.astype(str).isin([str(level) for level in value]).to_numpy()
        else:
            inside &= values.notna().to_numpy()
            if any(isinstance(edge, str) for edge in value):
                values, value = pd.to_datetime(values), [edge and pd.Timestamp(edge) for edge in value]
            low, high = value
            if low is not None:
                inside &= ~(values < low).to_numpy()
            if high is not None:
                inside &= ~(values >= high).to_numpy()
    return inside


def f1(found: Mask, planted: Mask) -> float:
    """Harmonic mean of precision and recall of the rows found [N]."""
    both = int((found & planted).sum())
    return 2 * both / max(int(found.sum()) + int(planted.sum()), 1)


def rank_of(found: Sequence[Mask], planted: Mask) -> tuple[int | None, float]:
    """Return the place, from 1 on, of the first of the first five regions that is the planted one, and the best F1."""
    scores = [f1(rows, planted) for rows in found[:FIRST]]
    places = [place for place, score in enumerate(scores, start=1) if score >= LEAST_F1]
    return (places[0] if places else None), max(scores, default=0.0)


def summary(tried: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Sum up audits that each carry `rank` and `f1`: share found, median rank of those found, mean F1."""
    ranks = [entry["rank"] for entry in tried if entry["rank"] is not None]
    return {
        "audits": len(tried),
        "found": len(ranks),
        "share found": round(len(ranks) / max(len(tried), 1), 3),
        "median rank": float(np.median(ranks)) if ranks else "-",
        "mean F1": round(float(np.mean([entry["f1"] for entry in tried])), 3),
    }
