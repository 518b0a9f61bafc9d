"""What all results are made of: intervals, figures with an interval, and arrays of numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.integer]


@dataclass(frozen=True)
class Interval:
    """A confidence interval; `None` bounds are open."""

    low: float | None
    high: float | None
    level: float

    def __post_init__(self) -> None:
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"interval must have low <= high, found [{self.low}, {self.high}]")

    @property
    def bounds(self) -> list[float | None]:
        """Both ends as plain numbers, for the evidence of a finding."""
        return [self.low, self.high]


@dataclass(frozen=True)
class Measure:
    """A figure with its interval, and over how many it was taken; `expected` is what an ideal model would give."""

    value: float
    ci: Interval
    n: int
    expected: float | None = None


def require_one_of(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Check a field that holds one of a few words.

    Raises
    ------
    ValueError
        Where it holds another.
    """
    if value not in choices:
        raise ValueError(f"{name} must be one of {choices}, found {value!r}")
