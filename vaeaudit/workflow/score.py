"""`score`: the same scores for rows that the model of a run has not seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vaeaudit.analysis.coverage.latent_points import place_rows
from vaeaudit.analysis.outliers.cell_summary import suspicious_table
from vaeaudit.analysis.outliers.reasons import CheckedTable
from vaeaudit.config import ReadConfig
from vaeaudit.progress import Listener, Stopwatch, ignore
from vaeaudit.runs.contents import describe_scores
from vaeaudit.runs.reading import Run
from vaeaudit.runs.store import score_path, write_scores
from vaeaudit.scoring.table_score import table_of_rows
from vaeaudit.workflow.inputs import loaded, sweep
from vaeaudit.workflow.other import other_reading, read_and_score


def score(
    run: Run | Path | str,
    source: Any,
    *,
    out: Path | str | None = None,
    config: ReadConfig | None = None,
    on_progress: Listener = ignore,
) -> Path:
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

    Returns
    -------
    pathlib.Path
        Of `rows.parquet`; `quarantine.csv`, `score.json` and, for a table, `cells.parquet` lie beside it.

    Raises
    ------
    InputError, UsageError
        Where the source cannot be read, or lacks a column that the model needs.
    RunError
        Where the run cannot be used.
    """
    watch = Stopwatch(on_progress)
    sweep()
    with watch.phase("reading"):
        run = loaded(run)
        rules = run.regions
    found = read_and_score(run, source, config or other_reading(run.config.read), watch)
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
        return write_scores(
            Path(out) if out is not None else score_path(run.id, other.dataset.name),
            table_of_rows(other.dataset.row_ids, scores, found.codes, placed),
            other.dataset.quarantine,
            describe_scores(run, source, other, outliers, regions),
            note=scores.note,
            cells=cells,
        )
