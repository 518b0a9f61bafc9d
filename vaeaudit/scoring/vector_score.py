"""The outlier score of vectors such as embeddings: where they point, and how long they are; nothing is learned.

A column of an embedding means nothing by itself, so that no cell is told from the others: geometry alone speaks, and of
the rows' directions, since that is how embeddings are compared. What that gave stands in docs/methods.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt

from vaeaudit.outputs.record import Array, FloatArray, Record
from vaeaudit.outputs.row_scores import OF_VECTORS
from vaeaudit.scoring.geometry import Geometry
from vaeaudit.scoring.joined import FLAGGED, JOINED, Joined

#: Elements from which on a vector is an embedding; of fewer each may be a quantity of its own.
LEAST_ELEMENTS = 64
#: Robust standard deviations of its logarithm that a length may differ by and say nothing.
_USUAL_LENGTH = 5.0
#: Root mean variance of directions of length 1 below which they are all one: float32 tells no more apart.
_RESOLUTION = 1e-6
#: Lengths that differ by less than one per cent do not differ.
_LEAST_SPREAD = 0.01
#: Length below which a vector points nowhere, and its logarithm is that of this.
_NO_LENGTH = 1e-12

VECTOR_DEFINITION = (
    "Surprise in nats, so the higher, the more atypical. Four questions are put to every vector. Where does its "
    "direction lie among the others: in an isolation forest (Liu 2008), by its distance under a robust covariance of "
    "the 100 directions of largest variance (Rousseeuw 1999), and from the nearest of a few random rows (LeSiNN, Pang "
    "2015). And is it far longer or shorter than most. "
    f"{JOINED} Nothing of this is learned, and the beta-VAE takes no part: on embeddings geometry does better. "
    f"{FLAGGED}"
)


@dataclass(frozen=True)
class VectorScore(Record):
    """What the outlier score of vectors compares them with.

    Attributes
    ----------
    scale
        Root mean variance of the elements of vectors of length 1.
    length
        [2]; median of the logarithm of their length, and its robust standard deviation.
    geometry
        The directions that others are compared with.
    joined
        What the questions found of the run's own rows.
    """

    #: What the score is, in words.
    definition: ClassVar[str] = VECTOR_DEFINITION

    scale: Annotated[float, Array("", above=0)]
    length: Annotated[FloatArray, Array("2")]
    geometry: Geometry
    joined: Joined

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.length[1] <= 0 or self.joined.letters["Q"] != len(OF_VECTORS):
            raise ValueError(f"expected a spread of lengths above 0, and {len(OF_VECTORS)} questions")

    @classmethod
    def of(cls, vectors: FloatArray, *, seed: int) -> VectorScore:
        """Learn what is usual among the run's own vectors [N, D], of which some need not belong; NaN counts as 0.

        Parameters
        ----------
        vectors
            [N, D], N >= 1.
        seed
            Of the rows that others are compared with, and of the trees.
        """
        directions, log_length = _directions(vectors)
        centre = float(np.median(log_length))
        spread = max(1.4826 * float(np.median(np.abs(log_length - centre))), _LEAST_SPREAD)
        differ = float(np.sqrt(directions.var(axis=0).mean()))
        scale = differ if differ > _RESOLUTION else 1.0
        geometry, length = Geometry.of(directions / scale, seed=seed), np.array([centre, spread])
        found = _answers(geometry, directions / scale, log_length, length)
        return cls(scale, length, geometry, Joined.of(found, seed=seed))

    def surprises(self, vectors: FloatArray) -> npt.NDArray[np.float32]:
        """Return -log of the share of the run's rows that are as surprising [N, 4], by question."""
        directions, log_length = _directions(vectors)
        return self.joined.surprises(_answers(self.geometry, directions / self.scale, log_length, self.length))


def _answers(
    geometry: Geometry, directions: FloatArray, log_length: FloatArray, length: FloatArray
) -> npt.NDArray[np.float64]:
    """Return the answers to `OF_VECTORS` [N, 4]."""
    centre, spread = length
    beyond = np.maximum(np.abs(log_length - centre) / spread - _USUAL_LENGTH, 0.0)
    return np.column_stack([geometry.scores(directions), beyond])


def _directions(vectors: FloatArray) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return vectors of length 1 [N, D], or 0 where they have none, and the logarithm of their length [N]."""
    known = np.nan_to_num(np.asarray(vectors, np.float64), posinf=0.0, neginf=0.0)
    largest = np.abs(known).max(axis=1, initial=0.0, keepdims=True)
    scaled = known / np.where(largest > 0, largest, 1.0)  # squares of huge elements stay finite
    norm = np.sqrt(np.square(scaled).sum(axis=1, keepdims=True))
    directions = scaled / np.where(norm > 0, norm, 1.0)
    log_length = np.log(np.maximum(largest, _NO_LENGTH)) + np.log(np.maximum(norm, 1.0))
    return directions, log_length[:, 0]
