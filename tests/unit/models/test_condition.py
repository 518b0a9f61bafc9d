"""A model that is given y: planted x = f(z) + g(y) is told apart, and nothing else changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from vaeaudit.config import ModelConfig, TrainConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.encoding.condition_encoding import ConditionEncoding, GivenColumn
from vaeaudit.data.encoding.image_encoding import ImageEncoding, PixelLikelihood
from vaeaudit.data.encoding.table_encoding import EncodedRows, Encoding, fit_encoding
from vaeaudit.data.schema.columns import Kind, Schema
from vaeaudit.models.condition_swaps import swap_conditions
from vaeaudit.models.fitting.build import architecture, build, rebuild, weights
from vaeaudit.models.fitting.training import Training, split_held_out, train
from vaeaudit.models.inference import tensors
from vaeaudit.models.latent_space import measure_latent_space
from vaeaudit.models.table.inference import decode_columns, encode_rows, expected_cells, traversals
from vaeaudit.outputs.latents import LatentCodes

N = 1200
SHIFT = {"a": 0.0, "b": 3.0, "c": -3.0}
MODEL = ModelConfig(latents=2, hidden=(32,))
TRAIN = TrainConfig(
    epochs=10, warmup_epochs=2, patience=6, fewest_steps=60, most_steps=60, batch_size=64, learning_rate=0.01
)


def planted() -> dict[str, tuple[Any, Kind]]:
    """One cause behind four columns, two of which a level moves too, and a number that moves one more."""
    generator = np.random.default_rng(3)
    cause, dose = generator.normal(size=(2, N))
    noise = 0.3 * generator.normal(size=(4, N))
    y = generator.choice(list(SHIFT), N)
    shift = np.array([SHIFT[level] for level in y])
    return {
        "moved": (cause + shift + noise[0], Kind.REAL),
        "still": (cause + noise[1], Kind.REAL),
        "against": (shift - cause + noise[2], Kind.REAL),
        "dosed": (cause + 2 * dose + noise[3], Kind.REAL),
        "flag": (np.where(generator.random(N) < 1 / (1 + np.exp(-shift)), "yes", "no"), Kind.BOOLEAN),
        "y": (y, Kind.CATEGORY),
        "dose": (dose, Kind.REAL),
    }


@dataclass(frozen=True)
class Learned:
    dataset: Dataset
    encoding: Encoding
    rows: EncodedRows
    training: Training
    codes: LatentCodes

    @property
    def model(self) -> Any:
        return self.training.model


def learn(dataset: Dataset) -> Learned:
    encoding = fit_encoding(dataset, max_levels=255)
    rows, held_out = encoding.encode_for_latents(dataset.frame), split_held_out(N, 0.2, seed=0)
    training = train(encoding, rows, held_out, MODEL, TRAIN, seed=0)
    codes = encode_rows(training.model, dataset.frame, held_out, n_samples=8, seed=0)  # type: ignore[arg-type]
    return Learned(dataset, encoding, rows, training, codes)


def with_columns(dataset: Dataset, **changes: bool) -> Dataset:
    columns = (
        replace(column, **(changes if column.name in ("y", "dose") else {}))  # type: ignore[arg-type]
        for column in dataset.schema
    )
    return replace(dataset, schema=Schema(tuple(columns)))


@pytest.fixture(scope="module")
def table(dataset_of: Callable[..., Dataset]) -> Dataset:
    return dataset_of(planted())


@pytest.fixture(scope="module")
def given(table: Dataset) -> Learned:
    return learn(with_columns(table, given=True))


@pytest.fixture(scope="module")
def left_out(table: Dataset) -> Learned:
    return learn(with_columns(table, in_model=False))


def tells_level(learned: Learned) -> float:
    """Share of held-out rows whose level a regression on the latents tells; a third by chance."""
    held_out = learned.codes.held_out
    level = learned.dataset.frame["y"].cat.codes.to_numpy()[held_out]
    return float(cross_val_score(LogisticRegression(), learned.codes.mean[held_out], level, cv=4).mean())


def tells_dose(learned: Learned) -> float:
    held_out = learned.codes.held_out
    dose = learned.dataset.frame["dose"].to_numpy()[held_out]
    return max(np.corrcoef(dose, mean)[0, 1] ** 2 for mean in learned.codes.mean[held_out].T)


def test_latents_need_not_tell_what_is_given(given: Learned, left_out: Learned) -> None:
    assert tells_level(left_out) > 0.8
    assert tells_level(given) < 0.45
    assert tells_dose(given) < 0.05


def test_the_elbo_of_the_rest_does_not_get_worse(given: Learned, left_out: Learned) -> None:
    assert given.encoding.decoded.names == left_out.encoding.names
    gain = (given.codes.elbo - left_out.codes.elbo)[given.codes.held_out]
    assert gain.mean() > 2 * gain.std() / np.sqrt(gain.size) > 0
    assert np.mean(given.codes.iwae - given.codes.elbo) > 0


def test_the_decoder_recovers_what_y_adds(given: Learned) -> None:
    frame, condition = given.dataset.frame, given.model.condition
    swaps = swap_conditions(condition, frame, given.codes, lambda *at: expected_cells(given.model, *at), seed=0)
    of_level, of_dose = swaps.columns
    levels = given.dataset.schema["y"].levels
    found = {levels[int(code)]: of_level.expected[place] for place, code in enumerate(of_level.given)}
    place = {name: of_level.quantity.index(name) for name in ("moved", "still", "against", "flag")}
    for level, shift in SHIFT.items():
        moved = found[level] - found["a"]
        assert moved[place["moved"]] == pytest.approx(shift, abs=0.35)
        assert moved[place["against"]] == pytest.approx(shift, abs=0.35)
        assert moved[place["still"]] == pytest.approx(0, abs=0.2)
    yes = given.dataset.schema["flag"].levels.index("yes")
    share = {
        level: abs(1 - (of_level.level[place["flag"]] == yes) - row[place["flag"]]) for level, row in found.items()
    }
    assert share["c"] == pytest.approx(1 / (1 + np.exp(3)), abs=0.06)
    assert share["b"] == pytest.approx(1 / (1 + np.exp(-3)), abs=0.06)
    dosed = of_dose.expected[:, of_dose.quantity.index("dosed")]
    np.testing.assert_allclose(np.diff(dosed), 2 * np.diff(of_dose.given), atol=0.5)
    assert np.all(np.diff(of_dose.given) > 0)
    assert of_dose.n_rows == given.codes.held_out.sum()
    np.testing.assert_allclose(np.bincount(of_dose.group), N / 5, atol=2)


def test_decode_takes_latents_and_a_condition(given: Learned) -> None:
    model, z = given.model, np.zeros((3, 2), np.float32)
    frame = given.dataset.frame.groupby("y", observed=True).head(1)
    conditions = model.condition.encode(frame)
    decoded = model.decode(tf.constant(z), tf.constant(conditions))
    alone = [model.decode(tf.constant(z[:1]), tf.constant(row)) for row in conditions]
    np.testing.assert_allclose(decoded, np.concatenate(alone), rtol=1e-5, atol=1e-6)
    samples = model.decode(tf.zeros([4, 3, 2]), tf.constant(conditions))
    np.testing.assert_allclose(samples, np.broadcast_to(decoded, samples.shape), rtol=1e-5, atol=1e-6)
    usual = model.decode(tf.constant(z[:1]), tf.constant(model.condition.usual[None]))
    np.testing.assert_allclose(model.decode(tf.constant(z[:1])), usual, rtol=1e-6)


def test_decoded_columns_say_nothing_of_what_is_given(given: Learned) -> None:
    along = traversals(given.model)
    places = [given.encoding.names.index(name) for name in ("y", "dose")]
    assert np.isnan(along[..., places]).all()
    assert np.isfinite(np.delete(along, places, axis=-1)).all()
    condition = given.rows.condition
    assert condition is not None
    cells = decode_columns(given.model, given.codes.mean, condition)
    moved = cells[:, given.encoding.names.index("moved")]
    assert np.corrcoef(moved, given.dataset.frame["moved"])[0, 1] > 0.95


def test_a_row_has_the_same_bound_alone_and_among_others(given: Learned) -> None:
    few = given.dataset.frame.iloc[[7, 3]]
    again = encode_rows(given.model, few, np.ones(2, bool), n_samples=8, seed=0)
    np.testing.assert_allclose(again.iwae, given.codes.iwae[[7, 3]], rtol=1e-5)
    other = few.assign(y=pd.Categorical(["b", "a"], given.dataset.schema["y"].levels))
    assert not np.allclose(encode_rows(given.model, other, np.ones(2, bool), n_samples=8, seed=0).iwae, again.iwae)


def test_the_latent_space_is_measured_under_the_conditions_of_rows(given: Learned, left_out: Learned) -> None:
    found, without = (measure_latent_space(each.model, each.rows, each.codes, seed=0) for each in (given, left_out))
    assert found.step_lengths.shape == without.step_lengths.shape
    near = np.quantile(found.held_out_distance, 0.95)
    assert np.mean(found.prior_distance <= near) > 0.85  # samples under one condition alone would be far from most rows
    assert np.mean(found.prior_gap <= found.held_out_gap) > 0.85


def test_a_model_that_is_given_something_comes_back_from_its_files(given: Learned) -> None:
    again = rebuild(architecture(given.model), weights(given.model), given.encoding, seed=0)
    batch = tensors(given.rows.take(slice(0, 9)))
    for one, other in zip(given.model.encode(batch), again.encode(batch), strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_is_given_is_never_corrupted(given: Learned) -> None:
    batch = tensors(given.rows.take(slice(0, 50)))
    shown = given.model.corrupted(batch, 0.5)
    np.testing.assert_array_equal(shown[-1], batch[-1])
    assert not np.array_equal(shown[0], batch[0])


def test_pictures_are_encoded_and_decoded_under_a_condition() -> None:
    condition = ConditionEncoding((GivenColumn("y", has_missing=False, n_levels=3),))
    encoding = ImageEncoding(8, 12, 1, PixelLikelihood.NORMAL, 0.1, condition=condition)
    model: Any = build(encoding, ModelConfig(latents=2), seed=0)
    pixels, boxes = tf.zeros([3, 8, 12, 1], tf.uint8), tf.constant([[0, 0, 8, 12]] * 3)
    batch = (pixels, boxes, tf.eye(3))
    mean, _ = model.encode(batch)
    assert len(np.unique(mean.numpy().round(6), axis=0)) == 3  # the same picture, but given another y
    rows = model.losses_per_row(batch, tf.zeros([2, 3, 2]))
    assert (rows.loss.shape, rows.mean.shape) == ((2, 3), (3, 2))
    assert len(np.unique(model.decode(tf.zeros([3, 2]), batch[-1]).numpy().round(6), axis=0)) == 3
    assert model.corrupted(batch, 0.5)[-1] is batch[-1]
