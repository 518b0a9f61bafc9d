"""Training with a label: it is learned from the rows that have one, and rows are drawn within their class."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vaeaudit.config import ModelConfig, Objective, TrainConfig
from vaeaudit.data.encoding.label_encoding import RowLabels
from vaeaudit.models.fitting.batches import AdaptiveResampling
from vaeaudit.models.fitting.members import train_members
from vaeaudit.models.inference import class_probabilities

MODEL = ModelConfig(objective=Objective.DB_VAE, latents=4, hidden=(16,), label_weight=7.0)


def labels_of(learned, share=1.0):
    """Whether the sum of two columns that no single latent stands for is high; a share of the rows has this label."""
    frame = learned.dataset.frame
    height, score = frame["height"].to_numpy(float), frame["score"].to_numpy(float)
    is_high = (height - height.mean()) / height.std() + (score - score.mean()) / score.std() > 0
    known = np.random.default_rng(1).random(len(is_high)) < share
    return RowLabels(np.where(known, is_high, -1).astype(np.int32), ("low", "high")), is_high


@pytest.mark.parametrize("share", [1.0, 0.1])
def test_the_head_learns_a_planted_label_also_where_few_rows_have_one(learned, share):
    labels, is_high = labels_of(learned, share)
    config = replace(learned.config, epochs=4, debias=True)
    model = learned.train_again(model=MODEL, config=config, labels=labels).model
    asked = learned.rows.take(np.flatnonzero(learned.held_out))
    right = (class_probabilities(model, asked).argmax(axis=1) == is_high[learned.held_out]).mean()
    assert right > (0.95 if share == 1 else 0.85)


def test_rows_without_a_label_leave_the_head_as_it_was(learned):
    labels = RowLabels(np.full(len(learned.rows), -1, np.int32), ("low", "high"))
    short = TrainConfig(epochs=1, fewest_steps=20, most_steps=20, batch_size=32, learning_rate=0.01)
    told = learned.train_again(model=MODEL, config=short, labels=labels)
    plain = learned.train_again(model=replace(MODEL, objective=Objective.BETA, label_weight=0.0), config=short)
    assert all(not weight.any() for weight in told.model.head.get_weights())
    np.testing.assert_allclose(told.history["val_loss"], plain.history["val_loss"], rtol=1e-4)


def test_each_class_keeps_its_share_of_the_draw_and_rare_rows_of_each_are_drawn_more_often(learned):
    within = np.where(np.arange(len(learned.rows)) % 10 == 0, 1, 0)
    drawn = AdaptiveResampling(learned.training.model, learned.rows, alpha=0.01, seed=0, within=within).draw(1, 8000)
    assert (within[drawn.index] == 1).mean() == pytest.approx(0.1, abs=0.015)
    assert drawn.effective_sample_size < 0.9 * len(learned.rows)
    far = np.abs(learned.codes.mean).max(axis=1)
    for each in (0, 1):
        own = drawn.index[within[drawn.index] == each]
        assert far[own].mean() > far[within == each].mean()


def test_refits_learn_the_label_too(learned):
    config = TrainConfig(epochs=1, warmup_epochs=0, fewest_steps=10, most_steps=10, batch_size=32, members=1)
    rows = {"held_out": learned.held_out, "model_config": MODEL, "config": config, "seed": 0}
    labels, _ = labels_of(learned)
    assert train_members(learned.encoding, learned.rows, labels=labels, **rows).mean.shape == (1, len(learned.rows), 4)
