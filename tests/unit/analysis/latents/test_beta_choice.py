"""How beta was chosen, from trials whose answer is known, and what the report says of it."""

from __future__ import annotations

import numpy as np
import pytest

from vaeaudit.analysis.latents.beta_choice import summarise_beta_choice
from vaeaudit.config import Objective
from vaeaudit.outputs.beta_trials import BetaTrials
from vaeaudit.report.parts.figures import beta_curve
from vaeaudit.report.sections.beta_choice import beta_blocks, sentence

N_HELD_OUT, N_LATENTS = 200, 4
GAIN = np.array([10.0, 9.5, 2.0])


def trials(gain: np.ndarray = GAIN, active: tuple[int, ...] = (4, 3, 1)) -> BetaTrials:
    rng = np.random.default_rng(0)
    shape = (len(gain), 2, N_HELD_OUT)
    baseline = rng.normal(-30, 1, N_HELD_OUT)
    common = rng.normal(size=(N_HELD_OUT, N_LATENTS))
    return BetaTrials(
        beta=np.array([1.0, 2.0, 4.0]),
        elbo=baseline + gain[:, None, None] + rng.normal(0, 0.1, shape),
        baseline=baseline,
        mean=np.broadcast_to(common, (*shape, N_LATENTS)).copy(),
        stddev=np.full((*shape, N_LATENTS), 0.5),
        active=np.broadcast_to(np.arange(N_LATENTS) < np.array(active)[:, None, None], (3, 2, N_LATENTS)).copy(),
    )


def test_each_beta_has_what_it_gains_and_lacks_with_intervals() -> None:
    choice = summarise_beta_choice(trials(), Objective.BETA, 2.0, 0.95, seed=0)
    assert [trial.gain.value for trial in choice.tried] == pytest.approx(GAIN, abs=0.03)
    lost = [trial.lost for trial in choice.tried]
    assert [measure.value for measure in lost] == pytest.approx([0, 0.5, 8], abs=0.03)
    assert 0.4 < lost[1].ci.low < 0.5 < lost[1].ci.high < 0.6  # row by row: the rows themselves differ more
    assert [trial.taken for trial in choice.tried] == [False, True, False]
    assert [trial.active_latents for trial in choice.tried] == [4, 3, 1]
    assert choice.tried[0].udr > 0.5  # both seeds found the same
    assert (choice.seeds, choice.fewest_active, choice.gains) == (2, 3, True)


def test_the_report_says_why_in_one_sentence_and_draws_the_curve() -> None:
    choice = summarise_beta_choice(trials(), Objective.BETA, 2.0, 0.95, seed=0)
    said = sentence(choice, "columns")
    assert said.startswith("Beta 2 was taken: the largest of 3 that leaves at least 3 latents in use (it leaves 3)")
    assert "nats less per row), on 200 held-out rows." in said
    figure, table = beta_blocks(choice, "columns")
    assert figure.sentence == said
    assert [row[0] for row in table.rows] == ["1", "2 (taken)", "4"]
    curve = beta_curve(choice)["data"][0]
    assert curve["text"] == ["4 in use", "3 in use", "1 in use"]
    assert curve["y"][0] == 0 > curve["y"][1] > curve["y"][2]
    assert beta_blocks(None, "columns") == []


def test_of_beta_tc_it_says_what_may_be_given_up() -> None:
    said = sentence(summarise_beta_choice(trials(), Objective.BETA_TC, 2.0, 0.95, seed=0), "columns")
    assert "and gains at least 90.0 % of what the best gains (0.5" in said


def test_where_nothing_was_gained_the_sentence_says_so() -> None:
    choice = summarise_beta_choice(trials(np.array([-1.0, -2.0, -3.0]), (0, 0, 0)), Objective.BETA, 1.0, 0.95, seed=0)
    assert not choice.gains
    assert "none that was tried leaves 1 latent in use and gains anything" in sentence(choice, "columns")
