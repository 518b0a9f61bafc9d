from __future__ import annotations

import pytest

from vaeaudit.analysis.checks.short_regions import MOST_REGIONS
from vaeaudit.analysis.checks.va203_region_short_of_independence import CHECK
from vaeaudit.analysis.coverage.results import GAP


@pytest.fixture
def tell(seen_of, short_region):
    """The finding about one region."""

    def told(**fields):
        (finding,) = CHECK.ask(seen_of(regions=(short_region(**fields),))).findings
        return finding

    return told


def test_a_region_is_told_as_rows_a_rule_and_what_was_to_be_expected(tell, short_region):
    finding, region = tell(), short_region()
    assert finding.id == f"VA203-{region.id}"
    assert finding.title == (
        "1 row where hours is 60 or more and sex is female; if these columns were independent it would be about 80. "
        "Is that so in the world?"
    )
    assert (finding.kind, finding.anchor, finding.rule) == ("region", "regions", region.rule)
    assert finding.evidence == {
        "region": region.id,
        "baseline": "independence",
        "observed": 1,
        "set_aside": 0,
        "expected": 80.4,
        "ratio": 1 / 80.4,
        "ci": [0.001, 0.6],
        "p_adjusted": 1e-5,
        "rows_to_collect": 64,
        "rows_to_collect_range": [20, 64],
        "stability": None,
        "gap_share": None,
    }


@pytest.mark.parametrize(("column", "high"), [("sex", 0.6), ("job", 0.6), ("sex", 0.01)])
@pytest.mark.parametrize("gap_share", [None, 0.9])
def test_independence_is_a_question_however_few_rows_there_are(tell, column, high, gap_share):
    assert tell(column=column, high=high, gap_share=gap_share, level="nurse").severity == "low"


def test_the_action_asks_before_it_sends_anyone_out(tell):
    assert tell().action == (
        "Ask somebody who knows the field. If such rows are more common in the world, collect at least 64 such rows."
    )


def test_one_sign_of_many_that_columns_go_together_is_told_as_such(tell):
    sign, gap = (tell(high=0.1, gap_share=share) for share in (GAP - 0.01, GAP))
    assert sign.action.startswith("These columns go together in other ways too.")
    assert gap.action.startswith("Ask somebody")


def test_what_seldom_comes_back_is_never_more_than_a_hint_and_says_so(tell):
    finding = tell(high=0.1, stability=0.2, stable=False)
    assert finding.severity == "low"
    assert "seldom comes back" in finding.title
    assert "unstable" not in tell(stability=0.9, stable=True).title


def test_what_is_told_by_a_latent_is_for_looking_at(tell):
    assert tell(column="z_0", high=0.1).severity == "low"


def test_many_regions_share_one_finding_after_the_first(seen_of, short_region):
    regions = tuple(short_region(level=f"level {rank}") for rank in range(11))
    answer = CHECK.ask(seen_of(regions=regions))
    assert len(answer.findings) == MOST_REGIONS + 1
    rest, last = regions[MOST_REGIONS:], answer.findings[-1]
    assert (last.id, last.severity, last.anchor) == ("VA203-others", "low", "regions")
    rule = f"hours is 60 or more and sex is level {MOST_REGIONS}"
    assert last.title == f"{len(rest)} more combinations to ask about, such as {rule}"
    assert (last.evidence["regions"], last.evidence["observed"], last.evidence["ci"]) == (6, 6, [0.001, 0.6])
    assert list(last.evidence["rules"]) == [region.id for region in rest]
    assert last.evidence["rules"][rest[0].id] == rule


def test_no_short_region_is_a_pass_and_nothing_tested_is_none(seen_of):
    answer = CHECK.ask(seen_of())
    assert (answer.state, answer.tested) == ("passed", 500)
    assert answer.why.endswith("of what is to be expected if these columns were independent.")
    assert CHECK.ask(seen_of(regions_tested=0)).state == "inconclusive"
