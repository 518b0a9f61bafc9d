"""What a mixture over posterior samples expects of one column: central ranges of numbers, probabilities of codes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from scipy import special
from scipy.optimize import elementwise

from vaeaudit.data.encoding.column_encoding import Likelihood
from vaeaudit.models.table.likelihoods import MixedLikelihood, code_probabilities

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.integer]
Parameters = dict[str, npt.NDArray[np.float64]]
#: Distribution functions [S, M'] at x [M'], of the components of the cells at these places [M'].
Cdf = Callable[[FloatArray, IntArray], FloatArray]

#: What the distributions of each numeric likelihood are made of.
_PARAMETERS = {
    Likelihood.NORMAL: ("loc", "scale"),
    Likelihood.LOG_NORMAL: ("loc", "scale"),
    Likelihood.STUDENT_T: ("df", "loc", "scale"),
    Likelihood.NEGATIVE_BINOMIAL: ("total_count", "logits"),
}
#: Of a quantile, relative and in encoded units.
_TOLERANCE = 1e-12


def mixture_probabilities(
    likelihood: MixedLikelihood, parameters: tf.Tensor, weight: FloatArray, column: int
) -> npt.NDArray[np.float64]:
    """Return the probabilities [M, n_codes] of the codes of one coded column.

    Parameters
    ----------
    likelihood
        Of the model.
    parameters
        [S, M, n_parameters] decoder outputs.
    weight
        [S, M]; of the samples, adding up to 1 over S.
    column
        Position in model order.
    """
    block, place, distribution = likelihood.column_distribution(parameters, column)
    probabilities = code_probabilities(distribution, int(block.n_codes.max()))[
        ..., place, : block.n_codes[place]
    ].numpy()
    return np.einsum("sm,smk->mk", weight, probabilities, dtype=np.float64)


def mixture_quantiles(
    likelihood: MixedLikelihood, parameters: tf.Tensor, weight: FloatArray, column: int, levels: tuple[float, ...]
) -> npt.NDArray[np.float64]:
    """Return quantiles [Q, M] of one numeric column, in encoded units.

    Parameters
    ----------
    likelihood, parameters, weight, column
        As in `mixture_probabilities`.
    levels
        The Q probabilities, each between 0 and 1.
    """
    block, place, distribution = likelihood.column_distribution(parameters, column)
    named = {name: np.asarray(distribution.parameters[name], np.float64) for name in _PARAMETERS[block.likelihood]}
    of_column = {name: array[..., place] for name, array in named.items()}
    is_count = block.likelihood is Likelihood.NEGATIVE_BINOMIAL
    cdf = _count_cdf(of_column) if is_count else _number_cdf(of_column)
    low, high = _count_bounds(of_column, levels) if is_count else _number_bounds(of_column, levels)
    found = [_quantile(cdf, weight, level, low, high) for level in levels]
    return np.floor(found) if is_count else np.array(found)


def _number_cdf(of_column: Parameters) -> Cdf:
    def cdf(x: FloatArray, cell: IntArray) -> FloatArray:
        standardised = (x - of_column["loc"][:, cell]) / of_column["scale"]
        return np.asarray(
            special.stdtr(of_column["df"], standardised) if "df" in of_column else special.ndtr(standardised)
        )

    return cdf


def _count_cdf(of_column: Parameters) -> Cdf:
    failure = special.expit(-of_column["logits"])
    return lambda x, cell: np.asarray(special.betainc(of_column["total_count"], np.floor(x) + 1, failure[:, cell]))


def _number_bounds(of_column: Parameters, levels: tuple[float, ...]) -> tuple[FloatArray, FloatArray]:
    """Bounds [M] of all quantiles: a mixture's lie between the least and the largest of its components'."""
    ends = np.array([min(levels), max(levels)])
    low, high = special.stdtrit(of_column["df"], ends) if "df" in of_column else special.ndtri(ends)
    of_low, of_high = of_column["loc"] + low * of_column["scale"], of_column["loc"] + high * of_column["scale"]
    least, most = np.min(of_low, axis=0), np.max(of_high, axis=0)
    return least - 1e-6 * np.maximum(1, np.abs(least)), most + 1e-6 * np.maximum(1, np.abs(most))


def _count_bounds(of_column: Parameters, levels: tuple[float, ...]) -> tuple[FloatArray, FloatArray]:
    """Bounds [M]; by Markov's inequality the q-quantile of a count is at most its mean over 1 - q."""
    largest = np.max(of_column["total_count"] * np.exp(of_column["logits"]), axis=0)
    return np.full_like(largest, -1.0), largest / (1 - max(levels)) + 1


def _quantile(cdf: Cdf, weight: FloatArray, level: float, low: FloatArray, high: FloatArray) -> npt.NDArray[np.float64]:
    """Return where the mixture's distribution function reaches a level [M], between bounds [M] (Chandrupatla 1997)."""

    def excess(x: FloatArray, cell: IntArray) -> FloatArray:
        return np.asarray(np.sum(weight[:, cell] * cdf(x, cell), axis=0) - level)

    found = elementwise.find_root(
        excess,
        (low, high),
        args=(np.arange(len(low)),),
        tolerances={"xatol": _TOLERANCE, "xrtol": _TOLERANCE, "fatol": 0.0, "frtol": 0.0},
    )
    # The end that reaches the level: a count at or above it does, too.
    return np.asarray(np.where(found.f_x >= 0, found.x, found.bracket[1]), np.float64)
