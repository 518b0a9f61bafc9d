"""A small trained model of pictures: what it learns, and what inference hands on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from vaeaudit.config import ModelConfig, TrainConfig
from vaeaudit.data.encoding.image_encoding import ImageEncoding, ImageRows, PixelLikelihood, fit_image_encoding
from vaeaudit.data.sources.image_store import ImageStore
from vaeaudit.models.fitting.build import architecture, rebuild, weights
from vaeaudit.models.fitting.members import train_members
from vaeaudit.models.fitting.training import Training, split_held_out, train
from vaeaudit.models.image.inference import PRIOR_SAMPLES, encode_images, fit_image_scales, make_pictures
from vaeaudit.models.inference import TRAVERSAL, posterior_means
from vaeaudit.outputs.images import PatchScales
from vaeaudit.outputs.latents import LatentCodes

N, SIDE = 600, 16
MODEL = ModelConfig(latents=4)
TRAIN = TrainConfig(
    epochs=8, warmup_epochs=2, fewest_steps=60, most_steps=60, batch_size=32, learning_rate=2e-3, members=1
)


@dataclass(frozen=True)
class LearnedPictures:
    encoding: ImageEncoding
    rows: ImageRows
    held_out: np.ndarray
    training: Training
    scales: PatchScales
    codes: LatentCodes
    place: np.ndarray


def squares(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Bright squares somewhere on a grey ground: two factors, and a third, the ground's grey."""
    generator = np.random.default_rng(seed)
    place, ground = generator.integers(1, SIDE - 5, (n, 2)), generator.integers(30, 90, n)
    pixels = np.repeat(ground, SIDE * SIDE).reshape(n, SIDE, SIDE).astype(float)
    for row, (top, left) in enumerate(place):
        pixels[row, top : top + 4, left : left + 4] = 220
    noisy = pixels + generator.normal(0, 4, pixels.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)[..., None], place


@pytest.fixture(scope="session")
def learned_pictures(tmp_path_factory: pytest.TempPathFactory) -> LearnedPictures:
    pixels, place = squares(N, seed=0)
    path = tmp_path_factory.mktemp("pictures") / "pixels.npy"
    np.save(path, pixels)
    sizes = np.full((N, 2), SIDE, np.int32)
    sizes[::5] = [SIDE, SIDE // 2]  # every fifth has padding above and below
    images = ImageStore(path, pixels.shape, np.array([str(row) for row in range(N)]), sizes)
    encoding = fit_image_encoding(images)
    rows, held_out = encoding.encode(images), split_held_out(N, 0.1, seed=0)
    training = train(encoding, rows, held_out, MODEL, TRAIN, seed=0)
    scales = fit_image_scales(training.model, rows, seed=0)
    codes = encode_images(training.model, rows, held_out, scales, n_samples=2, seed=0)
    return LearnedPictures(encoding, rows, held_out, training, scales, codes, place)


def test_training_on_pictures_beats_the_mean_picture_and_finds_what_varies(learned_pictures: LearnedPictures) -> None:
    learned = learned_pictures
    assert learned.encoding.likelihood is PixelLikelihood.NORMAL
    assert learned.codes.elbo[learned.held_out].mean() > learned.training.baseline.mean() + 50
    means = np.column_stack([np.ones(N), learned.codes.mean, learned.codes.mean**2])
    for factor in learned.place.T:
        fitted = means @ np.linalg.lstsq(means, factor, rcond=None)[0]
        assert np.corrcoef(fitted, factor)[0, 1] > 0.7


def test_the_same_seed_trains_the_same_model_and_another_seed_another(learned_pictures: LearnedPictures) -> None:
    learned = learned_pictures
    short = TrainConfig(epochs=1, warmup_epochs=0, fewest_steps=5, most_steps=5, batch_size=32, learning_rate=1e-3)
    one, same, other = (
        train(learned.encoding, learned.rows, learned.held_out, MODEL, short, seed=seed).model.get_weights()
        for seed in (1, 1, 2)
    )
    assert all(np.array_equal(a, b) for a, b in zip(one, same, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_codes_of_pictures_have_statistics_and_no_columns(learned_pictures: LearnedPictures) -> None:
    codes = learned_pictures.codes
    assert codes.columns == ()
    assert codes.reason_nats.shape == (N, 0)
    assert codes.image_statistics is not None
    assert len(codes.image_statistics) == N
    assert np.isfinite(codes.image_statistics).all()
    again = LatentCodes.from_arrays(codes.to_arrays())
    np.testing.assert_array_equal(again.image_statistics, codes.image_statistics)


def test_the_bound_of_two_samples_lies_above_the_elbo_on_average(learned_pictures: LearnedPictures) -> None:
    codes = learned_pictures.codes
    assert codes.iwae.mean() > codes.elbo.mean()


def test_the_unit_of_a_density_counts_the_pixels_that_are_no_padding(learned_pictures: LearnedPictures) -> None:
    correction = learned_pictures.codes.unit_correction
    assert correction[1] == pytest.approx(-SIDE * SIDE * np.log(255))
    assert correction[0] == pytest.approx(correction[1] / 2)


def test_rows_are_encoded_alike_in_any_company(learned_pictures: LearnedPictures) -> None:
    learned = learned_pictures
    few = learned.rows.take(np.array([3, 5, 8]))
    alone = encode_images(learned.training.model, few, np.zeros(3, bool), learned.scales, n_samples=2, seed=0)
    np.testing.assert_allclose(alone.mean, learned.codes.mean[[3, 5, 8]], atol=1e-4)
    np.testing.assert_allclose(alone.image_statistics, learned.codes.image_statistics[[3, 5, 8]], atol=1e-3)
    np.testing.assert_allclose(posterior_means(learned.training.model, few), alone.mean, atol=1e-4)


def test_a_stored_model_of_pictures_is_rebuilt_as_it_was(learned_pictures: LearnedPictures) -> None:
    learned = learned_pictures
    model = learned.training.model
    again = rebuild(architecture(model), weights(model), learned.encoding, seed=0)
    few = learned.rows.take(slice(0, 4))
    np.testing.assert_array_equal(posterior_means(again, few), posterior_means(model, few))


def test_refits_lay_every_picture_on_their_latents(learned_pictures: LearnedPictures) -> None:
    learned = learned_pictures
    members = train_members(
        learned.encoding,
        learned.rows,
        held_out=learned.held_out,
        model_config=MODEL,
        config=TRAIN,
        seed=0,
    )
    assert members.mean.shape == (1, N, 4)


def test_the_pictures_of_a_report_are_the_rows_and_what_the_model_makes_of_them(
    learned_pictures: LearnedPictures,
) -> None:
    learned: Any = learned_pictures
    kept, thumbnails = np.array([2, 7, 30]), np.array([0, 1])
    regions = {"one": (np.zeros((3, 4)), None), "two": (np.full((3, 4), 5.0), None)}
    made = make_pictures(
        learned.training.model,
        learned.rows,
        learned.scales,
        kept=kept,
        thumbnails=thumbnails,
        regions=regions,
        seed=0,
    )
    np.testing.assert_array_equal(made.originals, learned.rows.images.read(kept))
    error = made.reconstructions.astype(float) - made.originals
    assert np.abs(error).mean() < 25
    assert made.traversals.shape == (4, len(TRAVERSAL), SIDE, SIDE, 1)
    np.testing.assert_array_equal(made.traversals[0, 5], made.traversals[3, 5])  # the middle is the prior mean
    assert made.prior.shape[0] == PRIOR_SAMPLES
    assert made.region_rules.tolist() == ["one", "two"]
    np.testing.assert_array_equal(made.regions[0, 0], made.traversals[0, 5])
    np.testing.assert_array_equal(made.thumbnails, learned.rows.images.read(thumbnails))


def test_without_regions_there_are_no_pictures_of_them(learned_pictures: LearnedPictures) -> None:
    learned: Any = learned_pictures
    rows = np.array([0])
    made = make_pictures(
        learned.training.model, learned.rows, learned.scales, kept=rows, thumbnails=rows, regions={}, seed=0
    )
    assert len(made.regions) == len(made.region_rules) == 0
