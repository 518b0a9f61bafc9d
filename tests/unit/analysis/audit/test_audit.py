from __future__ import annotations

import json
import pkgutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from vaeaudit import analysis
from vaeaudit.analysis.audit.audit import Found, audit, find
from vaeaudit.analysis.audit.results import AuditResults, answers_of
from vaeaudit.analysis.checks.registry import all_checks
from vaeaudit.analysis.conclusions import subject
from vaeaudit.analysis.grouping.rules import apply_rule
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.outliers.summary import flagged_table
from vaeaudit.analysis.quality.columns import QuarantinedRecord
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.dataset import RowAccounting
from vaeaudit.data.population_shares import Population, PopulationColumn
from vaeaudit.data.schema.columns import Kind, Role
from vaeaudit.errors import InputError
from vaeaudit.wording.phrases import plural

CONFIG = AnalysisConfig()
ANCHORS = {
    "label",
    "missing",
    "representation",
    "regions",
    "outliers",
    "disparities",
    "proxies",
    "duplicates",
    "latents",
    "quality",
}


@pytest.fixture(scope="module")
def few(build) -> AuditInputs:
    """Rows enough to be audited, for what does not depend on what is found."""
    rng = np.random.default_rng(1)
    table = {"a": (rng.normal(size=300), Kind.REAL), "sex": (["m", "f"] * 150, Kind.CATEGORY, Role.SENSITIVE)}
    return build(table, rng.normal(size=(300, 2)))


@pytest.fixture(scope="module")
def found(few) -> Found:
    return find(few, CONFIG)


@pytest.fixture(scope="module")
def results(people) -> AuditResults:
    return audit(people, CONFIG)


def test_what_was_planted_is_what_is_found(results):
    found = {finding.id: finding for finding in results.findings}
    planted = {f"VA451-{subject('sex', 'hired = yes')}", "VA303-sex", "VA501-sex", "VA602", "VA301"}
    assert planted <= set(found)
    assert "VA103" not in {finding.code for finding in results.findings}
    assert found["VA602"].evidence["copies"] == 20


def test_a_score_that_exists_is_compared_between_groups_from_its_threshold_on(build):
    rng = np.random.default_rng(2)
    race, again = rng.choice(["a", "b"], 1_500), rng.uniform(size=1_500) < 0.45
    score = np.clip(np.round(rng.normal(4 + 1.5 * again + 2 * (race == "a"), 2)), 1, 10)
    table = {
        "age": (rng.integers(18, 70, 1_500), Kind.COUNT),
        "race": (race, Kind.CATEGORY, Role.SENSITIVE),
        "again": (np.where(again, "1", "0"), Kind.BOOLEAN, Role.LABEL),
        "decile": (score, Kind.COUNT, Role.PREDICTION),
    }
    found = audit(build(table, rng.normal(size=(1_500, 2))), AnalysisConfig(threshold=5.0))
    first, second = found.predictions.groups
    assert first.rate("false_positive").rate == np.mean(score[(race == "a") & ~again] >= 5)
    assert second.rate("false_negative").rate == np.mean(score[(race == "b") & again] < 5)
    told = next(finding for finding in found.findings if finding.code == "VA452")
    assert (told.id, told.severity, told.anchor) == ("VA452-race", "high", "predictions")


def test_every_check_has_an_answer_and_the_run_keeps_it_with_the_verdict(results):
    assert [result.code for result in results.checks] == list(all_checks())
    kept = answers_of(results)
    assert (kept["verdict"], kept["sentence"]) == (results.verdict.status, results.verdict.sentence)
    assert [entry["state"] for entry in kept["checks"]] == [result.state for result in results.checks]
    assert json.loads(json.dumps(kept)) == kept


def test_what_a_finding_counts_first_is_what_its_rule_picks(people, results):
    ruled = [finding for finding in results.findings if finding.rule and finding.kind == "region"]
    for finding in ruled:
        assert finding.title.startswith(plural(int(apply_rule(finding.rule, people.frame).sum()), "row"))


def test_every_finding_can_be_acted_on_placed_and_written_as_strict_json(results):
    assert len({finding.id for finding in results.findings}) == len(results.findings)
    for finding in results.findings:
        assert finding.title and finding.action.endswith(".")
        assert finding.anchor in ANCHORS | {"model"}
        assert json.loads(json.dumps(finding.evidence, allow_nan=False)) is not None
        assert finding.severity == "info" or "ci" in finding.evidence or "problems" in finding.evidence


def test_the_accounting_and_the_quarantine_are_handed_on(people, results):
    assert results.rows == RowAccounting(1_503, 1_500, 3, 0)
    assert results.quarantine[0] == QuarantinedRecord("people.csv", 7, "3 cells, expected 8")
    assert "Read as UTF-8." in results.notes
    assert len(set(results.notes)) == len(results.notes)


def test_the_same_seed_gives_the_same_results(people, results):
    again = audit(people, CONFIG)
    assert again.findings == results.findings
    assert again.proxies == results.proxies
    assert again.verdict == results.verdict
    assert np.array_equal(again.latent_map.x, results.latent_map.x)


def test_what_was_found_already_is_used(few, found):
    proxies = replace(found.proxies, proxies=found.proxies.proxies[:1], notes=("Measured before.",))
    before = replace(found, search=replace(found.search, tested=7), proxies=proxies)
    results = audit(few, CONFIG, found=before)
    assert results.regions_tested == 7
    assert results.proxies == proxies.proxies
    assert "Measured before." in results.notes


def test_with_a_population_representation_is_judged(people):
    population = Population("census.csv", (PopulationColumn("sex", levels=("female", "male")),), (0.5, 0.5))
    judged = audit(people, CONFIG, population)
    assert judged.verdict.status == "fail"
    assert "VA101-sex" in {finding.id for finding in judged.findings}
    assert ("VA101", "fail") in {(reason.code, reason.effect) for reason in judged.verdict.checks}


def test_no_rows_at_all_are_an_error_that_says_where_to_look(build):
    inputs = build({"x": (np.empty(0), Kind.REAL)}, np.empty((0, 2)))
    with pytest.raises(InputError, match=r"quarantine\.csv"):
        audit(inputs, CONFIG)


RNG = np.random.default_rng(0)
DEGENERATE = {
    "one row": ({"a": ([1.0], Kind.REAL), "sex": (["m"], Kind.CATEGORY, Role.SENSITIVE)}, np.zeros((1, 2))),
    "thirty rows": (
        {"a": (RNG.normal(size=30), Kind.REAL), "sex": (["m", "f"] * 15, Kind.CATEGORY, Role.SENSITIVE)},
        RNG.normal(size=(30, 2)),
    ),
    "no active latent": (
        {"a": (RNG.normal(size=300), Kind.REAL), "sex": (["m", "f"] * 150, Kind.CATEGORY, Role.SENSITIVE)},
        np.zeros((300, 3)),
    ),
    "one active latent, nothing sensitive, no label": (
        {"a": (RNG.normal(size=300), Kind.REAL)},
        np.stack([RNG.normal(size=300), np.zeros(300)], axis=1),
    ),
    "a group of one": (
        {
            "a": (RNG.normal(size=300), Kind.REAL),
            "sex": (["m"] * 299 + ["f"], Kind.CATEGORY, Role.SENSITIVE),
            "y": (["yes", "no"] * 150, Kind.BOOLEAN, Role.LABEL),
        },
        RNG.normal(size=(300, 2)),
    ),
    "a sensitive column nine tenths missing": (
        {
            "a": (RNG.normal(size=400), Kind.REAL),
            "sex": ((["m", "f"] + [None] * 18) * 20, Kind.CATEGORY, Role.SENSITIVE),
            "y": (["yes", "no"] * 200, Kind.BOOLEAN, Role.LABEL),
        },
        RNG.normal(size=(400, 2)),
    ),
    "a sensitive column and a label without any value": (
        {
            "a": (RNG.normal(size=300), Kind.REAL),
            "age": (np.full(300, np.nan), Kind.REAL, Role.SENSITIVE),
            "y": ([None] * 300, Kind.CATEGORY, Role.LABEL),
        },
        RNG.normal(size=(300, 2)),
    ),
    "all rows alike": (
        {"a": (np.ones(300), Kind.COUNT), "sex": (["f"] * 300, Kind.CATEGORY, Role.SENSITIVE)},
        np.zeros((300, 2)),
    ),
    "a sensitive column of names": (
        {"a": (RNG.normal(size=300), Kind.REAL), "who": ([f"p{k}" for k in range(300)], Kind.TEXT, Role.SENSITIVE)},
        RNG.normal(size=(300, 2)),
    ),
    "a sensitive date and a numeric label": (
        {
            "a": (RNG.normal(size=300), Kind.REAL),
            "born": (pd.date_range("1960-01-01", periods=300, freq="20D"), Kind.DATETIME, Role.SENSITIVE),
            "y": (RNG.normal(size=300), Kind.REAL, Role.LABEL),
        },
        RNG.normal(size=(300, 2)),
    ),
}


@pytest.mark.parametrize("case", DEGENERATE)
def test_poor_inputs_are_answered_in_words(build, case):
    table, mean = DEGENERATE[case]
    inputs = build(table, mean)
    found = audit(inputs, CONFIG)
    assert found.verdict.sentence.endswith(".")
    assert "nan" not in found.verdict.sentence.lower()
    for finding in found.findings:
        json.dumps(finding.evidence, allow_nan=False)
        assert "nan" not in finding.title.split()
    assert flagged_table(inputs).empty


def test_all_rows_flagged_or_none_held_out_are_answered_too(build):
    table = {"a": (RNG.normal(size=300), Kind.REAL), "sex": (["m", "f"] * 150, Kind.CATEGORY, Role.SENSITIVE)}
    every = build(
        table, RNG.normal(size=(300, 2)), outlier=np.ones(300, dtype=bool), held_out=np.zeros(300, dtype=bool)
    )
    found = audit(every, CONFIG)
    assert (found.verdict.status, found.outliers.flagged) == ("fail", 300)


def test_hostile_names_and_cells_are_carried_as_text(build):
    evil = "</script><img src=x onerror=alert(1)>"
    table = {
        evil: (["=HYPERLINK(1)", evil] * 200, Kind.CATEGORY, Role.SENSITIVE),
        "x": (RNG.normal(size=400), Kind.REAL),
        "y": (["yes", "no"] * 200, Kind.BOOLEAN, Role.LABEL),
    }
    found = audit(build(table, RNG.normal(size=(400, 2))), CONFIG)
    assert {cell.attributes for cell in found.representation} == {(evil,)}
    assert all(set("<>\"'=/ ").isdisjoint(finding.id) for finding in found.findings)


def test_data_without_anything_in_it_seldom_yields_a_finding_that_a_test_made(build):
    tested = 0
    for seed in range(6):
        rng = np.random.default_rng(seed)
        table = {
            "a": (rng.normal(size=800), Kind.REAL),
            "b": (rng.choice(["p", "q", "r"], 800), Kind.CATEGORY),
            "sex": (rng.choice(["f", "m"], 800), Kind.CATEGORY, Role.SENSITIVE),
            "race": (rng.choice(["u", "v", "w"], 800), Kind.CATEGORY, Role.SENSITIVE),
            "y": (rng.choice(["no", "yes"], 800), Kind.BOOLEAN, Role.LABEL),
        }
        flagged = rng.uniform(size=800) < 0.02
        found = audit(build(table, rng.normal(size=(800, 3)), outlier=flagged, seed=seed), CONFIG).findings
        tested += sum(finding.code not in ("VA301", "VA703") for finding in found)
    assert tested <= 2


def test_a_quarantine_of_any_length_is_cut_to_its_first_rows(few, found):
    long = pd.DataFrame({"file": "f.csv", "row": range(500), "reason": "bad"})
    accounting = RowAccounting(800, 300, 500, 0)
    listed = audit(replace(few, quarantine=long, accounting=accounting), CONFIG, found=found).quarantine
    assert len(listed) == 100


def test_analysis_runs_without_tensorflow(fresh_imports):
    names = {entry.name for entry in pkgutil.walk_packages(analysis.__path__, "vaeaudit.analysis.")}
    assert "vaeaudit.analysis.audit.audit" in names
    assert names <= fresh_imports["analysis"]
    assert fresh_imports["analysis"].isdisjoint({"tensorflow", "keras"})
