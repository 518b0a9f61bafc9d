from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaeaudit.statistics.multiplicity import (
    adjusted_where_tested,
    benjamini_hochberg,
    fcr_level,
    holm,
    holm_within_bh_across,
)

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=40)


def test_holm_multiplies_by_the_number_of_hypotheses_still_open():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_benjamini_hochberg_divides_by_the_rank():
    assert benjamini_hochberg([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.02, 0.04, 0.04, 0.02])


def test_benjamini_hochberg_rejects_what_the_1995_paper_rejects():
    # Benjamini and Hochberg 1995, section 4.1: 15 p-values, 4 of them rejected at q = 0.05
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
         0.7590, 1.0]  # fmt: skip
    assert (benjamini_hochberg(p) <= 0.05).sum() == 4
    assert (holm(p) <= 0.05).sum() == 3


@settings(deadline=None)
@given(P_VALUES, st.integers(0, 200))
def test_tests_whose_p_values_are_not_given_count_as_ones(p, more):
    padded = benjamini_hochberg([*p, *np.ones(more)])[: len(p)]
    assert benjamini_hochberg(p, len(p) + more) == pytest.approx(padded)


def test_fifty_million_tests_of_which_few_are_given_take_no_memory_of_their_own():
    assert benjamini_hochberg([1e-9, 0.5], n_tests=50_000_000).tolist() == pytest.approx([0.05, 1.0])


def test_without_p_values_nothing_is_adjusted():
    assert benjamini_hochberg([]).size == holm([]).size == 0


@settings(deadline=None)
@given(P_VALUES)
def test_adjusting_keeps_the_order_and_never_lowers_a_p_value(p):
    for adjusted in (holm(p), benjamini_hochberg(p)):
        assert np.all(adjusted >= np.asarray(p))
        assert np.all(adjusted <= 1)
        assert np.all(np.diff(adjusted[np.argsort(p, kind="stable")]) >= 0)
    assert np.all(holm(p) >= benjamini_hochberg(p) - 1e-12)


@settings(deadline=None)
@given(P_VALUES)
def test_one_family_is_adjusted_by_holm_alone(p):
    assert holm_within_bh_across(p, np.zeros(len(p), dtype=int)) == pytest.approx(holm(p))


@settings(deadline=None)
@given(P_VALUES)
def test_families_of_one_are_adjusted_by_benjamini_hochberg_alone(p):
    # where a p-value is 0 the factor is unknown, and 0 stays 0
    assert holm_within_bh_across(p, np.arange(len(p))) == pytest.approx(benjamini_hochberg(p))


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(1e-6, 1), st.integers(0, 4)), min_size=1, max_size=30), st.floats(0.01, 0.3))
def test_across_families_no_more_is_rejected_than_by_selecting_families_first(pairs, fdr):
    p, family = np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])
    rejected = holm_within_bh_across(p, family) <= fdr
    names = np.unique(family)
    within = {name: holm(p[family == name]) for name in names}
    selected = benjamini_hochberg([within[name].min() for name in names]) <= fdr
    for name, is_selected in zip(names, selected, strict=True):
        allowed = (within[name] <= fdr * selected.sum() / names.size + 1e-12) & is_selected
        assert np.all(rejected[family == name] <= allowed)


def test_intervals_of_few_selected_results_are_wider():
    assert fcr_level(0.95, selected=100, tested=100) == pytest.approx(0.95)
    assert fcr_level(0.95, selected=1, tested=100) == pytest.approx(0.9995)
    assert fcr_level(0.95, selected=0, tested=0) == 0.95


def test_empty_input_gives_empty_output():
    for adjusted in (holm([]), benjamini_hochberg([]), holm_within_bh_across([], [])):
        assert adjusted.shape == (0,)


@pytest.mark.parametrize("p", [[np.nan], [-0.1], [1.1]])
def test_what_is_no_p_value_is_refused(p):
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        holm(p)


def test_more_selected_than_tested_is_refused():
    with pytest.raises(ValueError, match="between 0 and tested"):
        fcr_level(0.95, selected=2, tested=1)


def test_what_was_not_tested_stays_so_and_counts_for_nothing() -> None:
    p, family = [0.01, np.nan, 0.04, np.nan, 0.2], [0, 0, 0, 1, 2]
    adjusted = adjusted_where_tested(p, family)
    assert np.isnan(adjusted[[1, 3]]).all()
    assert adjusted[[0, 2, 4]].tolist() == holm_within_bh_across([0.01, 0.04, 0.2], [0, 0, 2]).tolist()
    assert adjusted_where_tested([], []).size == 0
