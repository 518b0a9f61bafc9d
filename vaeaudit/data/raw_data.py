"""What a source holds before anything is decided about its columns: records, and for pictures their pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vaeaudit.data.image_store import ImageStore
from vaeaudit.data.records import RawTable


@dataclass(frozen=True)
class RawData:
    """The usable records of a source.

    Attributes
    ----------
    table
        Cells and account of the records; one row per picture where the source is made of pictures.
    name, fingerprint
        As in `Dataset`.
    images
        The pictures; None for a table.
    row_names
        [N]; what the rows are called unless a column names them; their numbers where None.
    elements
        Columns that are the elements of vectors; empty for any other source.
    from_folders
        Columns that the folders of pictures gave.
    """

    table: RawTable
    name: str
    fingerprint: str
    images: ImageStore | None = None
    row_names: npt.NDArray[np.object_] | None = None
    elements: tuple[str, ...] = ()
    from_folders: tuple[str, ...] = ()
