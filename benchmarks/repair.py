"""Protocol `repair`: whether generated rows repair a group that is short, on real tables and where the truth is known.

    python -m benchmarks.repair [--data PATH] [--cases PATH] [--more PATH] [--tables N] [--table NAME ...]

Real tables: of a group four rows in five are set aside, but for about a hundred, so that it is short of its share; the
check of `rebalance` then judges rows of a tree per column, and, beside them, the rows that were set aside: what
collecting them would do.
Generated tables: `nothing`: the label follows from nothing; `same`: the group is like all others; `other`: in the
group the label follows from the columns in another way, and the rows that were set aside are what it lacks. How often
rows are said to help is counted over N tables of each.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd

from benchmarks import record
from vaeaudit.analysis.generation.group_rows import Draw, Generator, trees_generator
from vaeaudit.analysis.generation.repair import judge_repairs
from vaeaudit.analysis.grouping.rules import apply_rule
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.rebalancing.gaps import rows_to_floor
from vaeaudit.analysis.rebalancing.results import GapSummary, Repair, RepairGain
from vaeaudit.analysis.rules.find import find_rules
from vaeaudit.config import AnalysisConfig, ReadConfig
from vaeaudit.data.reading.load import load
from vaeaudit.outputs.region_rules import Condition, Rule
from vaeaudit.statistics.measures import Interval

#: Table -> folder, label, columns to leave out, and groups by level of each column.
TABLES: dict[str, tuple[str, str, tuple[str, ...], tuple[dict[str, str], ...]]] = {
    "adult": ("data", "income", (), ({"sex": "Female", "race": "Black"}, {"sex": "Female"})),
    "german": ("data", "credit_risk", (), ({"personal_status_sex": "A92"}, {"housing": "A151"})),
    "attrition": ("cases", "Attrition", ("rownames",), ({"MaritalStatus": "Single"}, {"OverTime": "Yes"})),
    "compas": ("cases", "two_year_recid", (), ({"race": "Caucasian"}, {"sex": "Female"})),
    "loanapp": ("more", "approve", ("action", "reject"), ({"black": "1"},)),
    "fair": ("more", "affairs", (), ({"occupation": "5"},)),
}
#: Of COMPAS, what a judge knows beforehand: the other columns tell the label.
KNOWN = ("sex", "age", "race", "juv_fel_count", "juv_misd_count", "juv_other_count", "priors_count", "c_charge_degree")
#: Part of the group that stays, fewest rows of it, and part of its share that closes the gap.
KEPT, FEWEST, MIN_RATIO = 0.2, 100, 0.8


def main() -> None:
    """Measure, print and write."""
    arguments = _arguments()
    figures = record.figures_of("repair")
    for name in arguments.table or TABLES:
        figures[name] = [row for group in TABLES[name][3] for row in _real(name, group, arguments)]
        print(record.table(figures[name]), flush=True)
    if arguments.tables:
        figures["known_truth"] = _known_truth(arguments.tables)
        print(record.table(figures["known_truth"]))
    record.write("repair", figures, data="as named", seeds=range(1))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=record.DATA)
    parser.add_argument("--cases", type=Path, default=record.DATA.parent / "cases")
    parser.add_argument("--more", type=Path, default=record.DATA.parent / "more")
    parser.add_argument("--tables", type=int, default=30)
    parser.add_argument("--table", choices=TABLES, action="append")
    return parser.parse_args()


# --- real tables -----------------------------------------------------------------------------------------------------


def _real(name: str, group: Mapping[str, str], arguments: argparse.Namespace) -> list[dict[str, Any]]:
    frame = _table(name, arguments)
    held = np.logical_and.reduce([frame[column].astype(str) == level for column, level in group.items()])
    set_aside = held & (np.random.default_rng(0).random(len(frame)) > max(KEPT, FEWEST / int(held.sum())))
    rule = tuple(Condition(column, "in", [level]) for column, level in group.items())
    rows = []
    label, sensitive = TABLES[name][1], tuple(group)
    for source, repair, seconds in _both(frame, set_aside, rule, float(held.mean()), label, sensitive):
        named = " and ".join(f"{column} {level}" for column, level in group.items())
        rows.append({"table": name, "group": named, "rows": source, **_row(repair), "seconds": round(seconds, 1)})
    return rows


def _table(name: str, arguments: argparse.Namespace) -> pd.DataFrame:
    folder, label, left_out, groups = TABLES[name]
    root = getattr(arguments, folder)
    place = f"{name}.csv" if folder == "more" else f"tables/{name}.csv"
    frame = pd.read_csv(record.require(root, place)).drop(columns=list(left_out))
    if name == "compas":
        frame = frame[[*KNOWN, label]]
    if name == "fair":
        frame[label] = np.where(frame[label] > 0, "yes", "no")
    levels = {column for group in groups for column in group}
    return frame.assign(**{column: frame[column].astype(str) for column in levels}).reset_index(drop=True)


def _row(repair: Repair) -> dict[str, Any]:
    def said(gain: RepairGain | None) -> str:
        if gain is None or not repair.loss:
            return ""
        return " ".join(f"{100 * value / repair.loss:.1f}" for value in (gain.value, *cast("Any", gain.ci.bounds)))

    return {
        "held out": repair.held_out,
        "added": repair.added,
        "says": repair.outcome,
        "loss": 0.0 if repair.loss is None else round(repair.loss, 3),
        "less than nothing added, %": said(repair.over_nothing),
        "less than weighted, %": said(repair.over_weighting),
        "less for all rows, % of the loss": said(repair.of_all),
    }


def _both(  # noqa: PLR0917 - a table, its truth, and its roles
    frame: pd.DataFrame,
    set_aside: Any,
    rule: Rule,
    target: float,
    label: str,
    sensitive: tuple[str, ...],
    *,
    also_true: bool = True,
) -> list[tuple[str, Repair, float]]:
    """Judge rows of trees, and, where asked, those that were set aside."""
    read = ReadConfig(label=label, sensitive=sensitive, include=sensitive)
    whole = load(frame, read)
    short = load(frame[~set_aside].reset_index(drop=True), read)
    inputs = _inputs(short.frame, short.schema)
    gap = _gap(rule, short.frame, target)
    pool = whole.frame[np.asarray(set_aside)].reset_index(drop=True)
    for name, values in short.frame.items():
        if isinstance(values.dtype, pd.CategoricalDtype):
            pool[name] = pool[name].cat.set_categories(values.cat.categories)
    found = []
    generators = {"trees": trees_generator(inputs, [rule])} | ({"set aside": true_rows(pool)} if also_true else {})
    for source, generator in generators.items():
        started = time.monotonic()
        repair = judge_repairs(inputs, [gap], AnalysisConfig(), lambda rules, made=generator: made, 0)[0]
        found.append((source, repair, time.monotonic() - started))
    return found


def true_rows(pool: pd.DataFrame) -> Generator:
    """Return what gives rows of the population that are not in the table."""

    def draw(rule: Rule, n: int, rng: np.random.Generator) -> pd.DataFrame:
        members = np.flatnonzero(apply_rule(rule, pool))
        return pool.iloc[rng.permutation(members)[:n]].reset_index(drop=True)

    def learn(rows: Any, rng: np.random.Generator) -> Draw:
        return draw

    return Generator("trees", learn)


def _inputs(frame: pd.DataFrame, schema: Any) -> AuditInputs:
    """Return what the check reads of an audit, without a model."""
    codes = SimpleNamespace(columns=schema.names)
    rules = find_rules(frame, schema)
    known = {"frame": frame, "schema": schema, "pictures": None, "pairs": None, "codes": codes, "rules": rules}
    return cast("AuditInputs", SimpleNamespace(**known))


def _gap(rule: Rule, frame: pd.DataFrame, target: float) -> GapSummary:
    n, total = int(apply_rule(rule, frame).sum()), len(frame)
    collect = rows_to_floor(n, total, MIN_RATIO * target)
    return GapSummary(
        id="G",
        name="the group",
        kind="group",
        baseline="population",
        rule=rule,
        n=n,
        total=total,
        share=n / total,
        ci=Interval(0.0, 1.0, 0.95),
        target=target,
        tolerance=MIN_RATIO * target,
        rows_to_collect=collect,
        rows_to_collect_range=(collect, collect),
        question=None,
    )


# --- tables whose truth is known -------------------------------------------------------------------------------------


def made_table(kind: str, seed: int, n: int = 1500) -> pd.DataFrame:
    """Return a table with a group `g` of one row in seven, and a label `y` as the protocol says."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 4))
    group = np.where(rng.random(n) < 1 / 7, "few", "many")
    slope = np.where((group == "few") & (kind == "other"), -1.0, 1.0)
    tells = 0.0 if kind == "nothing" else slope * 2 * (x[:, 0] + x[:, 1])
    label = np.where(rng.random(n) < 1 / (1 + np.exp(-tells)), "yes", "no")
    return pd.DataFrame({f"x{place}": column for place, column in enumerate(x.T)} | {"g": group, "y": label})


def _known_truth(n_tables: int) -> list[dict[str, Any]]:
    rows: dict[tuple[str, str], list[Repair]] = {}
    for kind in ("nothing", "same", "other"):
        for seed in range(n_tables):
            frame = made_table(kind, seed)
            held = (frame["g"] == "few").to_numpy()
            set_aside = held & (np.random.default_rng(seed).random(len(frame)) > 2 * KEPT)
            rule = (Condition("g", "in", ["few"]),)
            judged = _both(frame, set_aside, rule, float(held.mean()), "y", ("g",), also_true=kind == "other")
            for source, repair, _ in judged:
                rows.setdefault((kind, source), []).append(repair)
    return [_counted(kind, source, repairs) for (kind, source), repairs in rows.items()]


def _counted(kind: str, source: str, repairs: list[Repair]) -> dict[str, Any]:
    told = [repair for repair in repairs if repair.over_nothing is not None and repair.over_weighting is not None]

    def above(of: Callable[[Repair], RepairGain | None]) -> int:
        return sum(((gain := of(repair)) is not None and (gain.ci.low or 0.0) > 0) for repair in told)

    def covers(of: Callable[[Repair], RepairGain | None]) -> float:
        gains = [gain for repair in told if (gain := of(repair)) is not None]
        true = float(np.mean([gain.value for gain in gains]))
        return float(np.mean([(gain.ci.low or 0.0) <= true <= (gain.ci.high or 0.0) for gain in gains]))

    return {
        "truth": kind,
        "rows": source,
        "tables": len(told),
        "said to help": sum(repair.outcome == "helps" for repair in told),
        "above nothing added": above(lambda repair: repair.over_nothing),
        "above weighted": above(lambda repair: repair.over_weighting),
        "intervals that hold the mean over tables": round(covers(lambda repair: repair.over_nothing), 3),
        "the same over weighting": round(covers(lambda repair: repair.over_weighting), 3),
    }


if __name__ == "__main__":
    main()
