"""`score`: the same scores for rows that the model of a run has not seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.coverage.latent_points import place_rows
from vaeaudit.analysis.judged import JudgedThings, Things, contents_of, settled_regions
from vaeaudit.analysis.outliers.cell_summary import suspicious_table
from vaeaudit.analysis.outliers.reasons import CheckedTable
from vaeaudit.config import ReadConfig
from vaeaudit.data.reading.load_like import OtherData
from vaeaudit.outputs.judgements import Judgement
from vaeaudit.progress import Listener, Stopwatch, ignore
from vaeaudit.runs.contents import describe_scores
from vaeaudit.runs.documents import KeptAnswer
from vaeaudit.runs.reading import Run
from vaeaudit.runs.store import score_path, write_scores
from vaeaudit.scoring.rows_table import table_of_rows
from vaeaudit.settings import OtherReadSettings, refuse_unknown, section_with
from vaeaudit.workflow.inputs import loaded, sweep
from vaeaudit.workflow.other import other_reading, read_and_score


@dataclass(frozen=True, repr=False)
class Scores:
    """Rows under the model of a run that it has not seen.

    Attributes
    ----------
    checks
        What became of every check when the run was made.
    rows
        One row per row that was scored: `rows.parquet`.
    quarantine
        The records that could not be used, with the reason: `quarantine.csv`.
    cells
        For a table: the cells that contradict the rest of their rows; else None.
    summary
        `score.json`: which data, row accounting, what was flagged, rows per region.
    path
        Of `rows.parquet`; the other files lie beside it.
    """

    checks: tuple[KeptAnswer, ...]
    rows: pd.DataFrame
    quarantine: pd.DataFrame
    cells: pd.DataFrame | None
    summary: Mapping[str, Any]
    path: Path

    def __repr__(self) -> str:
        return f"<Scores of {len(self.rows):,} rows: {self.summary['outliers']['flagged']:,} flagged. See {self.path}>"


def score(
    run: Run | Path | str,
    source: Any,
    *,
    out: Path | str | None = None,
    config: ReadConfig | None = None,
    on_progress: Listener = ignore,
    **settings: Unpack[OtherReadSettings],
) -> Scores:
    """Score rows that the model of a run has not seen.

    Parameters
    ----------
    run
        A run or its folder.
    source
        As for `fit`; columns are matched by name, kinds and levels are those of the run.
    out
        Folder of the scores; `scores/<run>/<data>/` where None. Scores that are there are replaced.
    config
        How to read the source; as the run's data was, with its own delimiter and encoding, where None. Roles, kinds and
        levels in it are not looked at.
    on_progress
        See `vaeaudit.progress`.
    **settings
        Single settings, which win over `config`: `id`, `kind`, `delimiter` … (`vaeaudit.settings.OtherReadSettings`).
        `na` is added to what means "missing" in `config`.

    Returns
    -------
    Scores
        Their `path` is that of `rows.parquet`; `quarantine.csv`, `score.json` and, for a table, `cells.parquet` lie
        beside it.

    Raises
    ------
    InputError, UsageError
        Where the source cannot be read, or lacks a column that the model needs.
    RunError
        Where the run cannot be used.
    """
    refuse_unknown(score, settings, OtherReadSettings)
    watch = Stopwatch(on_progress)
    sweep()
    with watch.phase("reading"):
        run = loaded(run)
        judgements, checks = run.judgements.latest, run.answers.checks
        settled = settled_regions(judgements)
        rules = tuple(rule for rule in run.regions if rule.id not in settled)
    base = config or other_reading(run.config.read)
    read = section_with(base, settings)
    na, keep = (tuple(dict.fromkeys(both)) for both in ((*base.na, *read.na), (*base.keep, *read.keep)))
    found = read_and_score(run, source, replace(read, na=na, keep=keep), watch)
    other, scores = found.data, found.scores
    with watch.phase("scoring"):
        expected = found.trained.cells(other.as_met, found.codes, scores)
        cells = None
        if expected is not None:
            table = CheckedTable(other.as_met, run.schema, found.codes.columns, expected)
            cells = suspicious_table(table, other.dataset.row_ids, scores)
    with watch.phase("writing"):
        placed = place_rows(rules, other.as_met, found.codes, lacking=other.lacking)
        outliers = {"definition": scores.definition, "fdr": scores.fdr, "flagged": int(scores.outlier.sum())}
        regions = {rule.id: int((placed == rule.id).sum()) for rule in rules}
        judged = _judged(run, other, judgements)
        rows = table_of_rows(other.dataset.row_ids, scores, found.codes, placed, judged=judged)
        quarantine, summary = other.dataset.quarantine, describe_scores(run, source, other, outliers, regions)
        folder = Path(out) if out is not None else score_path(run.id, other.dataset.name)
        path = write_scores(folder, rows, quarantine, summary, note=scores.note, cells=cells)
        return Scores(checks, rows, quarantine, cells, summary, path)


def _judged(run: Run, other: OtherData, judgements: tuple[Judgement, ...]) -> npt.NDArray[np.object_] | None:
    """Return what readers of the run judged of rows with the same id and cells [N]; None where nobody judged rows."""
    if not any(one.of == "rows" for one in judgements):
        return None
    source = "" if run.pictures is None else other.dataset.fingerprint
    rows = other.as_met[list(run.schema.names)]
    things = Things(
        "rows",
        other.dataset.row_ids.astype(str).tolist(),
        lambda positions: contents_of(rows.iloc[positions], source),
    )
    return JudgedThings.of(things, judgements).verdicts(len(rows))
