"""What all results are made of: shares and counts, arrays of them, intervals, and figures with an interval.

The JSON Schema of `report.json` is generated from the annotations of the results: ranges of numbers are told in the
vocabulary of `annotated_types`, fixed words as `Literal` or `StrEnum`, arrays by `InJson`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from annotated_types import Ge, Le


@dataclass(frozen=True)
class InJson:
    """What a value is in JSON where its type in Python does not tell; no more than a note for the JSON Schema."""

    type: Any

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], Any]) -> Any:
        """Describe `type` instead of `source`: asked by pydantic, which makes the schema and is not needed to audit."""
        return handler(self.type)


Share = Annotated[float, Ge(0), Le(1)]
NonNegative = Annotated[float, Ge(0)]
Count = Annotated[int, Ge(0)]
FloatArray = Annotated[npt.NDArray[np.floating], InJson(tuple[float, ...])]
ShareArray = Annotated[npt.NDArray[np.floating], InJson(tuple[Share, ...])]
CountArray = Annotated[npt.NDArray[np.integer], InJson(tuple[Count, ...])]


def finite(value: float) -> float | None:
    """Return a number as plain Python, None where there is none: NaN or an open end."""
    return float(value) if np.isfinite(value) else None


@dataclass(frozen=True)
class Interval:
    """A confidence interval; `None` bounds are open."""

    low: float | None
    high: float | None
    level: Share

    def __post_init__(self) -> None:
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"interval must have low <= high, found [{self.low}, {self.high}]")

    @property
    def bounds(self) -> list[float | None]:
        """Both ends as plain numbers, for the evidence of a finding."""
        return [self.low, self.high]


def united(first: Interval, second: Interval) -> Interval:
    """Return the interval that holds two with both bounds."""
    bounds = np.array([first.bounds, second.bounds], dtype=np.float64)
    return Interval(float(bounds[:, 0].min()), float(bounds[:, 1].max()), first.level)


@dataclass(frozen=True)
class Measure:
    """A figure with its interval, and over how many it was taken; `expected` is what an ideal model would give."""

    value: float
    ci: Interval
    n: Count
    expected: float | None = None
