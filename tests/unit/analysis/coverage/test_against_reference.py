from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vaeaudit.analysis.coverage.against_reference import against_reference
from vaeaudit.analysis.grouping.rules import apply_rule
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Column, Kind, Role, Schema
from vaeaudit.outputs.region_rules import Condition

CONFIG = AnalysisConfig()


def columns(n_rows: int, seed: int = 0) -> dict[str, tuple[Any, ...]]:
    """Columns that depend on one another, one of them with missing values."""
    rng = np.random.default_rng(seed)
    age = np.clip(rng.normal(40, 13, n_rows).round(), 17, 90)
    job = rng.choice(list("abcdefgh"), n_rows, p=np.arange(8, 0, -1) / 36)
    hours = np.where(rng.random(n_rows) < 0.4, 40, (rng.normal(38, 9, n_rows) + 3 * (job == "b")).round())
    pay = np.exp(10 + age / 80 + rng.normal(0, 0.5, n_rows)).round()
    return {
        "age": (age, Kind.COUNT, Role.SENSITIVE),
        "sex": (rng.choice(["f", "m"], n_rows, p=[0.4, 0.6]), Kind.CATEGORY, Role.SENSITIVE),
        "job": (job, Kind.CATEGORY),
        "hours": (hours, Kind.REAL),
        "pay": (np.where(rng.random(n_rows) < 0.1, np.nan, pay), Kind.POSITIVE),
        "city": (rng.choice(list("uvwxyz"), n_rows), Kind.CATEGORY),
        "hired": (np.where(rng.random(n_rows) < 0.3 + 0.2 * (job == "a"), "yes", "no"), Kind.BOOLEAN, Role.LABEL),
    }


RULES: dict[str, tuple[Condition, ...]] = {
    "a range of two columns": (Condition("age", "between", [33.0, 43.0]), Condition("hours", "between", [None, 37.0])),
    "levels and a range": (Condition("job", "in", ["b", "c"]), Condition("age", "between", [50.0, None])),
    "sensitive and label": (Condition("sex", "in", ["f"]), Condition("hired", "in", ["yes"]),
                            Condition("city", "in", ["v", "x"])),
    "missing values": (Condition("pay", "missing", None), Condition("sex", "in", ["m"])),
    "one column": (Condition("job", "in", ["e"]),),
}  # fmt: skip


Halves = Callable[..., tuple[pd.DataFrame, pd.DataFrame, Schema]]


@pytest.fixture
def halves(build: Callable[..., Any]) -> Halves:
    """`halves(seed, n_rows)`: random halves of one table, and its schema."""

    def split(seed: int, n_rows: int = 12_000) -> tuple[pd.DataFrame, pd.DataFrame, Schema]:
        inputs = build(columns(n_rows, seed), np.zeros((n_rows, 1)))
        first = np.random.default_rng(seed + 100).random(n_rows) < 0.5
        halves = (inputs.frame[side].reset_index(drop=True) for side in (first, ~first))
        return next(halves), next(halves), inputs.schema

    return split


def thinned(frame: pd.DataFrame, rule: tuple[Condition, ...], seed: int) -> pd.DataFrame:
    gone = apply_rule(rule, frame) & (np.random.default_rng(seed).random(len(frame)) < 0.9)
    return frame[~gone].reset_index(drop=True)


@pytest.mark.parametrize("name", RULES)
def test_a_planted_gap_comes_first_with_its_exact_edges_and_alone(halves: Halves, name: str) -> None:
    rule = RULES[name]
    audited, reference, schema = halves(3)
    (found, *more) = against_reference(thinned(audited, rule, 0), reference, schema, CONFIG).shortages
    planted, named = apply_rule(rule, reference), apply_rule(found.rule, reference)
    assert 2 * (planted & named).sum() / (planted.sum() + named.sum()) > 0.9
    assert len(found.rule) <= len(rule)
    assert not more
    assert found.observed == apply_rule(found.rule, thinned(audited, rule, 0)).sum()
    assert found.ci.high < CONFIG.min_ratio
    assert 1 <= found.rows_to_collect[0] <= found.rows_to_collect[1]


def test_two_gaps_are_two_regions(halves: Halves) -> None:
    audited, reference, schema = halves(4)
    rules = [RULES["levels and a range"], RULES["sensitive and label"]]
    for seed, rule in enumerate(rules):
        audited = thinned(audited, rule, seed)
    found = against_reference(audited, reference, schema, CONFIG).shortages
    assert len(found) == 2
    for rule in rules:
        planted = apply_rule(rule, reference)
        overlap = [2 * (planted & named).sum() / (planted.sum() + named.sum())
                   for named in (apply_rule(entry.rule, reference) for entry in found)]  # fmt: skip
        assert sum(value > 0.9 for value in overlap) == 1


def test_halves_of_one_table_give_no_region(halves: Halves) -> None:
    alarms = 0
    for seed in range(12):
        audited, reference, schema = halves(seed, 4_000)
        alarms += bool(against_reference(audited, reference, schema, CONFIG).shortages)
    assert alarms == 0


def test_collecting_what_is_asked_for_reaches_the_tolerance_from_either_end(halves: Halves) -> None:
    audited, reference, schema = halves(3)
    audited = thinned(audited, RULES["one column"], 0)
    (found,) = against_reference(audited, reference, schema, CONFIG).shortages
    share = apply_rule(found.rule, reference).sum() / len(reference)
    for ratio, rows in zip((found.ci.high, found.ci.low), found.rows_to_collect, strict=True):
        reached = (ratio * found.expected + rows) / ((len(audited) + rows) * share)
        one_less = (ratio * found.expected + rows - 1) / ((len(audited) + rows - 1) * share)
        assert one_less < CONFIG.min_ratio <= reached + 1e-9


def test_a_rule_names_a_latent_only_where_columns_do_not_tell(halves: Halves) -> None:
    audited, reference, schema = halves(5)
    rng = np.random.default_rng(0)
    shadow = [frame.assign(z_0=frame["age"] + rng.normal(0, 0.5, len(frame))) for frame in (audited, reference)]

    wider = Schema((*schema.columns, Column("z_0", Kind.REAL, in_model=False)))
    rule = RULES["levels and a range"]
    found = against_reference(thinned(shadow[0], rule, 0), shadow[1], wider, CONFIG, latents=frozenset({"z_0"}))
    assert {condition.column for condition in found.shortages[0].rule} == {"job", "age"}


@pytest.mark.parametrize("n_reference", [0, 1, 5])
def test_a_tiny_reference_is_no_error(halves: Halves, n_reference: int) -> None:
    audited, reference, schema = halves(6, 2_000)
    found = against_reference(audited, reference.head(n_reference), schema, CONFIG)
    assert found.shortages == ()
    assert n_reference or "No row was left" in found.notes[0]


def test_a_table_against_itself_is_not_short(halves: Halves) -> None:
    audited, _, schema = halves(7, 3_000)
    assert against_reference(audited, audited, schema, CONFIG).shortages == ()


def test_rows_that_are_all_alike_and_constant_references_are_no_error(halves: Halves) -> None:
    audited, reference, schema = halves(8, 2_000)
    alike = pd.concat([audited.head(1)] * 500, ignore_index=True)
    assert against_reference(alike, alike, schema, CONFIG).shortages == ()
    constant = reference.assign(hours=40.0)
    found = against_reference(audited, constant, schema, CONFIG).shortages
    assert found[0].rule[0].column == "hours"


def test_a_column_with_a_level_that_only_the_reference_has_shows_the_level_as_empty(halves: Halves) -> None:
    audited, reference, schema = halves(9)
    without = audited[audited["city"] != "w"].reset_index(drop=True)
    first = against_reference(without, reference, schema, CONFIG).shortages[0]
    assert first.rule == (Condition("city", "in", ["w"]),)
    assert first.observed == 0
    assert 0 < first.ci.high < 0.1


def test_date_times_and_wide_tables_are_searched_too(build: Callable[..., Any]) -> None:
    rng = np.random.default_rng(0)
    n_rows = 3_000
    wide: dict[str, tuple[Any, ...]] = {f"x{place}": (rng.normal(size=n_rows), Kind.REAL) for place in range(33)}
    wide["since"] = (pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 1_000, n_rows), "D"), Kind.DATETIME)
    inputs = build(wide, np.zeros((n_rows, 1)))
    frame, schema = inputs.frame, inputs.schema
    first = rng.random(n_rows) < 0.5
    rule = (Condition("since", "between", [None, "2020-07-01"]),)
    audited = thinned(frame[first].reset_index(drop=True), rule, 0)
    found = against_reference(audited, frame[~first].reset_index(drop=True), schema, CONFIG)
    assert [condition.column for condition in found.shortages[0].rule] == ["since"]
    assert any("that differ most" in note for note in found.notes)
