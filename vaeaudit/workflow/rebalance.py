"""`rebalance`: weights, a collection plan, and what either would change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Unpack

import pandas as pd

from vaeaudit.analysis.coverage.regions import find_regions
from vaeaudit.analysis.generation.offered import FOR, rows_for_gaps
from vaeaudit.analysis.generation.repair import judge_repairs
from vaeaudit.analysis.rebalancing.rebalance import rebalance as rebalance_run
from vaeaudit.analysis.rebalancing.results import RebalanceResults
from vaeaudit.config import AnalysisConfig, Weighting
from vaeaudit.progress import Listener, Stopwatch, ignore
from vaeaudit.report.files import plan_table, write_rebalance
from vaeaudit.runs.documents import KeptAnswer
from vaeaudit.runs.reading import Run
from vaeaudit.settings import RebalanceSettings, refuse_unknown, section_with
from vaeaudit.workflow.group_generator import GroupGenerators
from vaeaudit.workflow.inputs import REBALANCINGS, asked_of, inputs_of, loaded, sweep
from vaeaudit.workflow.judged_rows import in_own_form


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
    generated
        Rows for what is short: `generated.csv`; None where none were written.
    path
        Folder of the files.
    """

    checks: tuple[KeptAnswer, ...]
    results: RebalanceResults
    weights: pd.DataFrame
    generated: pd.DataFrame | None
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
    generated: bool = False,
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
    generated
        Whether rows are made for all that is short, though nothing may show that they help; else only where a check on
        held-out rows says so.
    out
        Folder of the results; `rebalance/<run>/` where None. What is there is replaced.
    population, config, on_progress
        As for `report`.
    **settings
        Single settings, which win over `config`: `alpha`, `cap`.

    Returns
    -------
    Rebalancing
        Its `path` is that of the folder of `rebalance.json`, `weights.parquet`, `plan.csv` and, where rows were made,
        `generated.csv`.
    """
    refuse_unknown(rebalance, settings, RebalanceSettings)
    watch = Stopwatch(on_progress)
    sweep()
    with watch.phase("reading"):
        run = loaded(run)
        checks = run.answers.checks
        config = section_with(config or run.config.analysis, settings)
        schema, shares = asked_of(run, config, population)
        inputs = inputs_of(run, config, schema)
    with watch.phase("analysing"):
        search = find_regions(inputs, config, shares)
        made = rebalance_run(
            inputs, search, config, shares, method=Weighting(method), close=close, seed=run.config.seed
        )
        generators, gaps = GroupGenerators(run, inputs), made.results.gaps
        seed = run.config.seed
        repairs = judge_repairs(inputs, gaps, config, generators, seed)
        repairs, rows = rows_for_gaps(inputs, gaps, repairs, generators, wanted=generated, seed=seed)
        results = replace(made.results, repairs=repairs)
    with watch.phase("writing"):
        folder = Path(out) if out is not None else REBALANCINGS / run.id
        if rows is not None:
            form = in_own_form(rows, run.schema, inputs.frame, as_text=True, complete=True)
            rows = form.assign(**{FOR: rows[FOR]})
        path = write_rebalance(results, made.weights, rows, folder)
        return Rebalancing(checks, results, made.weights, rows, path)
