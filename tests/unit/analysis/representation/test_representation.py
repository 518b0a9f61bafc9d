from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from vaeaudit.analysis.grouping.groups import MISSING_LABEL
from vaeaudit.analysis.representation import representation
from vaeaudit.analysis.representation.representation import OUTSIDE_LABEL, assess_representation
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.population_shares import Population, PopulationColumn
from vaeaudit.data.schema.columns import Kind, Role

CONFIG = AnalysisConfig()
SEX = PopulationColumn("sex", levels=("female", "male"))
AGE = PopulationColumn("age", intervals=((15.0, 40.0), (40.0, None)))


@pytest.fixture
def people_of(build):
    def built(**columns):
        kinds = {"sex": Kind.CATEGORY, "race": Kind.CATEGORY, "city": Kind.CATEGORY, "age": Kind.REAL}
        table = {name: (values, kinds[name], Role.SENSITIVE) for name, values in columns.items()}
        rows = len(next(iter(columns.values())))
        inputs = build(table, np.zeros((rows, 1)))
        return inputs.frame, inputs.schema

    return built


def by_group(table, *attributes):
    return {cell.group: cell for cell in table.cells if cell.attributes == attributes}


def repeated(**counts):
    return [level for level, count in counts.items() for _ in range(count)]


def test_without_a_population_groups_are_described_and_not_judged(people_of):
    cells = by_group(assess_representation(*people_of(sex=repeated(female=30, male=70)), CONFIG), "sex")
    female = cells["female",]
    assert (female.n, female.share, female.baseline) == (30, 0.3, "balance")
    assert female.ci.low < 0.3 < female.ci.high
    assert (female.reference_share, female.ratio, female.p_adjusted, female.status) == (None, None, None, None)


def test_every_cell_of_the_full_product_is_listed_the_empty_ones_first(people_of):
    frame, schema = people_of(sex=["f", "f", "m"], race=["a", "b", "a"], city=["x", "y", "x"])
    table = assess_representation(frame, schema, CONFIG)
    assert len(by_group(table, "sex", "race")) == 4
    assert len(by_group(table, "sex", "race", "city")) == 8
    triple = [cell.n for cell in table.cells if len(cell.attributes) == 3]
    assert triple == sorted(triple, key=lambda n: n > 0)
    assert sum(triple) == 3


@pytest.mark.parametrize(
    ("female", "status"), [(200, "under"), (800, "over"), (480, "ok"), (420, "inconclusive"), (395, "inconclusive")]
)
def test_a_status_needs_the_whole_interval(people_of, female, status):
    population = Population("p.csv", (SEX,), (0.5, 0.5))
    frame, schema = people_of(sex=repeated(female=female, male=1_000 - female))
    cell = by_group(assess_representation(frame, schema, CONFIG, population), "sex")["female",]
    assert cell.status == status
    assert cell.ratio == pytest.approx(female / 500)


def test_the_p_value_is_the_exact_binomial_one_times_holms_factor(people_of):
    population = Population("p.csv", (SEX,), (0.3, 0.7))
    frame, schema = people_of(sex=repeated(female=20, male=80))
    cell = by_group(assess_representation(frame, schema, CONFIG, population), "sex")["female",]
    assert cell.p_adjusted == pytest.approx(2 * 2 * stats.binom.cdf(20, 100, 0.3))


def test_groups_drawn_from_the_population_are_seldom_called_short(people_of):
    rng = np.random.default_rng(0)
    population = Population("p.csv", (SEX, AGE), (0.1, 0.2, 0.3, 0.4))
    judged = 0
    for _ in range(40):
        cell = rng.choice(4, size=1_500, p=population.shares)
        frame, schema = people_of(
            sex=np.array(["female", "male"])[cell // 2], age=np.where(cell % 2, 60.0, 20.0) + rng.uniform(size=1_500)
        )
        table = assess_representation(frame, schema, CONFIG, population)
        judged += any(cell.status in ("under", "over") for cell in table.cells)
    assert judged <= 1


def test_rows_outside_the_population_are_set_aside_counted_and_listed(people_of):
    population = Population("p.csv", (SEX, AGE), (0.25, 0.25, 0.25, 0.25))
    frame, schema = people_of(sex=["female", "female", "male", "male", "other", None], age=[20.0, 50, 20, 14, 30, 30])
    table = assess_representation(frame, schema, CONFIG, population)
    sexes = by_group(table, "sex")
    assert sexes["female",].share == pytest.approx(2 / 3)
    assert (sexes["other",].n, sexes["other",].baseline, sexes["other",].status) == (1, "balance", None)
    assert sexes[MISSING_LABEL,].share == pytest.approx(1 / 6)
    assert by_group(table, "age")[OUTSIDE_LABEL,].n == 1
    (note,) = table.notes
    assert note.startswith("3 of 6 rows lie outside")
    assert "such as other" in note
    assert "such as 14" in note


def test_a_cell_without_reference_rows_or_data_rows_gives_no_nan(people_of):
    population = Population("p.csv", (SEX,), (0.0, 1.0))
    for females in (0, 40):
        frame, schema = people_of(sex=repeated(female=females, male=60))
        cell = by_group(assess_representation(frame, schema, CONFIG, population), "sex")["female",]
        assert cell.ratio is None
        assert cell.status == ("over" if females else "ok")
    none, schema = people_of(sex=repeated(male=1))
    table = assess_representation(none.iloc[:0], schema, CONFIG, population)
    assert {cell.status for cell in table.cells if cell.attributes == ("sex",)} <= {"ok", "inconclusive"}


def test_combinations_that_the_population_does_not_list_are_not_judged(people_of):
    population = Population("p.csv", (SEX, AGE), (0.5, 0.5, None, None))
    frame, schema = people_of(sex=["female", "male"] * 20, age=[20.0, 60.0] * 20)
    table = assess_representation(frame, schema, CONFIG, population)
    assert by_group(table, "sex", "age")["male", ">= 40"].status is None
    assert by_group(table, "sex")["male",].status is None


def test_attribute_sets_beyond_the_population_are_described_only(people_of):
    population = Population("p.csv", (SEX,), (0.5, 0.5))
    frame, schema = people_of(sex=["female", "male"] * 20, race=["a", "b"] * 20)
    cells = by_group(assess_representation(frame, schema, CONFIG, population), "sex", "race")
    assert {cell.baseline for cell in cells.values()} == {"balance"}


def test_too_many_cells_are_not_listed_and_that_is_said(people_of, monkeypatch):
    monkeypatch.setattr(representation, "MAX_CELLS_PER_SET", 3)
    frame, schema = people_of(sex=["f", "m"], race=["a", "b"], city=["x", "y"])
    table = assess_representation(frame, schema, CONFIG)
    assert {len(cell.attributes) for cell in table.cells} == {1}
    assert "The 4 combinations of sex x race are too many to list." in table.notes


def test_without_sensitive_columns_there_is_nothing_to_list(build):
    inputs = build({"pay": ([1.0, 2.0], Kind.REAL)}, np.zeros((2, 1)))
    assert assess_representation(inputs.frame, inputs.schema, CONFIG).cells == ()


def test_shares_are_those_of_the_weights_and_intervals_of_what_rows_are_worth(people_of):
    population = Population("p.csv", (SEX,), (0.5, 0.5))
    frame, schema = people_of(sex=repeated(female=300, male=700))
    weight = np.where(frame["sex"] == "female", 7 / 3, 1.0)
    plain = by_group(assess_representation(frame, schema, CONFIG, population), "sex")["female",]
    weighted = by_group(assess_representation(frame, schema, CONFIG, population, weight=weight), "sex")["female",]
    assert (plain.status, weighted.status) == ("under", "ok")
    assert weighted.share == pytest.approx(0.5)
    assert (weighted.n, weighted.rows) == (300, 300)
    assert weighted.p_adjusted == 1.0
    assert weighted.ci.high - weighted.ci.low > plain.ci.high - plain.ci.low


def test_weights_that_are_all_one_change_no_share(people_of):
    population = Population("p.csv", (SEX,), (0.4, 0.6))
    frame, schema = people_of(sex=repeated(female=300, male=700))
    plain, weighted = (
        by_group(assess_representation(frame, schema, CONFIG, population, weight=each), "sex")["female",]
        for each in (None, np.ones(1_000))
    )
    assert weighted.ci == plain.ci
    assert np.log(weighted.p_adjusted) == pytest.approx(np.log(plain.p_adjusted), rel=0.05)  # score test, exact test
