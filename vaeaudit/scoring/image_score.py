"""The outlier score of pictures: five questions, from what is measured on them and what the model leaves (NumPy only).

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
from vaeaudit.outputs.record import Array, BoolArray, FloatArray, Record
from vaeaudit.outputs.row_scores import OF_PICTURES
from vaeaudit.scoring.geometry import Geometry
from vaeaudit.scoring.joined import FLAGGED, JOINED, Joined

IMAGE_DEFINITION = (
    "Surprise in nats, so the higher, the more atypical. Five questions are put to every picture. Two of what can be "
    "measured on it, its light, colour, sharpness and place, and of how well the beta-VAE reproduces it and how "
    "unusual its texture is at several scales: in an isolation forest (Liu 2008), and by its distance under a robust "
    "covariance (Rousseeuw 1999). The same two of where it lies among the latents of the beta-VAE. And how far its "
    "worst patches exceed what is usual for pictures of its complexity, since a local defect moves nothing else. "
    f"{JOINED} {FLAGGED}"
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
#: What is said of a picture of which no energy stands out.
NOTHING = "nothing stands out"
#: Spread of a measure, in parts of its mean, below which it does not vary.
_LEAST_SCALE = 1e-6
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


def worst_patches(statistics: FloatArray, reference: ComplexityReference) -> npt.NDArray[np.float64]:
    """Return [N]; soft maximum (log-mean-exp) of the K excess energies, so that one kind of oddity is enough.

    Parameters
    ----------
    statistics, reference
        As in `excess_energies`.
    """
    excess = excess_energies(statistics, reference)
    return np.asarray(logsumexp(excess, axis=1) - np.log(excess.shape[1]))


@dataclass(frozen=True)
class PictureScore(Record):
    """What the outlier score of pictures compares them with.

    Attributes
    ----------
    complexity
        What energies are usual at a complexity.
    location, scale
        [F]; of what is measured on a picture: V columns computed from it, then its K + 2 statistics.
    measures, latents
        Pictures that others are compared with, by what is measured on them and by their A active latents.
    active
        [L]; which latents these are.
    joined
        What the questions found of the run's own pictures.
    """

    #: What the score is, in words.
    definition: ClassVar[str] = IMAGE_DEFINITION

    complexity: ComplexityReference
    location: Annotated[FloatArray, Array("F")]
    scale: Annotated[FloatArray, Array("F", above=0)]
    measures: Geometry
    latents: Geometry
    active: Annotated[BoolArray, Array("L", "true or false")]
    joined: Joined

    def __post_init__(self) -> None:
        super().__post_init__()
        n_energies = self.complexity.letters["K"]
        n_features, n_active = len(self.location), int(self.active.sum())
        if not n_energies + _COMPLEXITIES <= n_features == self.measures.letters["F"]:
            raise ValueError(f"measures must be of {n_features} features, {n_energies} energies among them")
        if self.latents.letters["F"] != n_active or self.joined.letters["Q"] != len(OF_PICTURES):
            raise ValueError(f"expected {n_active} latents and {len(OF_PICTURES)} questions")

    @classmethod
    def of(cls, measured: FloatArray, codes: LatentCodes, *, seed: int) -> PictureScore:
        """Learn what is usual among the run's own pictures, of which some need not belong.

        Parameters
        ----------
        measured
            [N, V]; columns computed from the pictures, NaN where there is nothing to measure.
        codes
            Of the pictures, with `image_statistics`.
        seed
            Of the rows that others are compared with, and of the trees.
        """
        features = _features(measured, codes)
        known = np.ma.masked_invalid(features)
        location, scale = (np.ma.filled(of(axis=0), 0.0) for of in (known.mean, known.std))
        scale = np.where(scale > _LEAST_SCALE * np.maximum(np.abs(location), 1.0), scale, 1.0)
        places = (_standard(features, location, scale), codes.mean[:, codes.active])
        near = (Geometry.of(places[0], seed=seed), Geometry.of(places[1], seed=seed))
        complexity = fit_reference(_statistics_of(codes))
        found = _answers(near, places, worst_patches(_statistics_of(codes), complexity))
        return cls(complexity, location, scale, *near, codes.active, Joined.of(found, seed=seed))

    def surprises(self, measured: FloatArray, codes: LatentCodes) -> npt.NDArray[np.float32]:
        """Return -log of the share of the run's pictures that are as surprising [N, 5], by question.

        Parameters
        ----------
        measured, codes
            As in `of`; of the same or of other pictures.
        """
        features = _standard(_features(measured, codes), self.location, self.scale)
        near, places = (self.measures, self.latents), (features, codes.mean[:, self.active])
        worst = worst_patches(_statistics_of(codes), self.complexity)
        return self.joined.surprises(_answers(near, places, worst))


def _answers(
    near: tuple[Geometry, Geometry], places: tuple[FloatArray, FloatArray], worst: FloatArray
) -> npt.NDArray[np.float64]:
    """Return the answers to `OF_PICTURES` [N, 5]: two by what is measured, two by the latents, the worst patches."""
    lies = [
        answer
        for geometry, rows in zip(near, places, strict=True)
        for answer in (geometry.isolation(rows), geometry.robust_distance(rows))
    ]
    return np.column_stack([*lies, worst])


def _statistics_of(codes: LatentCodes) -> FloatArray:
    if codes.image_statistics is None:
        raise ValueError("codes must have image_statistics: these rows are no pictures")
    return codes.image_statistics


def _features(measured: FloatArray, codes: LatentCodes) -> npt.NDArray[np.float64]:
    return np.column_stack([np.asarray(measured, np.float64), _statistics_of(codes)])


def _standard(features: FloatArray, location: FloatArray, scale: FloatArray) -> npt.NDArray[np.float32]:
    """Return features in standard deviations; where there is nothing to measure, the usual."""
    return np.nan_to_num((features - location) / scale).astype(np.float32)


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
        names[which] if most > _STANDS_OUT else NOTHING
        for which, most in zip(excess.argmax(axis=1), excess.max(axis=1), strict=True)
    ]


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
