"""The two classifiers whose errors `benchmarks.debiasing` compares: small, and the same for all weights of the rows."""

from __future__ import annotations

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression

FloatArray = npt.NDArray[np.floating]
BoolArray = npt.NDArray[np.bool_]

_WIDTHS = (16, 32, 64, 128)
_DROPOUT = 0.3
_STEPS, _BATCH = 1000, 64
_LEARNING_RATE = 2e-3
#: Pictures are mirrored at random and moved by up to this many pixels, so that 6,000 of them are not memorised.
_MOST_SHIFT = 1
_COMPONENTS = 150
#: Inverse strength of the L2 penalty; scikit-learn's own default on components scaled by the largest.
_INVERSE_PENALTY = 1.0


def halve(pictures: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return pictures [N, H, W, channels] with each square of 2 x 2 pixels averaged, in [-1, 1]."""
    n, height, width, channels = pictures.shape
    squares = pictures.reshape(n, height // 2, 2, width // 2, 2, channels)
    return np.asarray(squares.mean(axis=(2, 4), dtype=np.float32) / 127.5 - 1, np.float32)


def network_answers(
    pictures: npt.NDArray[np.float32],
    labels: BoolArray,
    weights: FloatArray,
    asked: npt.NDArray[np.float32],
    *,
    seed: int,
) -> BoolArray:
    """Train four convolutions of stride 2 on rows drawn by their weights, and say which of `asked` are labelled True.

    Whatever the weights, it is the same network, the same start and the same number of draws.
    """
    keras.utils.set_random_seed(seed)
    model = _network(pictures.shape[1:])
    schedule = keras.optimizers.schedules.CosineDecay(_LEARNING_RATE, _STEPS, alpha=0.02)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        steps_per_execution=20,
        jit_compile=False,
    )
    rows = draw(weights, _STEPS * _BATCH, seed=seed)
    model.fit(_batches(pictures, labels, rows, seed=seed), shuffle=False, verbose=0)  # in random order already
    logits = model.predict(asked, batch_size=500, verbose=0)[:, 0]
    return np.asarray(logits > 0)


def draw(weights: FloatArray, n_draws: int, *, seed: int) -> npt.NDArray[np.int64]:
    """Return `n_draws` rows in random order, each as often as its weight says, give or take one (systematic sampling).

    The same seed gives the same random numbers for other weights, so that arms differ by their weights alone.
    """
    generator = np.random.default_rng(seed)
    positions = (np.arange(n_draws) + generator.random(n_draws)) / n_draws
    cumulated = np.cumsum(weights) / np.sum(weights)
    rows = np.minimum(np.searchsorted(cumulated, positions, side="right"), len(weights) - 1)
    return np.asarray(rows[generator.permutation(n_draws)], np.int64)


def components(
    pictures: npt.NDArray[np.float32], asked: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return both on the principal components of the first [N, A] and [M, A]; the largest has a deviation of 1."""
    flat = pictures.reshape(len(pictures), -1)
    fitted = PCA(_COMPONENTS, svd_solver="randomized", random_state=0).fit(flat)
    known, unknown = fitted.transform(flat), fitted.transform(asked.reshape(len(asked), -1))
    scale = known[:, 0].std()
    return known / scale, unknown / scale


def linear_answers(known: FloatArray, labels: BoolArray, weights: FloatArray, asked: FloatArray) -> BoolArray:
    """Fit a logistic regression on `components`, the weights in its loss; nothing in it is random."""
    fitted = LogisticRegression(C=_INVERSE_PENALTY, max_iter=1000).fit(known, labels, sample_weight=weights)
    return np.asarray(fitted.decision_function(asked) > 0)


def _network(shape: tuple[int, ...]) -> keras.Sequential:
    layers = [keras.Input(shape)]
    for width in _WIDTHS:
        layers.append(keras.layers.Conv2D(width, 3, 2, "same", use_bias=False, kernel_initializer="he_normal"))
        layers += [keras.layers.BatchNormalization(momentum=0.95), keras.layers.ReLU()]
    return keras.Sequential([*layers, keras.layers.Flatten(), keras.layers.Dropout(_DROPOUT), keras.layers.Dense(1)])


def _batches(
    pictures: npt.NDArray[np.float32], labels: BoolArray, rows: npt.NDArray[np.int64], *, seed: int
) -> tf.data.Dataset:
    generator = np.random.default_rng([seed, 1])
    shifts = generator.integers(-_MOST_SHIFT, _MOST_SHIFT + 1, (_STEPS, 2))
    mirrored = generator.random((_STEPS, _BATCH)) < 0.5
    known, truth = tf.constant(pictures), tf.constant(labels[:, None], tf.float32)

    def batch(index: tf.Tensor, shift: tf.Tensor, mirror: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        taken = tf.gather(known, index)
        turned = tf.where(mirror[:, None, None, None], tf.reverse(taken, [2]), taken)
        return tf.roll(turned, shift, [1, 2]), tf.gather(truth, index)

    return tf.data.Dataset.from_tensor_slices((rows.reshape(_STEPS, _BATCH), shifts, mirrored)).map(batch).prefetch(4)
