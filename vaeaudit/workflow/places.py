"""Where results go unless somebody says otherwise, and what killed commands left there."""

from __future__ import annotations

from pathlib import Path

from vaeaudit.runs.directory import RUNS, sweep_partial_runs
from vaeaudit.runs.reading import Run, load_run
from vaeaudit.runs.store import SCORES
from vaeaudit.storage.locks import sweep_results

REPORTS = Path("reports")
REBALANCINGS = Path("rebalance")


def sweep(run: Path | None = None) -> None:
    """Remove what killed commands left where results go.

    Parameters
    ----------
    run
        The run that is to be made, if any: its folder is swept, too.
    """
    for folder in {RUNS, RUNS if run is None else run.parent}:
        sweep_partial_runs(folder)
    for folder in (REPORTS, SCORES, REBALANCINGS):
        sweep_results(folder)


def loaded(run: Run | Path | str | None) -> Run:
    """Return a run, whether it or its folder is given; the newest complete one of `runs/` where None."""
    return run if isinstance(run, Run) else load_run(run)
