"""A rule is said so that it can be applied as it is read."""

from __future__ import annotations

from vaeaudit.outputs.region_rules import Condition
from vaeaudit.wording.rules import describe


def test_a_rule_is_said_in_plain_words() -> None:
    young, women = Condition("age", "between", [None, 25.0]), Condition("sex", "in", ["f"])
    assert describe((young, women)) == "age is below 25 and sex is f"
    assert describe((Condition("age", "between", [25.0, 30.5]),)) == "age is from 25 to below 30.5"
    assert describe((Condition("since", "between", ["2021-01-01", None]),)) == "since is 2021-01-01 or more"
    assert describe((Condition("job", "in", ["cook", "nurse", "driver"]),)) == "job is cook, nurse or driver"
    either = (Condition("pay", "missing", None), Condition("age", "between", [None, None]))
    assert describe(either) == "pay is missing and age is present"
    assert describe(()) == "any row"


def test_bounds_stay_in_full_where_a_rule_is_cut() -> None:
    rule = [Condition("gain", "between", [5_000, 1_234_567])]
    assert describe(rule, cut=True) == describe(rule) == "gain is from 5000 to below 1234567"


def test_a_rule_of_odd_names_and_many_levels_stays_readable() -> None:
    rule = [Condition("\u200b", "missing", None), Condition("job", "in", ["x" * 80, *"abcdefg"])]
    said = describe(rule, cut=True)
    assert said == f"(empty) is missing and job is {'x' * 59}…, a, b, c, d, e or 2 more"
    assert describe(rule).endswith("b, c, d, e, f or g")
