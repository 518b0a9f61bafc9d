"""How many independent rows groups of rows are worth."""

from __future__ import annotations

import numpy as np
import pytest

from vaeaudit.statistics.clustered import clustered


@pytest.mark.parametrize("share", [0.0, 0.3, 0.8])
def test_the_intraclass_correlation_of_a_known_mixture_is_found(share: float) -> None:
    rng = np.random.default_rng(1)
    codes = np.repeat(np.arange(3_000), 5)
    values = np.sqrt(share) * rng.normal(size=3_000)[codes] + np.sqrt(1 - share) * rng.normal(size=15_000)
    found = clustered(values[:, None], codes)
    assert found.correlation == pytest.approx(share, abs=0.02)
    assert found.effective == pytest.approx(15_000 / (1 + 4 * found.correlation))


def test_rows_alone_one_group_and_a_constant_are_answered() -> None:
    assert clustered(np.ones((4, 1)), np.arange(4)).effective == 4
    assert clustered(np.arange(4.0)[:, None], np.zeros(4, dtype=int)).effective == 4
    assert clustered(np.ones((4, 1)), np.array([0, 0, 1, 1])).effective == 4


def test_numbers_of_any_size_are_measured() -> None:
    codes = np.array([0, 0, 1, 1])
    assert clustered(np.array([[1e308], [1e308], [-1e308], [-1e308]]), codes).correlation == 1
