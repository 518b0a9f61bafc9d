"""`rebalance`: weights, a collection plan, and what either would change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

import pandas as pd

from vaeaudit.analysis.coverage.regions import find_regions
from vaeaudit.analysis.rebalancing.rebalance import rebalance as rebalance_run
from vaeaudit.analysis.rebalancing.results import RebalanceResults
from vaeaudit.config import AnalysisConfig, Weighting
from vaeaudit.progress import Listener, Stopwatch, ignore
from vaeaudit.report.files import plan_table, write_rebalance
from vaeaudit.runs.documents import KeptAnswer
from vaeaudit.runs.reading import Run
from vaeaudit.settings import RebalanceSettings, refuse_unknown, section_with
from vaeaudit.workflow.inputs import REBALANCINGS, inputs_of, loaded, shares_of, sweep


@dataclass(frozen=True, repr=False)
class Rebalancing:
    """Weights, a collection plan, and what either would change.

    Attributes
    ----------
    checks
        What became of every check when the run was made.
    results
        Everything in `rebalance.json`.
    weights
        One row per scored row: `weights.parquet`.
    path
        Folder of the three files.
    """

    checks: tuple[KeptAnswer, ...]
    results: RebalanceResults
    weights: pd.DataFrame
    path: Path

    @property
    def plan(self) -> pd.DataFrame:
        """The fewest rows to collect, and, as a part of its own, what is only a question: `plan.csv`."""
        return plan_table(self.results)

    def __repr__(self) -> str:
        return f"<Rebalancing of {len(self.weights):,} rows by {self.results.method}. See {self.path}>"


def rebalance(
    run: Run | Path | str | None = None,
    *,
    method: str = Weighting.TARGETS.value,
    close: Sequence[str] = (),
    out: Path | str | None = None,
    population: Path | str | None = None,
    config: AnalysisConfig | None = None,
    on_progress: Listener = ignore,
    **settings: Unpack[RebalanceSettings],
) -> Rebalancing:
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
    **settings
        Single settings, which win over `config`: `alpha`, `cap`.

    Returns
    -------
    Rebalancing
        Its `path` is that of the folder of `rebalance.json`, `weights.parquet` and `plan.csv`.
    """
    refuse_unknown(rebalance, settings, RebalanceSettings)
    watch = Stopwatch(on_progress)
    sweep()
    with watch.phase("reading"):
        run = loaded(run)
        checks = run.answers.checks
        config = section_with(config or run.config.analysis, settings)
        inputs = inputs_of(run, config)
        shares = shares_of(population, run.schema, run)
    with watch.phase("analysing"):
        search = find_regions(inputs, config, shares)
        made = rebalance_run(
            inputs, search, config, shares, method=Weighting(method), close=close, seed=run.config.seed
        )
    with watch.phase("writing"):
        folder = Path(out) if out is not None else REBALANCINGS / run.id
        return Rebalancing(checks, made.results, made.weights, write_rebalance(made.results, made.weights, folder))
