"""What `report` and `audit` return: what an audit found, as objects and tables, and where its report was written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.analysis.conclusions import CheckResult, Finding, Verdict
from vaeaudit.analysis.coverage.results import Region
from vaeaudit.report.document import frame_of
from vaeaudit.report.files import write as write_report
from vaeaudit.report.notebook import to_card
from vaeaudit.runs.reading import Run
from vaeaudit.wording.phrases import VERDICT
from vaeaudit.wording.rules import describe


@dataclass(frozen=True, repr=False)
class Audit:
    """What an audit found; a notebook shows the verdict, the checks and the first findings.

    Attributes
    ----------
    run
        What was audited.
    results
        Everything that the page shows, of which `report.json` is the larger part.
    rows
        One row per scored row: `rows.parquet`.
    flagged, cells
        The flagged rows with their reasons and, for a table, the cells that contradict the rest of their rows:
        `flagged.csv` and `cells.csv`.
    duplicates
        The rows of every cluster of copies: `duplicates.csv`.
    labels
        The rows whose label is doubted, most suspicious first: `labels.csv`; None where none could be judged.
    page
        Path of `report.html`; the other files lie beside it.
    """

    run: Run
    results: AuditResults
    rows: pd.DataFrame
    flagged: pd.DataFrame
    cells: pd.DataFrame | None
    duplicates: pd.DataFrame
    page: Path
    labels: pd.DataFrame | None = None

    @property
    def verdict(self) -> Verdict:
        """Whether the data is ready to train on, and why, in a sentence."""
        return self.results.verdict

    @property
    def checks(self) -> pd.DataFrame:
        """One row per question of the audit, with its state and why it is in it."""
        return frame_of(CheckResult, self.results.checks)

    @property
    def findings(self) -> pd.DataFrame:
        """One row per finding, gravest first, with its evidence and what to do."""
        return frame_of(Finding, self.results.findings)

    @property
    def regions(self) -> pd.DataFrame:
        """One row per region with too few rows: `rule` in words, and its `conditions` as `report.json` has them."""
        frame = frame_of(Region, self.results.regions).rename(columns={"rule": "conditions"})
        frame.insert(1, "rule", [describe(region.rule) for region in self.results.regions])
        return frame

    def save(self, folder: Path | str) -> Path:
        """Write the files of the report into another folder.

        Parameters
        ----------
        folder
            Created where it does not exist; a report that is there is replaced.

        Returns
        -------
        pathlib.Path
            Of `report.html` there.
        """
        tables = {"cells": self.cells, "duplicates": self.duplicates, "labels": self.labels}
        return write_report(self.results, self.rows, self.flagged, Path(folder), **tables)

    def __repr__(self) -> str:
        return f"<Audit of {self.run.path}: {VERDICT[self.verdict.status]}. {self.verdict.sentence} See {self.page}>"

    def _repr_html_(self) -> str:
        return to_card(self.results, str(self.page))
