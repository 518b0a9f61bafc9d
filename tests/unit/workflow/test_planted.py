"""Gaps and wrong cells that are planted in copies are counted as an audit of the copies would tell them."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest

from vaeaudit.analysis.audit.audit import audit
from vaeaudit.analysis.labels.doubts import doubts_of
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Kind, Role
from vaeaudit.outputs.plantings import Planted
from vaeaudit.runs import documents
from vaeaudit.samples.planting import BrokenRows, DrawnRule
from vaeaudit.workflow.builder import rebuild
from vaeaudit.workflow.inputs import inputs_of
from vaeaudit.workflow.planted_gaps import DELETED, PlantedGaps, of_rows, plant_gaps, rank_of
from vaeaudit.workflow.planted_labels import FLIPPED, plant_labels
from vaeaudit.workflow.planted_rows import Verdicts, counted, plant_rows
from vaeaudit.workflow.power import plant_faults
from vaeaudit.workflow.reading import read_data


@pytest.fixture(scope="module")
def gaps(people: Any) -> PlantedGaps:
    return PlantedGaps.of(people, AnalysisConfig(bootstraps=0), None, seed=0)


def test_a_large_gap_in_unrelated_columns_is_told_and_none_where_nothing_is_deleted(gaps: PlantedGaps) -> None:
    frame = gaps.inputs.frame
    rows = (frame["region"] == "south").to_numpy() & (frame["sex"] == "male").to_numpy()
    rule = DrawnRule(("region", "sex"), rows)
    assert rank_of(gaps.known, rows) is None
    ranks = list(gaps.ranks(rule, np.random.default_rng(0)))
    assert len(ranks) == len(DELETED)
    assert ranks[0] is not None


def test_rules_of_the_table_and_what_is_told_already_are_not_planted(gaps: PlantedGaps) -> None:
    blocked = replace(gaps, known=(np.ones(len(gaps.inputs.frame), dtype=bool),))
    assert blocked.draw(np.random.default_rng(0), (0.5, 0.99)) is None


def test_each_size_is_counted_for_each_share_that_is_deleted_and_the_seed_decides(gaps: PlantedGaps) -> None:
    done: list[int] = []
    lines = plant_gaps(gaps, 1, 5, done.append)
    assert done == [1, 2]
    assert {line.share for line in lines} == set(DELETED)
    assert all(line.planted == 1 and line.kind == "independence" for line in lines)
    assert lines == plant_gaps(gaps, 1, 5, done.append)


def test_a_region_is_the_gap_where_their_rows_agree_by_half() -> None:
    planted = np.arange(10) < 4
    assert rank_of([np.arange(10) >= 4, np.arange(10) < 6], planted) == 2
    assert rank_of([np.arange(10) >= 3], planted) is None
    assert rank_of([], planted) is None


def test_some_rows_of_the_inputs_agree_with_each_other(people: Any) -> None:
    rows = np.array([5, 3, 8])
    taken = of_rows(people, rows)
    assert taken.row_ids.tolist() == people.row_ids[rows].tolist()
    assert np.array_equal(taken.codes.mean, people.codes.mean[rows])
    assert np.array_equal(taken.scores.outlier, people.scores.outlier[rows])
    assert taken.codes.columns == people.codes.columns


def test_a_named_cell_is_counted_among_the_rows_that_were_found() -> None:
    told = Verdicts(*(np.array(values, bool) for values in ([1, 1, 0], [0, 1, 1])))
    lines = {line.found_as: (line.found, line.planted) for line in counted("sentinel", np.ones(3, bool), told)}
    assert lines == {"first": (2, 3), "cell named": (1, 2)}


def test_more_cannot_be_found_than_was_planted() -> None:
    with pytest.raises(ValueError, match="at most planted"):
        Planted("broken row", "sentinel", 0.01, (), "first", 1, 2)


def test_wrong_cells_that_are_impossible_are_found_by_the_fitted_model(
    fitted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = fitted.run
    dataset, _ = read_data(fitted.folder / "people.csv", run.config.read, seed=0)
    inputs = inputs_of(run, run.config.analysis)

    def far_away(frame: Any, columns: Any, source: Any, rng: Any) -> BrokenRows:
        rows = np.sort(source)[:12]
        number = next(column.name for column in run.schema.modelled if column.kind.is_numeric)
        broken = frame.iloc[rows].reset_index(drop=True)
        broken[number] = 1e6
        return BrokenRows(broken, rows, ("unit slip",) * 12, ((number,),) * 12)

    monkeypatch.setattr("vaeaudit.workflow.planted_rows.plant_errors", far_away)
    lines = {line.found_as: line for line in plant_rows(rebuild(run), dataset, inputs, seed=1)}
    assert lines["first"].found > 6  # more than half of 12; not every one outranks what is broken in the table already
    # The fixture's network is small and briefly trained: what it says of the other cells of such a row is not much.
    assert 2 * lines["cell named"].found > lines["cell named"].planted > 0


def test_flipped_labels_that_a_column_tells_come_first(build: Any) -> None:
    rng = np.random.default_rng(0)
    dose = rng.normal(size=600)
    label = np.where(dose + rng.normal(0, 0.4, 600) > 0, "ill", "well")
    columns = {"dose": (dose, Kind.REAL), "state": (label, Kind.BOOLEAN, Role.LABEL)}
    inputs = build(columns, rng.normal(size=(600, 2)))
    inputs = replace(inputs, label_doubts=doubts_of(inputs))
    lines = plant_labels(inputs, 1, lambda done: None)
    assert [line.share for line in lines] == list(FLIPPED)
    assert all(line.planted >= 6 for line in lines)
    assert lines[-1].found > 0.3 * lines[-1].planted
    assert not plant_labels(replace(inputs, label_doubts=None), 1, lambda done: None)


def test_a_run_keeps_what_was_planted_and_the_audit_tells_it(fitted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run = fitted.run
    monkeypatch.setattr("vaeaudit.workflow.power.RULES", 1)
    dataset, _ = read_data(fitted.folder / "people.csv", run.config.read, seed=0)
    inputs, heard = inputs_of(run, run.config.analysis), []
    planted = plant_faults(rebuild(run), dataset, inputs, None, heard.append)
    assert [progress.done for progress in heard] == sorted({progress.done for progress in heard})
    assert heard[-1].done == heard[-1].total
    assert documents.POWER.parse(documents.json.dumps(asdict(planted))) == planted
    results = audit(replace(inputs, plantings=planted), run.config.analysis)
    assert sum(line.planted for line in results.power) == sum(line.planted for line in planted.counts)
    assert {gap.attribute for gap in results.smallest_gaps} == {"sex", "age"}
    told = {check.code: check.detectable for check in results.checks}
    assert "planted in copies of this data" in told["VA203"]
    assert {line.fault for line in results.power} >= {"gap", "broken row"}
    assert not audit(inputs, run.config.analysis).power
