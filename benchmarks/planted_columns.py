"""Protocol `planted_gaps`, the search over columns alone: many rules and many tables in one process, without a model.

The search against a reference and against independence reads columns; latents only add rules over latents. Both tables
are written to CSV and read as `fit` and `load_like` read them, so that kinds and levels are those of a run; no row is
set aside as an outlier, for there is no model that could say so.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import planting, record
from benchmarks.planting import Mask, Planted
from vaeaudit.analysis.coverage.against_reference import against_reference
from vaeaudit.analysis.coverage.baselines import against_independence
from vaeaudit.analysis.grouping.rules import apply_rule
from vaeaudit.analysis.rules.find import find_rules
from vaeaudit.config import AnalysisConfig, ReadConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.reading.load import load
from vaeaudit.data.reading.load_like import load_like
from vaeaudit.statistics.intervals import share_interval
from vaeaudit.wording.rules import describe

#: Rows of a table that take part.
MOST_ROWS = 5_000
_GENERATED_ROWS = 4_000
#: Levels of the column of many levels; the frequency of each falls with its rank (Zipf).
_LEVELS = 300
_CONFIG = AnalysisConfig()


def tables(data: Path) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the name and the rows of every table: those at hand, and three that are generated."""
    yield from tables_at_hand(data, MOST_ROWS)
    yield from _generated()


def tables_at_hand(data: Path, most_rows: int) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the name and the rows, or some of them, of four mixed tables."""
    cases = data.parent / "cases"
    for name, path in (
        ("adult", data / "tables/adult.csv"),
        ("german", data / "tables/german.csv"),
        ("compas", cases / "tables/compas.csv"),
        ("attrition", cases / "tables/attrition.csv"),
    ):
        frame = pd.read_csv(record.require(path.parent.parent, f"tables/{path.name}"), low_memory=False)
        yield name, frame.sample(min(len(frame), most_rows), random_state=0).reset_index(drop=True)


def _generated() -> Iterator[tuple[str, pd.DataFrame]]:
    rng = np.random.default_rng(0)
    share = 1 / np.arange(1, _LEVELS + 1)
    job = rng.choice([f"job {level}" for level in range(_LEVELS)], _GENERATED_ROWS, p=share / share.sum())
    age, sex = rng.integers(18, 80, _GENERATED_ROWS), rng.choice(["f", "m"], _GENERATED_ROWS)
    pay = rng.lognormal(8, 0.5, _GENERATED_ROWS).round()
    yield "300 levels", pd.DataFrame({"age": age, "sex": sex, "job": job, "pay": pay})
    yield "two columns", pd.DataFrame({"age": age, "job": job})
    holes = pd.DataFrame({"age": age.astype(float), "sex": sex, "job": job, "pay": pay})
    holes = holes.mask(rng.random(holes.shape) < 0.5)
    yield "half missing", holes.dropna(how="all").reset_index(drop=True)  # blank rows are left out when it is read


def halves(frame: pd.DataFrame, seed: int, *, planted: bool) -> tuple[pd.DataFrame, pd.DataFrame, Planted]:
    """Return a random half, of which nine tenths of the rows of a rule are deleted, the other half, and its gap."""
    rng = np.random.default_rng(seed)
    in_a = np.zeros(len(frame), dtype=bool)
    in_a[rng.permutation(len(frame))[: len(frame) // 2]] = True
    gap = _gap(_read(frame), rng) if planted else Planted("nothing", np.zeros(len(frame), dtype=bool))
    return frame[in_a & gap.kept(rng)], frame[~in_a], Planted(gap.rule, gap.rows[~in_a])


def against_other_half(frame: pd.DataFrame, seed: int, *, planted: bool) -> dict[str, Any]:
    """Hold a half with a gap, if one is planted, against the other half."""
    a, b, gap = halves(frame, seed, planted=planted)
    known, other, schema = _read_both(a, b)
    found = against_reference(known, other, schema, _CONFIG, baselines=2).shortages
    return result(gap.rule, [apply_rule(each.rule, other) for each in found], gap.rows)


def against_unrelated(frame: pd.DataFrame, seed: int) -> dict[str, Any]:
    """Delete nine tenths of the rows of a rule from the whole table, and ask what is short against independence."""
    rng = np.random.default_rng(seed)
    gap = _gap(_read(frame), rng)
    kept = gap.kept(rng)
    left = _read(frame[kept])
    rules = find_rules(left.frame, left.schema)
    found = against_independence(left.frame, left.schema, _CONFIG, rules=rules).shortages
    _, complete, _ = _as_read(left, frame)
    return result(gap.rule, [apply_rule(each.rule, complete) for each in found], gap.rows)


def asked_of_undamaged(frame: pd.DataFrame) -> list[str]:
    """Return, in words, the first questions that a table raises as it is: what a person judges by eye."""
    whole = _read(frame)
    rules = find_rules(whole.frame, whole.schema)
    found = against_independence(whole.frame, whole.schema, _CONFIG, rules=rules).shortages[: planting.FIRST]
    return [f"{each.observed} of {each.expected:.0f}: {describe(each.rule)}" for each in found]


def by_table(name: str, results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Sum up what was planted in one table, with Wilson's interval of the share found."""
    found = sum(result["rank"] is not None for result in results)
    return {"table": name, **planting.summary(results), "interval": _interval(found, len(results))}


def alarms(name: str, results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Count the audits with a false alarm, with Wilson's interval of their share."""
    wrong = sum(result["regions"] > 0 for result in results)
    return {
        "table": name,
        "audits": len(results),
        "with a false alarm": wrong,
        "interval": _interval(wrong, len(results)),
    }


def _interval(count: int, n: int) -> str:
    interval = share_interval(count, n, _CONFIG.confidence)
    return f"{interval.low:.3f} to {interval.high:.3f}"


def _gap(table: Dataset, rng: np.random.Generator) -> Planted:
    return planting.plant(table.frame, [column.name for column in table.schema if column.kind.can_be_modelled], rng)


def result(rule: str, found: Sequence[Mask], planted: Mask) -> dict[str, Any]:
    """Say at which rank the rows [N] of a rule were found among regions, and how well."""
    rank, agreement = planting.rank_of(found, planted)
    return {"rule": rule, "rank": rank, "f1": round(agreement, 3), "regions": len(found)}


def _read(frame: pd.DataFrame) -> Dataset:
    with tempfile.TemporaryDirectory() as folder:
        return load(_written(frame, Path(folder) / "a.csv"), ReadConfig())


def _read_both(frame: pd.DataFrame, other: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, Any]:
    return _as_read(_read(frame), other)


def _as_read(known: Dataset, other: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, Any]:
    with tempfile.TemporaryDirectory() as folder:
        met = load_like(_written(other, Path(folder) / "b.csv"), known.schema, ReadConfig()).as_met
    return known.frame, met, known.schema


def _written(frame: pd.DataFrame, path: Path) -> Path:
    frame.to_csv(path, index=False)
    return path
