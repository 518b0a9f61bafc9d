from __future__ import annotations

from dataclasses import replace

import pytest

from vaeaudit.analysis.fairness.disparities import assess_disparities, disparity_findings
from vaeaudit.analysis.fairness.proxies import Proxy, proxy_findings
from vaeaudit.config import AnalysisConfig
from vaeaudit.statistics.measures import Interval

CONFIG = AnalysisConfig()


def test_a_planted_disparity_is_found_and_names_the_group_with_the_lower_rate(people):
    table = assess_disparities(people.frame, people.schema, CONFIG)
    found = {finding.id: finding for finding in disparity_findings(table.disparities, CONFIG)}
    finding = found["disparity-sex-hired-yes"]
    assert "sex = female" in finding.title
    assert finding.evidence["difference"] == pytest.approx(-0.25, abs=0.06)
    assert finding.evidence["difference_ci"][1] < 0


def test_a_sure_but_small_disparity_is_not_a_finding(people):
    table = assess_disparities(people.frame, people.schema, CONFIG)
    slight = [replace(entry, ratio=0.93, p_adjusted=1e-9) for entry in table.disparities]
    assert list(disparity_findings(slight, CONFIG)) == []


def test_a_large_but_unsure_disparity_is_not_a_finding(people):
    table = assess_disparities(people.frame, people.schema, CONFIG)
    unsure = [replace(entry, ratio=0.1, p_adjusted=p) for entry, p in zip(table.disparities, [0.2, None] * 9)]  # noqa: B905
    assert list(disparity_findings(unsure, CONFIG)) == []


def proxy(auc, low, *, null=0.52, source="columns", by_column=None):
    return Proxy("sex", source, auc, Interval(low, min(1.0, auc + 0.02), 0.95), by_column or {}, null)


@pytest.mark.parametrize(("auc", "low", "severity"), [(0.65, 0.62, "low"), (0.8, 0.75, "medium"), (0.95, 0.92, "high")])
def test_the_gravity_of_a_proxy_follows_the_lower_end_of_its_interval(auc, low, severity):
    (finding,) = proxy_findings([proxy(auc, low, by_column={"job": auc, "pay": 0.51})])
    assert (finding.id, finding.severity) == ("proxy-sex", severity)
    assert "job" in finding.title
    assert "pay" not in finding.title


def test_what_shuffled_groups_reach_as_well_is_no_proxy():
    assert list(proxy_findings([proxy(0.7, 0.61, null=0.72)])) == []
    assert list(proxy_findings([proxy(0.55, 0.53)])) == []


def test_columns_and_latents_of_one_attribute_are_one_finding():
    (finding,) = proxy_findings([proxy(0.7, 0.65), proxy(0.8, 0.78, source="latents")])
    assert finding.title.startswith("The latents give sex away")
    assert finding.evidence["auc"] == {"columns": 0.7, "latents": 0.8}
