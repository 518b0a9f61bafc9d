"""A masked autoregressive flow over latents, trained with TensorFlow Probability; what it learned leaves as arrays."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from vaeaudit.models.graphs import repeat, traced

FloatArray = npt.NDArray[np.floating]
Arrays = dict[str, npt.NDArray[np.float64]]

#: Layers of the flow, and units of each layer's hidden layer.
LAYERS, HIDDEN = 3, 128
#: |log scale| of one layer; no layer can make a spike of the density.
LARGEST_LOG_SCALE = 2.0
#: Steps at most, rows per step, and learning rate at the start (it falls to 0 along a cosine).
_STEPS, _BATCH, _LEARNING_RATE = 800, 256, 5e-3
#: Steps between two looks at the validation rows, and looks without a gain after which training ends.
_LOOK_EVERY, _PATIENCE = 50, 3
#: Least standard deviation of a latent that it is divided by, and the noise that training rows get: the density is
#: not to tell rows apart that are closer than the model's own resolution.
_RESOLUTION = 1e-2


def fit_flow(train: FloatArray, validation: FloatArray, *, seed: int) -> Arrays:
    """Fit a density by maximum likelihood; keep the weights that do best on the validation rows.

    Each layer is `u = (x - shift(x)) exp(-log_scale(x))`, whose shift and scale of one latent depend on the latents
    before it alone (Papamakarios 2017), by a masked network (MADE, Germain 2015); the order is reversed between layers.

    Parameters
    ----------
    train, validation
        [M, A] and [V, A], A >= 1, M, V >= 1.
    seed
        Of weights, order and noise.

    Returns
    -------
    dict of numpy.ndarray
        `location`, `scale` [A]; `weights_in` [F, A, H], `bias_in` [F, H], `weights_out` [F, H, 2 A], `bias_out`
        [F, 2 A] of F layers, and `largest_log_scale` []; what `vaeaudit.scoring.rarity.families` evaluates.
    """
    location, scale = train.mean(axis=0), np.maximum(train.std(axis=0), _RESOLUTION)
    generator = np.random.default_rng(seed)
    rows, held_out = ((part - location) / scale for part in (train, validation))
    flow = Flow(rows.shape[1], generator)
    take_steps, log_likelihood = flow.compiled()
    best, best_found, waited = flow.arrays(), float(log_likelihood(tf.constant(held_out, tf.float32))), 0
    for _ in range(_STEPS // _LOOK_EVERY):
        batches = rows[generator.integers(len(rows), size=(_LOOK_EVERY, _BATCH))]
        batches = batches + generator.normal(0, _RESOLUTION, batches.shape)
        take_steps(tf.constant(batches, tf.float32))
        found = float(log_likelihood(tf.constant(held_out, tf.float32)))
        if found > best_found:
            best, best_found, waited = flow.arrays(), found, 0
        else:
            waited += 1
        if waited >= _PATIENCE:
            break
    return {"location": location, "scale": scale, **best}


class Flow:
    """The variables of all layers of a flow over A latents, and the distribution that they make.

    Parameters
    ----------
    n_latents
        A.
    generator
        Of the initial weights.
    """

    def __init__(self, n_latents: int, generator: np.random.Generator) -> None:
        self.n_latents = n_latents
        # MADE: a hidden unit of degree d sees latents 0 … d - 1, and informs shift and scale of latent d and later.
        degree = np.arange(HIDDEN) % n_latents
        latent = np.arange(n_latents)
        self.mask_in = (latent[:, None] < degree[None, :]).astype(np.float32)
        self.mask_out = np.tile((degree[:, None] <= latent[None, :]).astype(np.float32), (1, 2))
        first = generator.normal(0, 1 / np.sqrt(n_latents), (LAYERS, n_latents, HIDDEN))
        last = generator.normal(0, 0.01 / np.sqrt(HIDDEN), (LAYERS, HIDDEN, 2 * n_latents))
        self.weights_in = tf.Variable(first * self.mask_in, dtype=tf.float32)
        self.bias_in = tf.Variable(tf.zeros([LAYERS, HIDDEN]))
        self.weights_out = tf.Variable(last * self.mask_out, dtype=tf.float32)
        self.bias_out = tf.Variable(tf.zeros([LAYERS, 2 * n_latents]))
        self.variables = [self.weights_in, self.bias_in, self.weights_out, self.bias_out]

    def log_prob(self, rows: tf.Tensor) -> tf.Tensor:
        """Return the log density [N] of standardised latents [N, A] in nats: of u from N(0, I), and of all scales."""
        u, log_det = rows, 0.0
        for layer in range(LAYERS):
            shift, log_scale = self.shift_and_log_scale(u, layer)
            u = ((u - shift) * tf.exp(-log_scale))[:, ::-1]
            log_det -= tf.reduce_sum(log_scale, axis=1)
        return tf.reduce_sum(tfd.Normal(0.0, 1.0).log_prob(u), axis=1) + log_det

    def shift_and_log_scale(self, u: tf.Tensor, layer: int) -> tuple[tf.Tensor, tf.Tensor]:
        """Return, for what a layer is given [N, A], what it subtracts and the log of what it divides by [N, A]."""
        hidden = tf.tanh(u @ (self.weights_in[layer] * self.mask_in) + self.bias_in[layer])
        out = hidden @ (self.weights_out[layer] * self.mask_out) + self.bias_out[layer]
        shift, raw = tf.split(out, 2, axis=-1)
        return shift, LARGEST_LOG_SCALE * tf.tanh(raw / LARGEST_LOG_SCALE)

    def compiled(self) -> tuple[Callable[[tf.Tensor], None], Callable[[tf.Tensor], tf.Tensor]]:
        """Return, as graphs, optimiser steps on batches [S, B, A], and the mean log-likelihood of rows [N, A]."""
        schedule = keras.optimizers.schedules.CosineDecay(_LEARNING_RATE, _STEPS)
        optimizer = keras.optimizers.Adam(schedule, clipnorm=5.0)
        optimizer.build(self.variables)

        def mean_log_likelihood(rows: tf.Tensor) -> tf.Tensor:
            return tf.reduce_mean(self.log_prob(rows))

        def take_step(batch: tf.Tensor) -> None:
            with tf.GradientTape() as tape:
                loss = -mean_log_likelihood(batch)
            optimizer.apply(tape.gradient(loss, self.variables), self.variables)

        def take_steps(batches: tf.Tensor) -> None:
            repeat(tf.shape(batches)[0], lambda step: take_step(batches[step]))

        batches = tf.TensorSpec([_LOOK_EVERY, _BATCH, self.n_latents], tf.float32)
        rows = tf.TensorSpec([None, self.n_latents], tf.float32)
        return traced(take_steps, batches), traced(mean_log_likelihood, rows)

    def arrays(self) -> Arrays:
        """Return the weights as they are now, masked, and the bound of the log scales."""
        weights_in, bias_in, weights_out, bias_out = (
            variable.numpy().astype(np.float64) for variable in self.variables
        )
        return {
            "weights_in": weights_in * self.mask_in,
            "bias_in": bias_in,
            "weights_out": weights_out * self.mask_out,
            "bias_out": bias_out,
            "largest_log_scale": np.array(LARGEST_LOG_SCALE),
        }
