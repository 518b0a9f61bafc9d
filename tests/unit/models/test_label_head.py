"""A head on the latents tells the label: its loss is the paper's, the encoder never sees it, and turning leaves it."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tensorflow as tf
from scipy import special

from vaeaudit.config import ModelConfig, Objective
from vaeaudit.data.encoding.image_encoding import ImageEncoding, PixelLikelihood
from vaeaudit.errors import RunError
from vaeaudit.models.axes import turn_axes
from vaeaudit.models.fitting.build import architecture, build, rebuild, weights
from vaeaudit.models.inference import class_probabilities, tensors
from vaeaudit.models.objectives import label_cross_entropy

RNG = np.random.default_rng(3)
WEIGHT = 7.0
CONFIG = ModelConfig(objective=Objective.DB_VAE, latents=4, hidden=(16,), label_weight=WEIGHT)


@pytest.fixture(scope="module")
def model(learned):
    """Untrained, but with a head that says something."""
    made = build(learned.encoding, CONFIG, seed=0, n_classes=3)
    made.head.set_weights([RNG.normal(size=(4, 3)), RNG.normal(size=3)])
    return made


@pytest.fixture(scope="module")
def batch(learned):
    return tensors(learned.rows.take(np.arange(40)))


def test_the_cross_entropy_is_minus_the_log_of_the_softmax_and_nothing_without_a_label():
    logits, label = RNG.normal(0, 3, (2, 5, 3)), np.array([0, 2, -1, 1, -1])
    log_softmax = logits - special.logsumexp(logits, axis=-1, keepdims=True)
    expected = np.where(label < 0, 0.0, -log_softmax[:, np.arange(5), label])
    found = label_cross_entropy(tf.constant(logits, tf.float32), tf.constant(label, tf.int32))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_the_loss_is_kl_and_reconstruction_and_the_weighted_cross_entropy_of_rows_that_have_a_label(model, batch):
    noise, label = model.draw_noise(batch), RNG.integers(-1, 3, 40).astype(np.int32)
    plain, told = model.losses_per_row(batch, noise), model.losses_per_row(batch, noise, label=tf.constant(label))
    mean, stddev = (part.numpy() for part in model.encode(batch))
    z = mean + stddev * noise.numpy()
    kl = 0.5 * (mean**2 + stddev**2 - 1 - 2 * np.log(stddev)).sum(axis=1)
    kernel, bias = model.head.get_weights()
    log_softmax = special.log_softmax(z @ kernel + bias, axis=1)
    cross_entropy = np.where(label < 0, 0.0, -log_softmax[np.arange(40), label])
    np.testing.assert_allclose(plain.loss, kl - plain.log_likelihood.numpy(), rtol=1e-4)
    np.testing.assert_allclose(told.of_label, WEIGHT * cross_entropy, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(told.loss, plain.loss.numpy() + WEIGHT * cross_entropy, rtol=1e-4)


def test_the_label_is_the_last_part_of_a_batch_in_training_and_of_no_other(model, batch):
    assert len(model.signature) == len(batch) == len(model.training_signature) - 1
    own, label = model.unlabelled((*batch, tf.zeros(40, tf.int32)))
    assert (len(own), label.shape) == (len(batch), (40,))


def test_turning_the_latents_leaves_what_is_told_of_the_label(learned, model):
    before = class_probabilities(model, learned.rows)
    turn_axes(model, tensors(learned.rows))
    np.testing.assert_allclose(class_probabilities(model, learned.rows), before, atol=1e-4)


def test_so_does_bringing_the_latents_of_pictures_to_the_prior():
    pixels = RNG.integers(0, 256, (64, 8, 8, 1)).astype(np.uint8)
    rows = tf.constant(pixels), tf.constant(np.tile([0, 0, 8, 8], (64, 1)).astype(np.int32))
    made = build(ImageEncoding(8, 8, 1, PixelLikelihood.NORMAL, 0.2), CONFIG, seed=0, n_classes=2)
    made.head.set_weights([RNG.normal(size=(4, 2)), np.zeros(2)])
    mean, stddev = (part.numpy() for part in made.encode(rows))
    before = made.class_logits(tf.constant(mean)).numpy()
    made.standardise(mean, stddev)
    np.testing.assert_allclose(made.class_logits(made.encode(rows)[0]), before, atol=1e-5)
    made.after_epoch(rows)  # turned as well, and from there to the prior
    np.testing.assert_allclose(made.class_logits(made.encode(rows)[0]), before, atol=1e-3)


def test_a_rebuilt_model_tells_the_same_and_one_of_other_classes_is_refused(learned, model):
    document = json.loads(json.dumps(architecture(model)))
    assert document["n_classes"] == 3
    again = rebuild(document, weights(model), learned.encoding, seed=5)
    np.testing.assert_array_equal(class_probabilities(again, learned.rows), class_probabilities(model, learned.rows))
    for wrong in (0, 2):
        with pytest.raises(RunError, match="0 classes|shapes and types"):
            rebuild({**document, "n_classes": wrong}, weights(model), learned.encoding, seed=5)


def test_a_head_goes_with_the_objective_that_reads_a_label_and_with_no_other(learned):
    with pytest.raises(ValueError, match="0 classes does not go with an objective that gives it the weight 7"):
        build(learned.encoding, CONFIG, seed=0)
    with pytest.raises(ValueError, match="2 classes does not go with an objective that gives it the weight 0"):
        build(learned.encoding, ModelConfig(latents=4), seed=0, n_classes=2)
    with pytest.raises(ValueError, match="not trained to tell a label"):
        learned.training.model.class_logits(tf.zeros((1, 4)))
