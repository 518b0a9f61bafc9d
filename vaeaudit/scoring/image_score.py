"""One outlier score, p-value and flag per picture, from the statistics that the model leaves (NumPy only).

A picture's energies (`vaeaudit.models.image.scores`) grow with its complexity, whether or not it belongs: busy pictures
are reproduced worse than plain ones (Nalisnick 2019; Ren 2019). So each energy is compared with what pictures of the
same complexity usually have, by Huber's robust regression (1964), which a few per cent of outliers hardly move.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.outputs.record import Array, FloatArray, Record
from vaeaudit.outputs.row_scores import RowScores
from vaeaudit.scoring.rarity.rareness import Rareness
from vaeaudit.scoring.table_score import row_scores
from vaeaudit.statistics.calibration import bulk_p_values

IMAGE_DEFINITION = (
    "How far a picture exceeds what is usual for pictures of its complexity, in robust standard deviations: the soft "
    "maximum over how much of it the model does not reproduce and how unusual its own texture is, each in its worst "
    "patches and at several scales. P-values come from the bulk of all pictures of the run; rows are flagged by "
    "Benjamini-Hochberg over all rows."
)
#: Kind of patch at each scale, in the order of `vaeaudit.models.image.scores.SCALES`.
SCALE_NAMES = ("fine texture", "texture", "small-scale shape", "coarse shape")
#: Columns of the statistics, at the end, that measure complexity.
_COMPLEXITIES = 2
#: Residuals beyond this many spreads count linearly: 95 % efficiency for a normal error (Huber 1964).
_HUBER = 1.345
_ITERATIONS = 30
#: Variance of a measure of complexity below which the regression does not follow it.
_RIDGE = 1e-4
#: Log energies that differ by less than one per cent do not differ.
_SMALLEST_SPREAD = 0.01
#: Robust standard deviations from which on an energy stands out.
_STANDS_OUT = 2.0


@dataclass(frozen=True)
class ComplexityReference(Record):
    """What energies are usual at a complexity.

    Attributes
    ----------
    origin
        [2]; the median complexity.
    coefficients
        [3, K]; usual energies there, and their two slopes.
    centre, spread
        [K]; median of what the regression leaves, and its robust standard deviation.
    """

    PREFIX: ClassVar[str] = "complexity_"

    origin: Annotated[FloatArray, Array("2")]
    coefficients: Annotated[FloatArray, Array("3 K")]
    centre: Annotated[FloatArray, Array("K")]
    spread: Annotated[FloatArray, Array("K", above=0)]


def fit_reference(statistics: FloatArray) -> ComplexityReference:
    """Regress the energies on the complexity by Huber's method, by reweighted least squares.

    Parameters
    ----------
    statistics
        [N, K + 2], N >= 1; see `LatentCodes.image_statistics`. Outliers may be among them.
    """
    statistics = np.asarray(statistics, np.float64)
    if statistics.ndim != 2 or len(statistics) < 1 or statistics.shape[1] <= _COMPLEXITIES:
        raise ValueError(f"statistics must be [N, K + {_COMPLEXITIES}] with N, K >= 1, found {statistics.shape}")
    origin = np.median(statistics[:, -_COMPLEXITIES:], axis=0)
    design, energies = _design(statistics, origin), statistics[:, :-_COMPLEXITIES]
    ridge = _RIDGE * len(design) * np.diag([0.0, *[1.0] * _COMPLEXITIES])
    weight = np.ones_like(energies)
    for _ in range(_ITERATIONS):
        gram = np.einsum("ni,nk,nj->kij", design, weight, design, optimize=True) + ridge
        moment = np.einsum("ni,nk->ki", design, weight * energies)
        coefficients = np.linalg.solve(gram, moment[..., None])[..., 0].T
        error = energies - design @ coefficients
        spread = np.maximum(1.4826 * np.median(np.abs(error), axis=0), _SMALLEST_SPREAD)
        weight = _HUBER * spread / np.maximum(np.abs(error), _HUBER * spread)
    centre = np.median(error, axis=0)
    deviation = 1.4826 * np.median(np.abs(error - centre), axis=0)
    return ComplexityReference(origin, coefficients, centre, np.maximum(deviation, _SMALLEST_SPREAD))


def excess_energies(statistics: FloatArray, reference: ComplexityReference) -> npt.NDArray[np.float64]:
    """Return [N, K]; how far energies exceed what is usual at the complexity, in robust standard deviations.

    Parameters
    ----------
    statistics
        [N, K + 2]; need not be those of the reference.
    reference
        See `fit_reference`.
    """
    statistics = np.asarray(statistics, np.float64)
    usual = _design(statistics, reference.origin) @ reference.coefficients
    return np.asarray((statistics[:, :-_COMPLEXITIES] - usual - reference.centre) / reference.spread)


def image_outlier_score(statistics: FloatArray, reference: ComplexityReference) -> npt.NDArray[np.float64]:
    """Return [N]; soft maximum (log-mean-exp) of the K excess energies, so that one kind of oddity is enough.

    Parameters
    ----------
    statistics, reference
        As in `excess_energies`.
    """
    excess = excess_energies(statistics, reference)
    return np.asarray(logsumexp(excess, axis=1) - np.log(excess.shape[1]))


def aspects(statistics: FloatArray, reference: ComplexityReference) -> list[str]:
    """Say for each picture which of its energies stands out most, in plain words.

    Parameters
    ----------
    statistics, reference
        As in `excess_energies`.
    """
    excess = excess_energies(statistics, reference)
    names = _aspect_names(excess.shape[1])
    return [
        names[which] if most > _STANDS_OUT else "nothing stands out"
        for which, most in zip(excess.argmax(axis=1), excess.max(axis=1), strict=True)
    ]


def score_images(
    codes: LatentCodes,
    reference: ComplexityReference,
    rareness: Rareness,
    *,
    fdr: float,
    null: FloatArray | None = None,
) -> RowScores:
    """Score every picture.

    Compared with all pictures of the run, of which some may not belong. Those that the model was trained on may score a
    little lower for having been learned, but the energies of a picture itself cannot be learned.

    Parameters
    ----------
    codes
        Of the pictures, with `image_statistics`.
    reference
        See `fit_reference`.
    rareness
        Of the pictures the model was trained on.
    fdr
        False-discovery rate of the flags.
    null
        [M]; scores of the run's own pictures; those of `codes` where it is None.
    """
    if codes.image_statistics is None:
        raise ValueError("codes must have image_statistics: these rows are no pictures")
    score = image_outlier_score(codes.image_statistics, reference)
    p_value = bulk_p_values(score, score if null is None else null)
    return row_scores(codes, score, p_value, rareness, fdr=fdr, definition=IMAGE_DEFINITION)


def _design(statistics: FloatArray, origin: FloatArray) -> npt.NDArray[np.float64]:
    return np.column_stack([np.ones(len(statistics)), statistics[:, -_COMPLEXITIES:] - origin])


def _aspect_names(n_energies: int) -> list[str]:
    """Return what each of the K energies is called: the whole residual, its scales, the scales of the picture."""
    scales = SCALE_NAMES[: (n_energies - 1) // 2]
    if n_energies != 1 + 2 * len(scales):
        raise ValueError(f"expected 1 + 2 x scales energies, at most {len(SCALE_NAMES)} scales, found {n_energies}")
    return [
        "the picture as a whole differs from what the model expects",
        *(f"{scale} differs from what the model expects" for scale in scales),
        *(f"{scale} is unusual in itself" for scale in scales),
    ]
