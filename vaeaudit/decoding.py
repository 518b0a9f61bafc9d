"""What the model decodes in regions: for `fit`, and for a report that finds regions the run did not know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vaeaudit import analysis
from vaeaudit.analysis.coverage.results import Region

if TYPE_CHECKING:
    from vaeaudit.models import BetaVAE, TableVAE

Decoded = Mapping[str, npt.NDArray[np.floating]]

#: Rows of a table decoded per region, and rows that say what is usual.
_ROWS_PER_REGION = 24
_USUAL_ROWS = 500


def decode_table_regions(
    model: TableVAE, inputs: analysis.AuditInputs, regions: Sequence[Region], *, seed: int
) -> Decoded:
    """Return, by key of the region and of what is usual, [P, C] what the decoder expects at P points.

    Parameters
    ----------
    model
        Trained.
    inputs, regions
        What was found in which rows.
    seed
        Of the points.
    """
    from vaeaudit import models  # noqa: PLC0415 - a model is there, and so is TensorFlow

    points = analysis.points_of_regions(inputs, regions, n_points=_ROWS_PER_REGION, midway=False, seed=seed)
    points[analysis.USUAL] = analysis.usual_points(inputs, n_points=_USUAL_ROWS, seed=seed)
    return {key: models.decode_columns(model, z) for key, z in points.items()}


def with_decoded_regions(
    model: BetaVAE, inputs: analysis.AuditInputs, regions: Sequence[Region], *, seed: int
) -> analysis.AuditInputs:
    """Return the inputs with what the model decodes in these regions, instead of those that the run knew.

    Parameters
    ----------
    model
        Of the run.
    inputs, regions, seed
        As in `decode_table_regions`.
    """
    from vaeaudit import models  # noqa: PLC0415

    if isinstance(model, models.TableVAE):
        return replace(inputs, decoded_regions=decode_table_regions(model, inputs, regions, seed=seed))
    if not isinstance(model, models.ImageVAE) or inputs.pictures is None or not regions:
        return inputs
    points = analysis.points_of_regions(inputs, regions, seed=seed)
    pictures = replace(
        inputs.pictures,
        region_rules=np.array(list(points), np.str_),
        regions=np.stack([models.decode_pictures(model, z) for z in points.values()]),
    )
    return replace(inputs, pictures=pictures)
