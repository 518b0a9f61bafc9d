"""What energy patches of pictures and of their residuals usually have; see `vaeaudit.models.image.scores`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from vaeaudit.outputs.record import Array, FloatArray, Record

#: (pixels averaged, side of the patch after that), by rising footprint: fine texture to coarse shape.
SCALES = ((1, 5), (1, 9), (2, 5), (4, 3))


@dataclass(frozen=True)
class PatchScale(Record):
    """Whitening of k x k patches after averaging `factor` x `factor` pixels.

    Attributes
    ----------
    factor
        Pixels averaged along each side.
    filters, bias
        [k, k, 1, k * k] and [k * k]; a convolution with them gives the whitened coordinates of each patch, its mean
        subtracted.
    centre, spread
        Median of the log energy of patches (the mean square of the whitened coordinates, over all channels), and its
        robust standard deviation: 1.4826 times the median distance from it.
    """

    factor: Annotated[int, Array("", "whole numbers", least=1)]
    filters: Annotated[FloatArray, Array("k k 1 k*k")]
    bias: Annotated[FloatArray, Array("k*k")]
    centre: Annotated[float, Array("")]
    spread: Annotated[float, Array("", above=0)]

    @property
    def side(self) -> int:
        """K."""
        return int(self.filters.shape[0])


@dataclass(frozen=True)
class PatchScales(Record):
    """The scales of residuals and of pictures.

    Attributes
    ----------
    residual, image
        By rising footprint, the same for both; none where pictures are too small for any.
    """

    PREFIX: ClassVar[str] = "patch_"

    residual: tuple[PatchScale, ...]
    image: tuple[PatchScale, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        shapes = [[(scale.factor, scale.side) for scale in of] for of in (self.residual, self.image)]
        if shapes[0] != shapes[1] or len(shapes[0]) > len(SCALES):
            raise ValueError(f"residual and image must have the same scales, found {shapes[0]} and {shapes[1]}")

    @property
    def n_statistics(self) -> int:
        """K + 2: what `vaeaudit.models.image.scores.image_statistics` returns per picture."""
        return 1 + len(self.residual) + len(self.image) + 2


def usable_scales(height: int, width: int) -> tuple[tuple[int, int], ...]:
    """Return the scales of which at least two patches fit along each side of a picture.

    Parameters
    ----------
    height, width
        Of the pictures.

    Examples
    --------
    >>> usable_scales(8, 8)
    ((1, 5),)
    """
    smallest = min(height, width)
    return tuple((f, k) for f, k in SCALES if smallest // f > k) or ((1, min(3, smallest)),)
