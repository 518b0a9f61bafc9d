"""What checks and the verdict look at: the generated people, with measurements that a test plants one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from vaeaudit.analysis.checks.base import Seen
from vaeaudit.analysis.checks.measurements import Measurements
from vaeaudit.analysis.coverage.results import Region
from vaeaudit.analysis.duplicates.duplicates import Duplicates
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.labels.summary import LabelSummary
from vaeaudit.analysis.latents.model_summary import summarise_model
from vaeaudit.analysis.outliers.results import OutlierSummary
from vaeaudit.analysis.representation.representation import Representation
from vaeaudit.config import AnalysisConfig, ReadConfig
from vaeaudit.data.dataset import RowAccounting
from vaeaudit.data.population_shares import Population, PopulationColumn
from vaeaudit.data.reading.load import load
from vaeaudit.outputs.changes import Change, Stretch
from vaeaudit.outputs.region_rules import Condition, region_id
from vaeaudit.statistics.intervals import wilson
from vaeaudit.statistics.measures import Interval


@pytest.fixture(scope="session")
def healthy(people: AuditInputs) -> Measurements:
    """Measurements of the people in which there is nothing to be found."""
    return Measurements(
        rows=RowAccounting(1_000, 1_000, 0, 0),
        latents=(),
        outliers=OutlierSummary("score", 9.0, 0.05, 0, 1_000, (), (), np.zeros(101)),
        regions=(),
        regions_tested=500,
        representation=(),
        disparities=(),
        proxies=(),
        duplicates=Duplicates(0, 0, ()),
        model=summarise_model(people.codes, people.model, confidence=0.95),
        columns=(),
    )


@pytest.fixture(scope="session")
def seen_of(people: AuditInputs, healthy: Measurements) -> Callable[..., Seen]:
    """`seen_of(inputs=, config=, population=, **measured)`: what checks see; what is not named has nothing to find."""

    def see(
        *,
        inputs: AuditInputs = people,
        config: AnalysisConfig | None = None,
        population: Population | None = None,
        **measured: Any,
    ) -> Seen:
        return Seen(replace(healthy, **measured), inputs, config or AnalysisConfig(), population)

    return see


@pytest.fixture
def seen_as_read(seen_of: Callable[..., Seen]) -> Callable[..., Seen]:
    """`seen_as_read(columns, **options)`: what checks see of a table that was read and of which nothing was learned."""

    def see(columns: Mapping[str, Any], **options: Any) -> Seen:
        dataset = load(pd.DataFrame(columns), ReadConfig(**options))
        return seen_of(inputs=cast("Any", SimpleNamespace(frame=dataset.frame, schema=dataset.schema, pictures=None)))

    return see


@pytest.fixture(scope="session")
def of_pictures(people: AuditInputs) -> AuditInputs:
    """The same inputs as if their rows were pictures; no check looks into them."""
    return replace(people, pictures=cast("Any", SimpleNamespace()))


@pytest.fixture(scope="session")
def census() -> Population:
    """Shares of women and men."""
    return Population("census.csv", (PopulationColumn("sex", levels=("female", "male")),), (0.5, 0.5))


@pytest.fixture(scope="session")
def cell() -> Callable[..., Representation]:
    """`cell(n, total, reference=, status=, attributes=, group=)`: a group, or a combination of groups."""

    def make(
        n: int,
        total: int = 1_000,
        *,
        reference: float | None = None,
        status: Any = None,
        attributes: tuple[str, ...] = ("sex",),
        group: tuple[str, ...] = ("female",),
    ) -> Representation:
        low, high = (float(bound) for bound in wilson(n, total, 0.95))
        return Representation(
            attributes=attributes,
            group=group,
            n=n,
            share=n / total,
            ci=Interval(low, high, 0.95),
            baseline="balance" if reference is None else "population",
            reference_share=reference,
            ratio=None if reference is None else n / total / reference,
            p_adjusted=None if reference is None else 1e-6,
            status=status,
            rows=n,
            rule=tuple(Condition(attribute, "in", [level]) for attribute, level in zip(attributes, group, strict=True)),
        )

    return make


@pytest.fixture(scope="session")
def short_region() -> Callable[..., Region]:
    """`short_region(column=, high=, **fields)`: a region of 1 row instead of 80, `high` bounds its ratio from above."""

    def make(
        *, baseline: Any = "independence", column: str = "sex", level: str = "female", high: float = 0.6, **changes: Any
    ) -> Region:
        rule = (Condition("hours", "between", [60.0, None]), Condition(column, "in", [level]))
        fields: dict[str, Any] = {
            "id": region_id(baseline, rule),
            "baseline": baseline,
            "rule": rule,
            "latent_box": (),
            "observed": 1,
            "set_aside": 0,
            "expected": 80.4,
            "ratio": 1 / 80.4,
            "ci": Interval(0.001, high, 0.95),
            "p_adjusted": 1e-5,
            "rows_to_collect": 64,
            "rows_to_collect_range": (20, 64),
            "stability": None,
        }
        return Region(**(fields | changes))

    return make


@pytest.fixture(scope="session")
def change() -> Callable[..., Change]:
    """`change(column, share, at=, ci=, shape=, along=)`: 40 of 100 rows before, this share of 100 since."""

    def make(
        column: str = "paid",
        share: float = 1.0,
        *,
        at: str = "2014-04-02",
        ci: tuple[str, str] = ("2014-04-01", "2014-04-05"),
        shape: Any = "step",
        along: str = "asked",
    ) -> Change:
        before = Stretch("2013-01-01", "2014-04-01", 100, 40, 0.4, 0.3, 0.5)
        after = Stretch(at, "2014-12-31", 100, round(100 * share), share, 0.2, 1.0)
        rule, said = Condition(column, "in", ["yes"]), f"{column} is yes in some rows"
        return Change(along, (), column, "values", shape, at, ci, rule, (), before, after, 0.001, said)

    return make


@pytest.fixture
def seen_changes(seen_as_read: Callable[..., Seen]) -> Callable[..., Seen]:
    """`seen_changes(*changes)`: what checks see of payments by date in which these were found."""

    def see(*changes: Change) -> Seen:
        seen = seen_as_read({"asked": ["2014-01-01", "2014-01-02"] * 60, "paid": ["yes", "no"] * 60}, label="paid")
        label = LabelSummary("paid", None, changes=tuple(each for each in changes if each.column == "paid"))
        return replace(seen, measured=replace(seen.measured, changes=changes, labels=label))

    return see
