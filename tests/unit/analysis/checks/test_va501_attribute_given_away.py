from __future__ import annotations

import pytest

from vaeaudit.analysis.checks.va501_attribute_given_away import CHECK
from vaeaudit.analysis.fairness.proxies import Proxy
from vaeaudit.statistics.measures import Interval


def proxy(auc, low, *, null=0.52, source="columns", by_column=None):
    return Proxy("sex", source, auc, Interval(low, min(1.0, auc + 0.02), 0.95), by_column or {}, null)


@pytest.fixture
def ask(seen_of):
    return lambda *proxies, **changes: CHECK.ask(seen_of(proxies=proxies, **changes))


@pytest.mark.parametrize(("auc", "low", "severity"), [(0.65, 0.62, "low"), (0.8, 0.75, "medium"), (0.95, 0.92, "high")])
def test_the_gravity_of_a_proxy_follows_the_lower_end_of_its_interval(ask, auc, low, severity):
    answer = ask(proxy(auc, low, by_column={"job": auc, "pay": 0.51}))
    (finding,) = answer.findings
    assert (answer.state, finding.id, finding.severity) == ("finding", "VA501-sex", severity)
    assert finding.title.startswith(f"The columns give sex away: AUC {auc:.2f}")
    assert f"above all job (alone {auc:.2f})" in finding.title
    assert "pay" not in finding.title


@pytest.mark.parametrize("found", [proxy(0.7, 0.61, null=0.72), proxy(0.55, 0.53)])
def test_what_shuffled_groups_reach_as_well_passes(ask, found):
    answer = ask(found)
    assert (answer.state, answer.tested) == ("passed", 1)
    assert answer.why == "Nothing gives it away beyond an AUC of 0.60. A more flexible model may find more."


def test_columns_and_latents_of_one_attribute_are_one_finding(ask):
    (finding,) = ask(proxy(0.7, 0.65), proxy(0.8, 0.78, source="latents")).findings
    assert finding.title.startswith("The latents give sex away")
    assert finding.evidence["auc"] == {"columns": 0.7, "latents": 0.8}
    assert "though no single column does" in finding.title


def test_a_proxy_found_in_pictures_alone_blames_no_column(ask, of_pictures):
    (finding,) = ask(proxy(0.91, 0.9, source="latents"), inputs=of_pictures).findings
    assert "column" not in f"{finding.title} {finding.action}"
    assert finding.action == "A model trained on these pictures can tell sex from them: test errors per group."


def test_of_pictures_the_finding_says_that_the_columns_were_measured(ask, of_pictures):
    (finding,) = ask(proxy(0.8, 0.78, by_column={"picture_brightness": 0.79}), inputs=of_pictures).findings
    assert finding.title.startswith("Measures of light, colour, sharpness and place give sex away")
    assert "picture_brightness" in finding.title
    assert finding.action == "A model trained on these pictures can tell sex from them: test errors per group."


def test_without_two_groups_large_enough_to_tell_apart_the_answer_is_open(ask):
    answer = ask()
    assert (answer.state, answer.tested) == ("inconclusive", 0)
