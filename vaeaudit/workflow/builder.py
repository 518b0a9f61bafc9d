"""The one place that imports TensorFlow, only where a model is needed, and that chooses between tables and pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vaeaudit.config import FitConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.runs.reading import Run

if TYPE_CHECKING:
    from vaeaudit.workflow.trained.base import Trained
    from vaeaudit.workflow.trained.table import Detector


def kind_for(dataset: Dataset) -> type[Trained[Any, Any]]:
    """Return what a model of a dataset will be: `TrainedTable` or `TrainedImages`.

    Parameters
    ----------
    dataset
        The rows.
    """
    return _kinds()["table" if dataset.images is None else "images"]


def rebuild(run: Run) -> Trained[Any, Any]:
    """Return the trained model of a complete run.

    Parameters
    ----------
    run
        Complete.

    Raises
    ------
    RunError
        Where its model cannot be used.
    """
    return _kinds()[run.kind].rebuild(run)


def learn_detector(dataset: Dataset, config: FitConfig) -> Detector:
    """Learn a table without a run directory; see `vaeaudit.workflow.trained.table`.

    Parameters
    ----------
    dataset, config
        The rows, and all settings.
    """
    from vaeaudit.workflow.trained import table  # noqa: PLC0415 - TensorFlow takes seconds

    return table.learn_detector(dataset, config)


def _kinds() -> dict[str, type[Trained[Any, Any]]]:
    from vaeaudit.workflow.trained.images import TrainedImages  # noqa: PLC0415 - TensorFlow takes seconds
    from vaeaudit.workflow.trained.table import TrainedTable  # noqa: PLC0415

    return {"table": TrainedTable, "images": TrainedImages}
