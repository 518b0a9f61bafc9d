from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vaeaudit.analysis.audit.results import Measurements
from vaeaudit.analysis.audit.verdict import FEWEST_ROWS, judge
from vaeaudit.analysis.coverage.results import GAP, Comparison, Region
from vaeaudit.analysis.duplicates.results import Duplicates
from vaeaudit.analysis.latents.model_summary import summarise_model
from vaeaudit.analysis.outliers.results import OutlierSummary
from vaeaudit.analysis.representation.results import Representation
from vaeaudit.config import AnalysisConfig, Objective
from vaeaudit.data.dataset import RowAccounting
from vaeaudit.outputs.conditions import Condition
from vaeaudit.statistics.measures import Interval

CONFIG = AnalysisConfig()
CLEAN = RowAccounting(1_000, 1_000, 0, 0)


@pytest.fixture(scope="module")
def healthy(people):
    return Measurements(
        latents=(),
        outliers=OutlierSummary("score", 9.0, 0.05, 5, 1_000, (), (), np.zeros(101)),
        regions=(),
        regions_tested=500,
        representation=(),
        disparities=(),
        proxies=(),
        duplicates=Duplicates(0, 0, ()),
        model=summarise_model(people.codes, people.model, confidence=0.95),
        columns=(),
    )


def verdict(measured, accounting=CLEAN, *, population_given=False, sensitive=("sex",)):
    return judge(measured, accounting, set(sensitive), CONFIG, population_given=population_given)


def gate(answer, name):
    return next(entry for entry in answer.gates if entry.name == name)


def region(baseline, column, **changes):
    return Region("R1", baseline, (Condition(column, "in", ["x"]),), (), 3, 60.0, 0.05, Interval(0.01, 0.2, 0.95), 1e-6,
                  45, (30, 45), None, **changes)  # fmt: skip


def group(n, reference, status, *, attributes=("sex",), name=("Female",)):
    share = n / 1_000
    return Representation(attributes, name, n, share, Interval(max(0, share - 0.03), share + 0.03, 0.95), "population",
                          reference, share / reference, 1e-6, status)  # fmt: skip


def test_a_dataset_with_nothing_against_it_passes_and_the_sentence_says_what_was_not_judged(healthy):
    answer = verdict(healthy)
    assert answer.status == "pass"
    assert [entry.name for entry in answer.gates] == ["rows", "data_quality", "model", "outliers", "regions"]
    assert answer.sentence.startswith("Nothing speaks against training on it: all of 5 checks passed.")
    assert "whether they are represented as in the world was not judged" in answer.sentence
    assert "No sensitive attribute was declared" in verdict(healthy, sensitive=()).sentence


def test_each_gate_says_its_figure_and_its_threshold_and_passes_at_the_threshold(healthy):
    read = 100 * FEWEST_ROWS
    bad = round(CONFIG.max_quarantined_share * read)
    answer = verdict(healthy, RowAccounting(read, FEWEST_ROWS, bad, read - FEWEST_ROWS - bad))
    gain = healthy.model.elbo_nats - healthy.model.baseline_nats
    assert {entry.name: (entry.status, entry.value, entry.threshold) for entry in answer.gates} == {
        "rows": ("pass", FEWEST_ROWS, FEWEST_ROWS),
        "data_quality": ("pass", pytest.approx(CONFIG.max_quarantined_share), CONFIG.max_quarantined_share),
        "model": ("pass", gain, 0.0),
        "outliers": ("pass", 0.005, CONFIG.max_outlier_share),
        "regions": ("pass", None, CONFIG.min_ratio),
    }
    assert gate(verdict(replace(healthy, regions_tested=0)), "regions").threshold == CONFIG.min_ratio


def test_a_model_without_an_active_latent_learned_nothing_and_an_autoencoder_is_flattered(healthy):
    for active, status in ((0, "inconclusive"), (1, "pass")):
        measured = replace(healthy, model=replace(healthy.model, active_latents=active))
        assert gate(verdict(measured), "model").status == status
    flattered = replace(healthy, model=replace(healthy.model, objective=Objective.AE))
    meaning = gate(verdict(flattered), "model").meaning
    assert meaning == gate(verdict(healthy), "model").meaning + (
        " An autoencoder has no prior, which flatters this figure."
    )
    assert meaning.startswith("Did the model learn how the columns go together? It gains ")


def test_too_few_rows_are_inconclusive_and_never_a_pass(healthy):
    answer = verdict(healthy, RowAccounting(FEWEST_ROWS - 1, FEWEST_ROWS - 1, 0, 0))
    assert answer.status == "inconclusive"
    assert gate(answer, "rows").status == "inconclusive"
    assert "too few to tell" in answer.sentence


def test_too_many_unreadable_rows_fail(healthy):
    answer = verdict(healthy, RowAccounting(1_000, 980, 20, 0))
    assert gate(answer, "data_quality").status == "fail"
    assert answer.sentence.startswith(
        "Not ready to train on as it is: 1 of 5 checks failed. 20 of 1,000 records (2.0 %)"
    )


def test_a_model_without_gain_leaves_the_verdict_open(healthy):
    blind = replace(healthy.model, baseline_nats=healthy.model.elbo_nats)
    answer = verdict(replace(healthy, model=blind))
    assert (answer.status, gate(answer, "model").value) == ("inconclusive", 0.0)
    assert "could be chance" in gate(answer, "model").meaning


@pytest.mark.parametrize(("flagged", "status"), [(0, "pass"), (20, "pass"), (25, "inconclusive"), (60, "fail")])
def test_outliers_fail_only_where_the_whole_interval_is_beyond_the_tolerated_share(healthy, flagged, status):
    outliers = replace(healthy.outliers, flagged=flagged)
    assert gate(verdict(replace(healthy, outliers=outliers)), "outliers").status == status


def test_a_group_that_is_short_of_its_share_fails_and_is_named(healthy):
    cells = (group(330, 0.52, "under"), group(670, 0.48, "over", name=("Male",)))
    answer = verdict(replace(healthy, representation=cells), population_given=True)
    assert gate(answer, "representation").status == "fail"
    assert gate(answer, "representation").value == pytest.approx(0.36 / 0.52)
    assert "Rows with sex = Female are 33.0 % of all where the population has 52.0 %" in answer.sentence
    assert "not judged" not in answer.sentence


def test_a_single_group_that_cannot_be_told_leaves_the_gate_open_but_an_intersection_does_not(healthy):
    unclear = group(40, 0.05, "inconclusive")
    crossed = group(2, 0.004, "inconclusive", attributes=("sex", "race"), name=("Female", "Other"))
    fine = group(500, 0.5, "ok")
    alone = verdict(replace(healthy, representation=(fine, unclear)), population_given=True)
    assert gate(alone, "representation").status == "inconclusive"
    both = verdict(replace(healthy, representation=(fine, crossed)), population_given=True)
    assert gate(both, "representation").status == "pass"
    assert "1 are too small to tell" in gate(both, "representation").meaning


def test_a_population_that_describes_no_sensitive_attribute_is_no_pass(healthy):
    undescribed = replace(group(500, 0.5, None), reference_share=None, ratio=None)
    answer = verdict(replace(healthy, representation=(undescribed,)), population_given=True)
    found = gate(answer, "representation")
    assert (found.status, found.value, found.threshold) == ("inconclusive", None, CONFIG.min_ratio)
    assert found.meaning.endswith("No sensitive attribute is described by the population that was given.")
    assert "The population given describes none of the sensitive attributes." in answer.sentence


def test_of_groups_that_are_short_the_one_that_lacks_most_rows_is_named_and_the_others_are_counted(healthy):
    few = group(10, 0.06, "under", name=("Other",))  # the lowest ratio, but few rows are lacking
    many = group(330, 0.52, "under")
    crossed = group(1, 0.1, "under", attributes=("sex", "race"), name=("Female", "Other"))
    unclear, fine = group(40, 0.05, "inconclusive", name=("X",)), group(620, 0.6, "ok", name=("Male",))
    undescribed = replace(fine, status=None)
    cells = (few, crossed, many, unclear, fine, undescribed)
    answer = verdict(replace(healthy, representation=cells), population_given=True)
    assert (
        "Rows with sex = Female are 33.0 % of all where the population has 52.0 % (and 2 further shortfalls"
        in answer.sentence
    )
    found = gate(answer, "representation")
    assert found.meaning.endswith("3 of 5 groups and combinations surely do not; 1 are too small to tell.")
    assert (found.value, found.threshold) == (pytest.approx(0.031 / 0.1), CONFIG.min_ratio)


def test_where_only_combinations_are_short_the_worst_of_them_is_named(healthy):
    counts = {("Male", "Other"): 9, ("Female", "Other"): 3}
    cells = [group(n, 0.1, "under", attributes=("sex", "race"), name=name) for name, n in counts.items()]
    answer = verdict(replace(healthy, representation=tuple(cells)), population_given=True)
    assert "Rows with sex = Female, race = Other are 0.30 % of all" in answer.sentence
    assert "and 1 further shortfall among" in answer.sentence
    alone = verdict(replace(healthy, representation=tuple(cells[:1])), population_given=True)
    assert "further" not in alone.sentence


@pytest.mark.parametrize(
    ("baseline", "column", "status"),
    [("population", "job", "fail"), ("independence", "sex", "inconclusive"), ("independence", "job", "pass")],
)
def test_a_region_fails_only_against_stated_shares(healthy, baseline, column, status):
    answer = verdict(replace(healthy, regions=(region(baseline, column),)))
    assert gate(answer, "regions").status == status
    assert gate(answer, "regions").value == 0.05


def test_regions_that_could_not_be_tested_are_no_pass(healthy):
    assert gate(verdict(replace(healthy, regions_tested=0)), "regions").status == "inconclusive"


def test_reasons_are_told_in_one_sentence_with_rule_count_and_expectation(healthy):
    answer = verdict(replace(healthy, regions=(region("reference", "job"),)), RowAccounting(1_000, 900, 100, 0))
    assert (
        "100 of 1,000 records (10.0 %) could not be read; there are 3 rows where job is x, against 60 by the"
        in answer.sentence
    )
    assert "by the reference data." in answer.sentence


def test_a_failure_outweighs_what_is_open_and_the_sentence_counts_both(healthy):
    measured = replace(healthy, regions_tested=0)
    answer = verdict(measured, RowAccounting(1_000, 900, 100, 0))
    assert answer.status == "fail"
    assert "1 check could not be settled" in answer.sentence


def test_regions_against_the_reference_data_fail_the_gate_and_are_told_by_it(healthy):
    answer = verdict(replace(healthy, regions=(region("reference", "job"),)))
    assert gate(answer, "regions").status == "fail"
    assert "by the reference data" in gate(answer, "regions").meaning
    both = verdict(replace(healthy, regions=(region("reference", "job"), region("population", "sex"))))
    assert "by the reference data and the shares that were given" in gate(both, "regions").meaning


@pytest.mark.parametrize("baseline", ["reference", "population"])
def test_a_region_that_does_not_come_back_fails_nothing(healthy, baseline):
    answer = verdict(replace(healthy, regions=(region(baseline, "sex", stable=False),)))
    assert gate(answer, "regions").status == "pass"
    assert "1 are listed as questions only" in gate(answer, "regions").meaning
    lasting = verdict(replace(healthy, regions=(region(baseline, "sex", stable=True),)))
    assert gate(lasting, "regions").status == "fail"


def test_one_sign_of_many_that_columns_go_together_leaves_nothing_open_and_a_gap_does(healthy):
    sign, gap = (region("independence", "sex", gap_share=share) for share in (GAP - 0.01, GAP))
    assert gate(verdict(replace(healthy, regions=(sign,))), "regions").status == "pass"
    both = gate(verdict(replace(healthy, regions=(sign, gap))), "regions")
    assert both.status == "inconclusive"
    assert "2 of 500 tested hold fewer than if the columns were independent, 1 of them with a sensitive" in both.meaning


def test_an_even_spread_is_a_wish_and_neither_fails_nor_leaves_the_gate_open(healthy):
    answer = verdict(replace(healthy, regions=(region("uniform", "sex"),)))
    assert gate(answer, "regions").status == "pass"


def test_with_a_reference_nobody_is_told_that_only_the_balance_was_judged(healthy):
    comparison = Comparison("before.csv", "0" * 64, 900, 800, None, (), ())
    assert "only the balance" in verdict(healthy).sentence
    assert "only the balance" not in verdict(replace(healthy, comparison=comparison)).sentence
