"""`audit`: `fit`, then `report`, in one go; and `inspect`, which trains nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vaeaudit.config import FitConfig, ReadConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.reading.load import load
from vaeaudit.progress import ignore
from vaeaudit.workflow.fit import fit
from vaeaudit.workflow.report import report


def inspect(source: Any, config: ReadConfig | None = None) -> Dataset:
    """Read a source and say what `fit` would do with it; trains nothing.

    Parameters
    ----------
    source
        Path of a table or of a folder of tables, or a DataFrame.
    config
        How to read it.
    """
    return load(source, config or ReadConfig())


def audit(source: Any, config: FitConfig | None = None, *, out: Path | str | None = None, **options: Any) -> Path:
    """Learn a dataset and report on it: `fit`, then `report`.

    Parameters
    ----------
    source, config
        As for `fit`.
    out
        Folder of the report; `reports/<run>/` where None.
    **options
        Further ones of `fit`.

    Returns
    -------
    pathlib.Path
        Of `report.html`.
    """
    return report(fit(source, config, **options), out=out, on_progress=options.get("on_progress", ignore))
