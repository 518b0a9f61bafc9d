"""Trials of a beta that the run does not have are refused."""

from __future__ import annotations

import numpy as np
import pytest

from vaeaudit.outputs.beta_trials import BetaTrials
from vaeaudit.runs.agreement import check_beta_trials


def trials(beta: tuple[float, ...]) -> BetaTrials:
    shape = (len(beta), 2, 5, 3)
    active = np.ones((len(beta), 2, 3), bool)
    return BetaTrials(np.array(beta), np.zeros(shape[:3]), np.zeros(5), np.zeros(shape), np.ones(shape), active)


def test_what_fit_writes_is_accepted_and_comes_back_from_its_arrays() -> None:
    check_beta_trials(BetaTrials.from_arrays(trials((0.5, 1, 2)).to_arrays()), 2.0)


@pytest.mark.parametrize("beta", [(0.5, 1, 3), (2, 1), (2, 2)])
def test_others_are_refused(beta: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="expected rising values of beta, 2 among them"):
        check_beta_trials(trials(beta), 2.0)
