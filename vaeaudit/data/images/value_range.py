"""Which values stand for black and for white in pictures that do not say it: arrays, and files of more than 8 bits."""

from __future__ import annotations

from dataclasses import dataclass

#: Rounding of float16 and float32 takes values a little beyond the ends of their range.
TOLERANCE = 1e-3
#: Where no picture is brighter than this, 255 is not what stands for white.
LEAST_OF_BYTES = 64
#: Pictures of another data set may reach this part of the range beyond it before they count as on another scale.
_BEYOND = 0.5


@dataclass(frozen=True)
class ValueRange:
    """The values that stand for black and for white; `note` says why these."""

    black: float
    white: float
    note: str


def usual_range(low: float, high: float) -> ValueRange:
    """Find the range of values from `low` to `high`: [0, 255], [0, 1] or [-1, 1] where they fit, else their own.

    Values that stay below 64 are not read as bytes: pictures of 16 grey levels would all be nearly black.
    """
    if low > high:
        return ValueRange(0.0, 1.0, "no value is finite")
    found = f"values {low:g} to {high:g}"
    if low >= -TOLERANCE and high <= 1 + TOLERANCE:
        return ValueRange(0.0, 1.0, f"{found}: 0 is read as black, 1 as white")
    if low >= -1 - TOLERANCE and high <= 1 + TOLERANCE:
        return ValueRange(-1.0, 1.0, f"{found}: -1 is read as black, 1 as white")
    if low >= -TOLERANCE and LEAST_OF_BYTES <= high <= 255 + TOLERANCE:
        return ValueRange(0.0, 255.0, f"{found}: 0 is read as black, 255 as white")
    white = high if high > low else low + 1
    return ValueRange(low, white, f"{found}: the lowest is read as black, the highest as white, over all pictures")


def lies_far_beyond(low: float, high: float, black: float, white: float) -> bool:
    """Whether values from `low` to `high` must be written on another scale than that of `black` and `white`."""
    return low <= high and max(black - low, high - white) > _BEYOND * (white - black)
