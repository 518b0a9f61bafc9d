"""The model of pictures: likelihood against closed forms, padding, scale, networks, baseline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from vaeaudit.config import ModelConfig, Objective, TrainConfig
from vaeaudit.data.encoding.image_encoding import ImageEncoding, ImageRows, PixelLikelihood
from vaeaudit.data.sources.image_store import ImageStore
from vaeaudit.models.fitting.training import split_held_out, train
from vaeaudit.models.image.networks import image_networks
from vaeaudit.models.image.vae import SCALE_FLOOR, ImageLikelihood, ImageVAE
from vaeaudit.models.objectives import BetaObjective, kl_per_latent

SIDE = 8


def store_of(folder: Path, pixels: np.ndarray, sizes: Any = None) -> ImageStore:
    path = folder / "pixels.npy"
    np.save(path, pixels)
    n, height, width, _ = pixels.shape
    sizes = np.tile([[width, height]], (n, 1)) if sizes is None else np.asarray(sizes)
    content = np.array([str(row) for row in range(n)])
    return ImageStore(path, tuple(pixels.shape), content, sizes.astype(np.int32))


def likelihood_of(family: PixelLikelihood, channels: int = 1, scale: float = 0.2) -> ImageLikelihood:
    made = ImageLikelihood(ImageEncoding(SIDE, SIDE, channels, family, scale))
    made.build()
    return made


@pytest.fixture
def batch() -> tuple[np.ndarray, np.ndarray]:
    pixels = np.random.default_rng(0).integers(0, 256, (3, SIDE, SIDE, 1), dtype=np.uint8)
    return pixels, np.array([[0, 0, SIDE, SIDE], [2, 0, 6, SIDE], [0, 3, SIDE, 4]], np.int32)


def parameters_like(pixels: np.ndarray) -> np.ndarray:
    return np.random.default_rng(1).normal(0, 0.3, (len(pixels), SIDE * SIDE)).astype(np.float32)


def inside(box: np.ndarray) -> np.ndarray:
    mask = np.zeros((SIDE, SIDE), bool)
    top, left, bottom, right = box
    mask[top:bottom, left:right] = True
    return mask.ravel()


def test_a_normal_picture_has_the_density_of_its_pixels_inside_the_box(batch: Any) -> None:
    pixels, boxes = batch
    parameters = parameters_like(pixels)
    found = likelihood_of(PixelLikelihood.NORMAL).log_prob(parameters, tf.constant(pixels), tf.constant(boxes)).numpy()
    density = stats.norm.logpdf(pixels.reshape(3, -1) / 255, 0.5 + parameters, 0.2)
    expected = [density[row, inside(boxes[row])].sum() for row in range(3)]
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-4)


def test_a_black_and_white_picture_has_the_probability_of_its_pixels(batch: Any) -> None:
    _, boxes = batch
    pixels = np.random.default_rng(2).choice(np.array([0, 255], np.uint8), (3, SIDE, SIDE, 1))
    logits = parameters_like(pixels)
    likelihood = likelihood_of(PixelLikelihood.BERNOULLI)
    found = likelihood.log_prob(logits, tf.constant(pixels), tf.constant(boxes)).numpy()
    shares = 1 / (1 + np.exp(-logits))
    logs = np.log(np.where(pixels.reshape(3, -1) == 255, shares, 1 - shares))
    np.testing.assert_allclose(found[:, 0], [logs[row, inside(boxes[row])].sum() for row in range(3)], rtol=1e-4)
    np.testing.assert_allclose(likelihood.mean_features(tf.constant(logits)), shares, rtol=1e-5)


def test_padding_never_counts(batch: Any) -> None:
    pixels, boxes = batch
    likelihood, parameters = likelihood_of(PixelLikelihood.NORMAL), parameters_like(pixels)
    changed = pixels.copy()
    for row in range(3):
        changed[row].reshape(-1)[~inside(boxes[row])] = 77
    first, second = (likelihood.log_prob(parameters, tf.constant(p), tf.constant(boxes)) for p in (pixels, changed))
    np.testing.assert_allclose(first, second, rtol=1e-6)


def test_the_scale_moves_to_the_root_mean_squared_error(batch: Any) -> None:
    pixels, boxes = batch
    likelihood, parameters = likelihood_of(PixelLikelihood.NORMAL, scale=0.9), parameters_like(pixels)
    for _ in range(300):
        log_likelihood = likelihood.log_prob(parameters, tf.constant(pixels), tf.constant(boxes))[:, 0]
        likelihood.update_scale(log_likelihood, tf.constant(boxes))
    errors = [(pixels.reshape(3, -1)[r] / 255 - 0.5 - parameters[r])[inside(boxes[r])] for r in range(3)]
    assert float(likelihood.scale) == pytest.approx(np.sqrt(np.mean(np.concatenate(errors) ** 2)), rel=1e-3)


def test_a_perfect_reconstruction_does_not_make_the_density_unbounded(batch: Any) -> None:
    pixels, boxes = batch
    likelihood = likelihood_of(PixelLikelihood.NORMAL)
    perfect = (pixels.reshape(3, -1) / 255 - 0.5).astype(np.float32)
    for _ in range(400):
        log_likelihood = likelihood.log_prob(perfect, tf.constant(pixels), tf.constant(boxes))[:, 0]
        likelihood.update_scale(log_likelihood, tf.constant(boxes))
    assert float(likelihood.scale) == pytest.approx(SCALE_FLOOR)
    assert np.isfinite(log_likelihood).all()


@pytest.mark.parametrize("size", [(8, 8, 1), (28, 28, 1), (64, 64, 3), (20, 36, 3), (4, 4, 1)])
def test_the_networks_take_and_give_pictures_of_any_size(size: tuple[int, int, int]) -> None:
    encoder, decoder = image_networks(*size, 5, seed=0)
    flat = np.zeros((2, int(np.prod(size))), np.float32)
    assert encoder(flat).shape == (2, 10)
    assert decoder(np.zeros((2, 5), np.float32)).shape == flat.shape


def test_a_side_that_is_no_multiple_of_the_patch_is_refused() -> None:
    with pytest.raises(ValueError, match="multiples of 4, found 10 x 8"):
        image_networks(10, 8, 1, 2, seed=0)
    with pytest.raises(ValueError, match="multiples of 4"):
        ImageEncoding(10, 8, 1, PixelLikelihood.NORMAL, 0.2)


def test_training_starts_from_the_mean_colour_and_is_judged_by_the_mean_picture(tmp_path: Path) -> None:
    generator = np.random.default_rng(3)
    mean = np.linspace(60, 190, SIDE * SIDE * 3).reshape(SIDE, SIDE, 3)
    pixels = np.clip(generator.normal(mean, 20, (400, SIDE, SIDE, 3)), 0, 255).astype(np.uint8)
    rows = ImageRows(store_of(tmp_path, pixels), np.arange(400))
    model = ImageVAE(
        ImageEncoding(SIDE, SIDE, 3, PixelLikelihood.NORMAL, 0.2),
        ModelConfig(latents=2),
        objective=BetaObjective(),
        seed=0,
    )
    baseline = model.start_from(rows, rows, seed=0)
    shown = model.expected_features(tf.zeros([1, 2])).numpy().reshape(-1, 3).mean(axis=0)
    np.testing.assert_allclose(shown, pixels.reshape(-1, 3).mean(axis=0) / 255, atol=0.02)
    per_value = stats.norm(0, 20 / 255).entropy()
    assert baseline.mean() == pytest.approx(-per_value * SIDE * SIDE * 3, rel=0.02)


def test_turning_and_standardising_change_the_latents_and_not_what_is_decoded() -> None:
    model = ImageVAE(
        ImageEncoding(SIDE, SIDE, 1, PixelLikelihood.NORMAL, 0.2),
        ModelConfig(latents=3),
        objective=BetaObjective(),
        seed=0,
    )
    pixels = np.random.default_rng(0).integers(0, 256, (50, SIDE, SIDE, 1), dtype=np.uint8)
    batch = (tf.constant(pixels), tf.constant(np.tile([0, 0, SIDE, SIDE], (50, 1)), tf.int32))
    mean, stddev = (part.numpy() for part in model.encode(batch))
    decoded = model.decode(tf.constant(mean)).numpy()
    for _ in range(2):  # the second time from another centre and spread
        model.after_epoch(batch)
    again, scaled = (part.numpy() for part in model.encode(batch))
    np.testing.assert_allclose(again.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(again.var(axis=0) + np.square(scaled).mean(axis=0), 1, rtol=1e-3)
    np.testing.assert_allclose(model.decode(tf.constant(again)), decoded, atol=1e-4)
    before, after = (kl_per_latent(*pair).numpy().sum() for pair in ((mean, stddev), (again, scaled)))
    assert after < before


def test_a_corrupted_pixel_is_that_of_another_picture_at_the_same_place() -> None:
    model = ImageVAE(
        ImageEncoding(SIDE, SIDE, 3, PixelLikelihood.NORMAL, 0.2),
        ModelConfig(latents=2),
        objective=BetaObjective(),
        seed=0,
    )
    place = np.arange(SIDE * SIDE, dtype=np.uint8).reshape(1, SIDE, SIDE, 1)
    pixels = np.concatenate([np.broadcast_to(place, (200, SIDE, SIDE, 2)), np.zeros((200, SIDE, SIDE, 1))], axis=-1)
    pixels[..., 2] = np.arange(200)[:, None, None]
    boxes = tf.constant(np.tile([0, 0, SIDE, SIDE], (200, 1)), tf.int32)
    shown, same = model.corrupted((tf.constant(pixels.astype(np.uint8)), boxes), 0.1)
    np.testing.assert_array_equal(shown[..., :2], pixels[..., :2])
    assert (shown.numpy()[..., 2] != pixels[..., 2]).mean() == pytest.approx(0.1, abs=0.01)
    np.testing.assert_array_equal(same, boxes)


@pytest.mark.parametrize("objective", list(Objective))
def test_pictures_are_learned_under_every_objective(objective: Objective, tmp_path: Path) -> None:
    generator = np.random.default_rng(5)
    shade = generator.integers(20, 230, (160, 1, 1, 1))
    pixels = np.clip(shade + generator.normal(0, 8, (160, SIDE, SIDE, 1)), 0, 255).astype(np.uint8)
    rows = ImageRows(store_of(tmp_path, pixels), np.arange(160))
    capacity = 3.0 if objective == Objective.CAPACITY else 0.0
    training = train(
        ImageEncoding(SIDE, SIDE, 1, PixelLikelihood.NORMAL, 0.2),
        rows,
        split_held_out(160, 0.2, seed=0),
        ModelConfig(objective=objective, latents=2, capacity=capacity),
        TrainConfig(epochs=3, warmup_epochs=1, fewest_steps=20, most_steps=20, batch_size=32, learning_rate=5e-3),
        seed=0,
    )
    assert np.isfinite(training.history["val_loss"]).all()
    assert training.history["val_elbo"][-1] > training.baseline.mean()
