"""What `rebalance` prints: what the weights do to findings and labels, and how many rows to collect."""

from __future__ import annotations

from vaeaudit.cli.rebalance import methods_in_words, plan_in_words


def method(name, *, held_out=(), group=("f",), unreachable=()):
    labels = [{"held_out": told, "group": list(group)} for told in held_out]
    return {
        "method": name,
        "effective_size": 900.0,
        "effective_share": 0.9,
        "largest": 2.0,
        "closed": 0,
        "faults": 0,
        "newly_short": [],
        "gaps": [],
        "unreachable": list(unreachable),
        "labels": labels,
    }


def said_of(*methods):
    document = {"rows": 1000, "gaps": [], "methods": list(methods), "method": methods[0]["method"], "notes": []}
    return methods_in_words(document)[1:]


def test_weights_by_the_label_say_how_many_shares_they_even_on_held_out_rows():
    told = ("passes", "passes", "too few to tell", "still fails")
    assert said_of(method("reweighing", held_out=told))[0].endswith(
        "nothing to close; evens 2 of 4 shares of a class in a group (1 more: too few rows to tell)"
    )
    assert said_of(method("class-balanced", held_out=told[:2], group=()))[0].endswith(
        "; evens 2 of 2 shares of a class"
    )
    assert said_of(method("joint"))[0].endswith("nothing to close")


def test_what_is_out_of_reach_is_cut_and_the_rest_counted():
    said = said_of(method("reweighing", unreachable=[f"group {place}" for place in range(8)]))
    assert said[-1] == "     … and 3 more in rebalance.json"


def test_the_plan_says_which_number_is_as_counted_and_which_is_the_reports():
    line = {"rows": 567, "fewest": 535, "most": 592, "name": "sex is f"}
    plan = {**line, "lines": [line], "expected": [{"closed": True}], "questions": [], "notes": []}
    first, second = plan_in_words({"plan": plan}, all_lines=False)
    assert first.startswith("To collect, at least: 567 rows close 1 of 1 findings as they are counted (535 to 592 over")
    assert second.strip() == "567 (535 to 592) where sex is f"
