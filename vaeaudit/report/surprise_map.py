"""Where a picture departs from what the model expects, as colours over the dimmed picture."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

PixelArray = npt.NDArray[np.uint8]

#: From "as expected" to "departs most". Lightness rises from stop to stop, so that the order survives in grey and for
#: readers with colour-vision deficiencies; hue runs from blue over red to yellow, which all of them tell apart.
STOPS = ("#0d1033", "#4b1d78", "#9c2a7c", "#df4c4d", "#fb9a2f", "#fdf3a5")
#: Brightness left to the picture underneath.
_DIMMED = 0.55


def colours(values: PixelArray) -> PixelArray:
    """Return the colour [..., 3] of each value [...], 0 to 255."""
    stops = np.array([[int(stop[at : at + 2], 16) for at in (1, 3, 5)] for stop in STOPS], dtype=np.float64)
    places = np.linspace(0, 255, len(stops))
    table = np.stack([np.interp(np.arange(256), places, stops[:, channel]) for channel in range(3)], axis=1)
    return np.asarray(table.round().astype(np.uint8)[values])


def drawn_over(originals: PixelArray, surprise: PixelArray) -> PixelArray:
    """Draw where pictures depart from what is expected: the more, the brighter and the less of the picture shows.

    Parameters
    ----------
    originals
        [R, H, W, 1 or 3].
    surprise
        [R, H, W]; 0 is usual, 255 the top of the scale.

    Returns
    -------
    PixelArray
        [R, H, W, 3].
    """
    grey = _DIMMED * originals.mean(axis=3, keepdims=True)
    opacity = (surprise / 255.0)[..., None] ** 0.5
    mixed = (1 - opacity) * grey + opacity * colours(surprise)
    return np.asarray(mixed.round().astype(np.uint8))


def gradient() -> str:
    """Return the colours as a CSS gradient, for the legend."""
    return f"linear-gradient(to right, {', '.join(STOPS)})"
