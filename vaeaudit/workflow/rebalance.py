"""`rebalance`: weights, a collection plan, and what either would change."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vaeaudit.analysis.coverage.regions import find_regions
from vaeaudit.analysis.rebalancing.rebalance import rebalance as rebalance_run
from vaeaudit.config import AnalysisConfig, Weighting
from vaeaudit.progress import Listener, Stopwatch, ignore
from vaeaudit.report.files import write_rebalance
from vaeaudit.runs.reading import Run
from vaeaudit.workflow.inputs import REBALANCINGS, inputs_of, loaded, shares_of, sweep


def rebalance(
    run: Run | Path | str | None = None,
    *,
    method: str = Weighting.TARGETS.value,
    close: Sequence[str] = (),
    out: Path | str | None = None,
    population: Path | str | None = None,
    config: AnalysisConfig | None = None,
    on_progress: Listener = ignore,
) -> Path:
    """Weight the rows of a complete run, plan what to collect, and say what either would change.

    Parameters
    ----------
    run
        A run or its folder; the newest complete run of `runs/` where None.
    method
        Whose weights stand in the column `weight`: one of `vaeaudit.config.Weighting`.
    close
        Ids of regions, as the report names them, that are to be closed although they are only questions.
    out
        Folder of the results; `rebalance/<run>/` where None. What is there is replaced.
    population, config, on_progress
        As for `report`.

    Returns
    -------
    pathlib.Path
        Of the folder: `rebalance.json`, `weights.parquet` and `plan.csv`.
    """
    watch = Stopwatch(on_progress)
    sweep()
    with watch.phase("reading"):
        run = loaded(run)
        config = config or run.config.analysis
        inputs = inputs_of(run, config)
        shares = shares_of(population, run.schema, run)
    with watch.phase("analysing"):
        search = find_regions(inputs, config, shares)
        made = rebalance_run(
            inputs, search, config, shares, method=Weighting(method), close=close, seed=run.config.seed
        )
    with watch.phase("writing"):
        folder = Path(out) if out is not None else REBALANCINGS / run.id
        return write_rebalance(made.results, made.weights, folder)
