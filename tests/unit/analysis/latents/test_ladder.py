"""What each rung of the ladder does to the rows, from measurements whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from vaeaudit.analysis.latents.ladder import maps_of, summarise_ladder
from vaeaudit.config import Objective
from vaeaudit.outputs.ladder import Ladder
from vaeaudit.report.sections.ladder import ladder_blocks, name_of, sentence

N_HELD_OUT, N_LATENTS = 200, 3


def ladder(**changes: object) -> Ladder:
    rng = np.random.default_rng(0)
    far = np.full(60, 10.0)
    made = {
        "objective": ("ae", "beta", "beta"),
        "beta": np.array([1.0, 1.0, 4.0]),
        "log_likelihood": np.array([-8.0, -9.0, -10.0])[:, None] + rng.normal(0, 0.1, (3, N_HELD_OUT)),
        "kl": np.array([0.0, 2.0, 0.0])[:, None] + rng.uniform(0, 0.1, (3, N_HELD_OUT)),
        "active": np.array([[True, True, True], [True, True, False], [False, False, False]]),
        "overlap": np.array([0.2, 0.1, 0.0]),
        "shown": np.arange(50),
        "axes": np.array([[2, 0], [0, 1], [1, 2]]),
        "plane": rng.normal(size=(3, 50, 2)),
        "near_length": (np.full(40, 6.0), np.full(40, 2.0), np.zeros(40)),
        "far_length": (1.3 * far, far, np.zeros(60)),
        "far_distance": (far, far, np.zeros(60)),
        "prior_distance": (rng.normal(9, 1, 300), rng.normal(5, 1, 300), np.ones(300)),
        "held_out_distance": (rng.normal(5, 1, 100), rng.normal(5, 1, 100), np.ones(100)),
    }
    return Ladder(**{**made, **changes})


def test_each_rung_has_what_was_measured_of_it():
    ae, vae, beta_vae = summarise_ladder(ladder(), 0.95)
    assert [rung.objective for rung in (ae, vae, beta_vae)] == [Objective.AE, Objective.BETA, Objective.BETA]
    assert ae.log_likelihood.value == pytest.approx(-8, abs=0.05)
    assert ae.kl is None
    assert vae.kl.value == pytest.approx(2.05, abs=0.02)
    assert [rung.active_latents for rung in (ae, vae, beta_vae)] == [3, 2, 0]
    assert ae.continuity.value == pytest.approx(1 - 6 / 13)
    assert vae.continuity.value == pytest.approx(0.8)
    assert (ae.detour.value, vae.detour.value) == (pytest.approx(1.3), pytest.approx(1.0))
    assert beta_vae.continuity is beta_vae.detour is beta_vae.mean_abs_correlation is None


def test_prior_samples_that_lie_farther_are_shown_to_by_an_interval():
    ae, vae, collapsed = summarise_ladder(ladder(), 0.95)
    assert ae.farther.ci.low > 0.9
    assert vae.farther.ci.low < 0.5 < vae.farther.ci.high
    assert collapsed.farther.value == 0.5


def test_the_report_says_one_sentence_of_each_and_draws_its_latents():
    rungs = summarise_ladder(ladder(), 0.95)
    assert [name_of(rung) for rung in rungs] == ["Autoencoder", "VAE", "beta-VAE, beta 4"]
    assert "farther from the rows" in sentence(rungs[0])
    assert "as near to the rows" in sentence(rungs[1])
    assert "no latent carries information" in sentence(rungs[2])
    assert len(ladder_blocks(rungs, maps_of(ladder(), ()))) == 5
    assert ladder_blocks((), ()) == []
    assert [places.latents for places in maps_of(ladder(), ())] == [(2, 0), (0, 1), (1, 2)]


def test_a_model_without_lengths_is_refused():
    with pytest.raises(ValueError, match="of 3 models"):
        ladder(near_length=(np.ones(3), np.ones(3)))
