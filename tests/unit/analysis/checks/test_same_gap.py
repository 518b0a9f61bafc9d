from __future__ import annotations

import numpy as np
import pytest

from vaeaudit.analysis.audit.asking import ask_all
from vaeaudit.analysis.checks.same_gap import regions_of_groups, told_by_groups
from vaeaudit.data.schema.columns import Kind, Role
from vaeaudit.outputs.region_rules import Condition

FEMALE, MALE = (Condition("sex", "in", [level]) for level in ("female", "male"))
EAST = Condition("region", "in", ["east"])


@pytest.fixture
def short(seen_of, cell, short_region, census):
    """What is seen where women are short of the population as a group, and these rules are short as regions."""

    def see(*rules, **fields):
        regions = tuple(short_region(baseline="population", rule=rule, id=f"R{k}") for k, rule in enumerate(rules))
        cells = (cell(330, reference=0.52, status="under"), cell(670, reference=0.48, status="over", group=("male",)))
        return seen_of(regions=regions, representation=cells, population=census, **fields)

    return see


def test_a_region_that_equals_a_short_group_is_told_once_with_the_rows_to_collect_of_the_region(short):
    results, findings = ask_all(short((FEMALE,)))
    told = {finding.code: finding for finding in findings}
    assert "VA202" not in told
    assert told["VA101"].evidence["regions"] == ["R0"]
    assert told["VA101"].evidence["rows_to_collect"] == 64
    assert "Collect at least 64 with sex = female" in told["VA101"].action
    answer = next(result for result in results if result.code == "VA202")
    assert answer.state == "passed"
    assert answer.why.endswith("by the population's shares, beside the groups that are told already.")


def test_other_regions_are_told_beside_the_group(short):
    seen = short((MALE,), (FEMALE, EAST), (FEMALE,))
    assert told_by_groups(seen) == {"R2"}
    (result,) = [result for result in ask_all(seen)[0] if result.code == "VA202"]
    assert result.findings == ("VA202-R0", "VA202-R1")


def test_a_region_of_columns_that_no_file_holds_is_like_no_group(short):
    assert told_by_groups(short((Condition("z_0", "between", [1.0, None]),))) == frozenset()


def test_a_region_that_says_much_the_same_in_other_bounds_is_the_same_gap(seen_of, cell, short_region):
    young = cell(10, reference=0.1, status="under", attributes=("age",), group=("< 30",))
    group = type(young)(**{**vars(young), "rule": (Condition("age", "between", [None, 30.0]),)})
    near, far = (
        short_region(rule=(Condition("age", "between", [None, high]),), id=f"R{high:g}") for high in (31.0, 80.0)
    )
    assert regions_of_groups([group], seen_of(regions=(near, far))) == {id(group): [near]}


def test_a_region_that_equals_an_empty_combination_is_told_by_it(build, seen_of, cell, short_region):
    rng = np.random.default_rng(0)
    sex, region = rng.choice(["female", "male"], 600), rng.choice(["east", "west"], 600)
    region = np.where(sex == "female", "west", region)
    table = {"sex": (sex, Kind.CATEGORY, Role.SENSITIVE), "region": (region, Kind.CATEGORY, Role.SENSITIVE)}
    inputs = build(table, rng.normal(size=(600, 1)))
    east, west = (cell(n, 600, attributes=("region",), group=(name,)) for n, name in ((150, "east"), (450, "west")))
    sexes = (cell(300, 600), cell(300, 600, group=("male",)))
    empty = cell(0, 600, attributes=("sex", "region"), group=("female", "east"))
    gap = short_region(rule=(EAST, FEMALE), id="R7", observed=0, ratio=0.0)
    seen = seen_of(inputs=inputs, representation=(*sexes, east, west, empty), regions=(gap,))
    assert told_by_groups(seen) == {"R7"}
    codes = {finding.code for finding in ask_all(seen)[1]}
    assert "VA103" in codes
    assert "VA203" not in codes
