"""The outlier score of a table's rows: five questions, one surprise each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt

from vaeaudit.outputs.record import Array, FloatArray, Record
from vaeaudit.scoring.joined import FLAGGED, JOINED, MOST_ROWS, Joined, rank_nats

#: Numbers that the cells compared with hold together, at most.
_MOST_NUMBERS = 4_000_000
#: Surprises of cells that agree to so many decimals are one: networks round differently from batch to batch.
_DECIMALS = 3

DEFINITION = (
    "Surprise in nats, so the higher, the more atypical. Five questions are put to every row. Where does it lie among "
    "the others: in an isolation forest (Liu 2008), by its distance under a robust covariance (Rousseeuw 1999), and "
    "from the nearest of a few random rows (LeSiNN, Pang 2015). How improbable are its cells, each hidden and told "
    "from the others by a denoising network that never saw the row: all together, and the one that surprises most "
    "beside other cells of its column; a level counts by how much less probable it is there than everywhere, so that "
    f"a rare group does not stand out for being rare. {JOINED} Of these only the network is learned. The beta-VAE "
    f"itself takes no part: it added nothing on sets that nothing was chosen on. {FLAGGED}"
)


@dataclass(frozen=True)
class Compared(Record):
    """The run's own rows, or some of them, that others are compared with; they need not all belong.

    Attributes
    ----------
    cells
        [M, C]; surprise of their cells, each column sorted.
    joined
        What the questions found of them.
    """

    PREFIX: ClassVar[str] = "compared_"

    cells: Annotated[FloatArray, Array("M C")]
    joined: Joined

    def __post_init__(self) -> None:
        super().__post_init__()
        if not len(self.cells):
            raise ValueError("cells must not be empty")

    @classmethod
    def of(cls, geometry: FloatArray, cells: FloatArray, clearest: FloatArray, *, seed: int) -> Compared:
        """Keep what the run's own rows found.

        Parameters
        ----------
        geometry
            [N, 3]; see `vaeaudit.scoring.geometry`.
        cells
            [N, C]; see `beyond_rarity`.
        clearest
            [N]; -log of the smallest p-value of the cells of each row.
        seed
            Of the rows that are kept, where there are too many.
        """
        most = int(np.clip(_MOST_NUMBERS // max(cells.shape[1], 1), 1, MOST_ROWS))
        kept = np.sort(np.random.default_rng(seed).permutation(len(cells))[:most])
        own = np.sort(cells[kept], axis=0)
        found = _members(geometry[kept], rank_nats(cells[kept], own), clearest[kept])
        return cls(own, Joined.of(found, seed=seed))

    def cell_ranks(self, cells: FloatArray) -> npt.NDArray[np.float32]:
        """Return -log of the share of its column's cells that surprise as much [N, C], for surprises [N, C]."""
        return rank_nats(cells, self.cells)

    def surprises(self, geometry: FloatArray, cell_ranks: FloatArray, clearest: FloatArray) -> npt.NDArray[np.float32]:
        """Return -log of the share of rows that are as surprising [N, 5], by question; beyond all rows, of their law.

        Parameters
        ----------
        geometry, cell_ranks, clearest
            [N, 3], [N, C] and [N], as in `of`.
        """
        return self.joined.surprises(_members(geometry, cell_ranks, clearest))


def beyond_rarity(nats: FloatArray, alone: FloatArray) -> npt.NDArray[np.float32]:
    """Return by how much cells [N, C] are less probable beside the others of their row than they are by themselves.

    Parameters
    ----------
    nats
        [N, C]; -log p(cell | other cells of its row).
    alone
        [N, C]; -log of the share of a cell's code, and of its presence, in its column; 0 for plain numbers.
    """
    return np.asarray(np.round(nats - alone, _DECIMALS), np.float32)


def _members(geometry: FloatArray, cell_ranks: FloatArray, clearest: FloatArray) -> npt.NDArray[np.float32]:
    """Return what the five questions find [N, 5]: three of `geometry`, the sum of the cells' ranks, the clearest cell.

    Of ranks as many cells may be first as there are columns; which of them is how far out says their p-value.
    """
    total = cell_ranks.sum(axis=1, dtype=np.float64)
    one = np.maximum(cell_ranks.max(axis=1, initial=0.0), clearest)
    return np.asarray(np.column_stack([geometry, total, one]), np.float32)
