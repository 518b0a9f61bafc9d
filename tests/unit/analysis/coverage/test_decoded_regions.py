"""What is decoded in a region is told in the columns that set it apart, and never as the rule over again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from vaeaudit.analysis.coverage.descriptions import MOST_COLUMNS, USUAL, with_decoded
from vaeaudit.analysis.coverage.results import Region
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.data.schema.columns import Kind
from vaeaudit.outputs.region_rules import Condition, region_key

RegionOf = Callable[..., Region]


@pytest.fixture
def workers(build: Callable[..., AuditInputs]) -> AuditInputs:
    rng, n_rows = np.random.default_rng(0), 400
    return build(
        {
            "age": (rng.normal(40, 10, n_rows), Kind.REAL),
            "job": (rng.choice(["clerk", "clerk", "clerk", "nurse"], n_rows), Kind.CATEGORY),
            "joined": (np.datetime64("2020-01-01") + rng.integers(0, 300, n_rows), Kind.DATETIME),
        },
        rng.normal(size=(n_rows, 2)),
    )


def decoded_cells(inputs: AuditInputs, age: float, job: float, joined: str) -> np.ndarray:
    values = {"age": age, "job": job, "joined": float(np.datetime64(joined, "s").astype(np.int64))}
    return np.tile([values[name] for name in inputs.codes.columns], (6, 1))


def told(inputs: AuditInputs, region: Region, cells: np.ndarray) -> dict[str, str]:
    usual = (
        np.tile(decoded_cells(inputs, 40.0, 0.0, "2020-05-30"), (10, 1)) if "age" in inputs.codes.columns else 0 * cells
    )
    (found,) = with_decoded([region], inputs, {region_key(region): cells, USUAL: usual})
    return dict(found.decoded)


def test_columns_that_are_decoded_otherwise_than_usual_are_told(workers: AuditInputs, region_of: RegionOf) -> None:
    cells = decoded_cells(workers, 75.0, 1.0, "2020-05-30")
    said = told(workers, region_of(Condition("joined", "between", [None, "2020-02-01"])), cells)
    assert set(said) == {"age", "job"}
    assert said["age"].startswith("75")
    assert said["job"] == "nurse"


def test_the_columns_of_the_rule_are_not_told_again(workers: AuditInputs, region_of: RegionOf) -> None:
    cells = decoded_cells(workers, 75.0, 1.0, "2020-05-30")
    said = told(workers, region_of(Condition("age", "between", [70.0, None])), cells)
    assert "age" not in said


def test_what_is_as_usual_is_not_told(workers: AuditInputs, region_of: RegionOf) -> None:
    cells = decoded_cells(workers, 40.0, 0.0, "2020-05-30")
    assert told(workers, region_of(Condition("age", "between", [70.0, None])), cells) == {}


def test_a_region_that_was_not_decoded_stays_as_it_is(workers: AuditInputs, region_of: RegionOf) -> None:
    region = region_of(Condition("age", "between", [70.0, None]))
    assert with_decoded([region], workers, {}) == (region,)
    assert with_decoded([region], workers, {"another": np.zeros((6, 3))}) == (region,)


def test_cells_that_are_not_known_are_not_told(workers: AuditInputs, region_of: RegionOf) -> None:
    cells = decoded_cells(workers, np.nan, np.nan, "2020-05-30")
    assert told(workers, region_of(Condition("joined", "missing", None)), cells) == {}


def test_no_more_columns_are_told_than_can_be_read(build: Callable[..., AuditInputs], region_of: RegionOf) -> None:
    rng, names = np.random.default_rng(0), [f"c{place}" for place in range(MOST_COLUMNS + 3)]
    inputs = build({name: (rng.normal(size=300), Kind.REAL) for name in names}, rng.normal(size=(300, 2)))
    said = told(inputs, region_of(Condition("c0", "between", [3.0, None])), np.full((6, len(names)), 9.0))
    assert len(said) == MOST_COLUMNS
