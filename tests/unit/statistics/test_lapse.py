"""The share of contradictions that stays however sure the answer is."""

from __future__ import annotations

import numpy as np
import pytest

from vaeaudit.statistics.lapse import Lapse, lapse_rate


def drawn(rate: float, n: int, seed: int, *, width: float = 3.0) -> Lapse:
    """Estimate the rate from rows whose contradictions follow the curve."""
    rng = np.random.default_rng(seed)
    sureness = np.abs(rng.normal(0, width, n))
    share = rate + (1 - rate) / (1 + np.exp(sureness))
    return lapse_rate(rng.random(n) < share, sureness, 0.95)


@pytest.mark.parametrize("rate", [0.02, 0.1])
def test_a_planted_rate_is_found_and_its_interval_holds_it(rate: float) -> None:
    found = drawn(rate, 5_000, 0)
    assert found.p_value < 0.01
    assert found.rate == pytest.approx(rate, abs=0.015)
    assert (found.ci.low or 0) <= rate <= (found.ci.high or 1)


def test_where_contradictions_fade_as_the_answer_gets_surer_there_is_none() -> None:
    found = [drawn(0.0, 1_000, seed) for seed in range(20)]
    assert sum(each.p_value <= 0.05 for each in found) <= 2
    assert all(each.ci.low == 0 for each in found)


def test_where_no_answer_is_sure_errors_cannot_be_told_from_overlap() -> None:
    found = drawn(0.05, 1_000, 0, width=0.3)
    assert found.ci.low == 0
    assert (found.ci.high or 0) > 0.3


def test_no_contradiction_gives_a_rate_of_0_and_all_contradicted_a_high_one() -> None:
    sureness = np.linspace(1, 5, 300)
    assert lapse_rate(np.zeros(300, bool), sureness, 0.95).rate == 0
    assert lapse_rate(np.zeros(300, bool), sureness, 0.95).p_value == 1
    assert lapse_rate(np.zeros(1, bool), np.zeros(1), 0.95).ci.high is not None
