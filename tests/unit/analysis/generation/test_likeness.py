"""Two sets of rows: alike, off in a column, off in a pair."""

from __future__ import annotations

import numpy as np
import pytest

from vaeaudit.analysis.generation.likeness import associations, marginals, told_apart

LEVELS = np.array([False, False, True])


def rows(n, seed, *, shift=0.0, tied=0.8):
    rng = np.random.default_rng(seed)
    first = rng.normal(size=n)
    second = tied * first + np.sqrt(1 - tied**2) * rng.normal(size=n) + shift
    return np.column_stack([first, second, rng.choice(3, n, p=[0.5, 0.3, 0.2])])


def test_rows_of_one_distribution_are_not_told_apart_and_others_are():
    same = told_apart(rows(600, 0), rows(900, 1), 0.95, 0)
    assert same.ci.low < 0.5 < same.ci.high
    assert told_apart(rows(600, 0), rows(900, 1, tied=0.0), 0.95, 0).ci.low > 0.6


def test_a_marginal_is_off_by_kolmogorovs_distance_and_by_the_shares_that_moved():
    other = rows(4000, 1, shift=1.0)
    other[:, 2] = 0
    (figure, off), *_ = marginals(rows(4000, 0), [other], LEVELS, 0.95, np.random.default_rng(0))
    assert off[0] < 0.05
    assert off[1] == pytest.approx(0.383, abs=0.04)  # 2 Phi(1/2) - 1
    assert off[2] == pytest.approx(0.5, abs=0.03)
    assert figure.value == pytest.approx(off.mean())
    assert figure.ci.low < figure.value < figure.ci.high


def test_missing_cells_count_as_a_value():
    other = rows(2000, 1)
    other[:500, 0] = np.nan
    (_, off), *_ = marginals(rows(2000, 0), [other], LEVELS, 0.95, np.random.default_rng(0))
    assert off[0] == pytest.approx(0.25, abs=0.05)


def test_a_pair_that_lost_its_tie_is_off():
    tables = [rows(4000, 0), rows(4000, 1), rows(4000, 2, tied=0.0)]
    tied, found = associations(tables, LEVELS, 0.95, np.random.default_rng(0))
    assert tied[0][0] == pytest.approx(0.8, abs=0.05)
    same, lost = found
    assert same[0].ci.high < lost[0].ci.low
    assert lost[1].argmax() == 0
