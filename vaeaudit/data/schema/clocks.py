"""Parts of a clock as numbers, wherever the clock stands: alone, or behind a day."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc


def part(texts: pa.Array) -> npt.NDArray[np.float64]:
    """Read the digits of one part of a clock [U]; a part that is not there is 0."""
    usable = pc.if_else(pc.fill_null(pc.equal(texts, ""), True), "0", texts)
    return np.asarray(pc.cast(usable, pa.float64()).to_numpy(zero_copy_only=False))


def of_the_day(hours: npt.NDArray[np.float64], half: pa.Array) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Return hours after midnight [U], and whether AM or PM, empty or null where there is none, says so."""
    half = pc.utf8_lower(pc.fill_null(half, ""))
    late, early = (np.asarray(pc.starts_with(half, letter)) for letter in "pa")
    after = np.where(late & (hours < 12), hours + 12, np.where(early & (hours == 12), 0, hours))
    return after, late | early
