"""The beta-VAE: a Keras model whose distributions are TensorFlow Probability's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from vaeaudit.config import ModelConfig, Objective
from vaeaudit.data.encoding import Encoding
from vaeaudit.models.likelihoods import MixedLikelihood
from vaeaudit.models.networks import TableInputs, decoder_network, encoder_network
from vaeaudit.models.objectives import importance_weighted_bound, kl_per_latent, posterior, prior, trimmed_mean

Batch = tuple[tf.Tensor, tf.Tensor, tf.Tensor]

#: Under the objective `ae` the posterior is a point; this is what stands in for its standard deviation.
POINT_STDDEV = 1e-4


class BetaVAE(keras.Model):
    """A beta-VAE (Higgins 2017) over mixed columns; beta = 1 is the VAE, objective `ae` its deterministic bottleneck.

    Training minimises, per row and in nats, `-E_q[log p(x|z)] + beta * KL(q(z|x) || p(z))` with one sample of z by
    reparameterisation; the log-likelihood is summed over columns and the KL over latents.

    Parameters
    ----------
    encoding
        How columns become numbers; fixes the likelihoods.
    config
        Objective, beta, widths; `config.latents` must be resolved (not 0).
    seed
        Of initial weights and of the noise.
    trim
        Share of each training batch, the rows that contradict the model most, that takes no part in the step.
    **kwargs
        Passed on to `keras.Model`.
    """

    def __init__(self, encoding: Encoding, config: ModelConfig, *, seed: int, trim: float = 0.0, **kwargs: Any) -> None:
        super().__init__(name="beta_vae", **kwargs)
        if config.latents < 1:
            raise ValueError(f"the number of latents must be resolved before building, found {config.latents}")
        self.encoding = encoding
        self.config = config
        self.trim = trim
        self.is_variational = config.objective != Objective.AE.value
        self.likelihood = MixedLikelihood(encoding, name="likelihood")
        self.likelihood.build()
        self.inputs_layer = TableInputs(encoding, name="inputs")
        self.encoder = encoder_network(self.inputs_layer.n_features, config.hidden, config.latents, seed=seed)
        self.decoder = decoder_network(config.latents, config.hidden, self.likelihood, seed=seed)
        self.noise = keras.random.SeedGenerator(seed)
        shape = (self.likelihood.n_parameters,)
        self.marginals = self.add_weight(name="marginals", shape=shape, initializer="zeros", trainable=False)
        self.kl_weight = self.add_weight(name="kl_weight", shape=(), initializer="zeros", trainable=False)
        self.trackers = {name: keras.metrics.Mean(name=name) for name in ("loss", "log_likelihood", "kl")}
        self.built = True

    @property
    def metrics(self) -> list[Any]:
        """Means over an epoch: loss, log-likelihood and KL per row, in nats."""
        return list(self.trackers.values())

    def encode(self, values: tf.Tensor, codes: tf.Tensor, observed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return mean and stddev [B, L] of q(z|x)."""
        outputs = self.encoder(self.inputs_layer(values, codes, observed))
        mean, raw = tf.split(outputs, 2, axis=-1)
        if not self.is_variational:
            return mean, tf.fill(tf.shape(mean), POINT_STDDEV)
        return mean, 1e-3 + tf.nn.softplus(raw + float(np.log(np.expm1(1.0))))

    def decode(self, z: tf.Tensor) -> tf.Tensor:
        """Return likelihood parameters [..., B, n_parameters] for latents [..., B, L]."""
        flat = tf.reshape(z, [-1, self.config.latents])
        return tf.reshape(self.decoder(flat), tf.concat([tf.shape(z)[:-1], [self.likelihood.n_parameters]], axis=0))

    def sample_posterior(self, mean: tf.Tensor, stddev: tf.Tensor, n_samples: int) -> tf.Tensor:
        """Return z = mean + stddev * eps, [S, B, L]."""
        shape = [n_samples, tf.shape(mean)[0], self.config.latents]
        return mean + stddev * keras.random.normal(shape, seed=self.noise)

    def losses_per_row(self, batch: Batch) -> tuple[tf.Tensor, tf.Tensor]:
        """Return E_q[log p(x|z)] (one sample) and KL(q(z|x) || p(z)), both [B] in nats."""
        mean, stddev = self.encode(*batch)
        z = self.sample_posterior(mean, stddev, 1)[0] if self.is_variational else mean
        log_likelihood = tf.reduce_sum(self.likelihood.log_prob(self.decode(z), *batch), axis=-1)
        kl = tf.reduce_sum(kl_per_latent(mean, stddev), axis=-1) if self.is_variational else tf.zeros_like(z[:, 0])
        return log_likelihood, kl

    def importance_weighted(self, batch: Batch, n_samples: int) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return mean, stddev [B, L], the S-sample bound [B] and E_q[log p(x_c|z)] per column [B, C]."""
        mean, stddev = self.encode(*batch)
        z = self.sample_posterior(mean, stddev, n_samples)
        per_column = self.likelihood.log_prob(self.decode(z), *batch)
        log_weights = tf.reduce_sum(per_column, axis=-1)
        if self.is_variational:
            log_ratio = prior().log_prob(z) - posterior(mean, stddev).log_prob(z)
            log_weights += tf.reduce_sum(log_ratio, axis=-1)
        return mean, stddev, importance_weighted_bound(log_weights), tf.reduce_mean(per_column, axis=0)

    def train_step(self, data: Batch) -> Mapping[str, tf.Tensor]:
        """Take one optimiser step on a batch; return the running means."""
        with tf.GradientTape() as tape:
            log_likelihood, kl = self.losses_per_row(data)
            loss_per_row = self.kl_weight * kl - log_likelihood
            credit = self._rarity_credit(data) if self.trim else 0.0
            loss = trimmed_mean(loss_per_row, self.trim, by=loss_per_row - credit)
        variables = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return self._track(loss, log_likelihood, kl)

    def _rarity_credit(self, batch: Batch) -> tf.Tensor:
        """Return [B] nats that a row's loss owes to rare levels and missing cells alone, whatever the other cells say.

        A row is not trimmed for belonging to a small group: only for numbers far out, and for levels that are less
        probable given the rest of the row than they are by themselves. On Adult, trimming by the loss itself kept all
        83 people with preschool education from being learned, and flagged them.
        """
        _, _, observed = batch
        alone = self.likelihood.log_prob(self.marginals[None, :], *batch)
        is_number = tf.range(self.likelihood.n_columns) < self.likelihood.n_numeric
        return -tf.reduce_sum(tf.where(is_number & observed, 0.0, alone), axis=-1)

    def _track(self, loss: tf.Tensor, log_likelihood: tf.Tensor, kl: tf.Tensor) -> Mapping[str, tf.Tensor]:
        n_rows = tf.shape(kl)[0]
        self.trackers["loss"].update_state(loss, sample_weight=n_rows)
        self.trackers["log_likelihood"].update_state(log_likelihood)
        self.trackers["kl"].update_state(kl)
        return {name: tracker.result() for name, tracker in self.trackers.items()}
