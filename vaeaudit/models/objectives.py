"""What training minimises: one class per objective, used by training, held-out evaluation and scores.

A further objective is one class and one entry in `OBJECTIVES`, under its word in `vaeaudit.config.Objective`. All
quantities are in nats and never averaged silently: likelihoods are summed over what a row is made of, divergences over
latents. Leading axes (posterior samples S, members K) may stand before rows and latents.
"""

from __future__ import annotations

import math
from typing import Protocol

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from vaeaudit.config import Objective as ObjectiveName

#: Least standard deviation of a posterior that training moves.
_LEAST_STDDEV = 1e-3
#: Under the objective `ae` the posterior is a point; this is what stands in for its standard deviation.
POINT_STDDEV = 1e-4
_SOFTPLUS_INVERSE_OF_ONE = math.log(math.expm1(1.0))


class Objective(Protocol):
    """What training minimises, and what it makes of q(z|x)."""

    #: Whether training draws the latents towards p(z) = N(0, I).
    has_prior: bool

    def stddev(self, raw: tf.Tensor) -> tf.Tensor:
        """Return the stddev [..., B, L] of q(z|x) for what the encoder returns beside its mean; near 1 at 0."""
        ...

    def latents(self, mean: tf.Tensor, stddev: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
        """Return the z [..., B, L] that training decodes, for noise from N(0, I)."""
        ...

    def divergence(self, mean: tf.Tensor, stddev: tf.Tensor) -> tf.Tensor:
        """Return how far each latent of q(z|x) is from p(z) [..., B, L], in nats."""
        ...

    def loss(
        self, log_likelihood: tf.Tensor, mean: tf.Tensor, stddev: tf.Tensor, z: tf.Tensor, weight: tf.Tensor | float
    ) -> tf.Tensor:
        """Return what a row adds to the loss [..., B].

        Parameters
        ----------
        log_likelihood
            [..., B]; log p(x|z), or its mean over several z.
        mean, stddev, z
            [..., B, L]; posterior, and what was decoded.
        weight
            Of what draws q(z|x) to the prior: beta, or less while it rises.
        """
        ...

    def log_prior(self, z: tf.Tensor) -> tf.Tensor:
        """Return log p(z) [..., B], for importance weights."""
        ...

    def log_posterior(self, z: tf.Tensor, mean: tf.Tensor, stddev: tf.Tensor) -> tf.Tensor:
        """Return log q(z|x) [..., B], for importance weights."""
        ...


class BetaObjective:
    """The beta-VAE (Higgins 2017): `weight * KL(q(z|x) || p(z)) - E_q[log p(x|z)]`; with weight 1 the VAE."""

    has_prior = True

    def stddev(self, raw: tf.Tensor) -> tf.Tensor:
        """Return the stddev, learned."""
        return _LEAST_STDDEV + tf.nn.softplus(raw + _SOFTPLUS_INVERSE_OF_ONE)

    def latents(self, mean: tf.Tensor, stddev: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
        """Return a sample of q(z|x) by reparameterisation."""
        return mean + stddev * noise

    def divergence(self, mean: tf.Tensor, stddev: tf.Tensor) -> tf.Tensor:
        """Return KL(q(z_l|x) || p(z_l))."""
        return kl_per_latent(mean, stddev)

    def loss(
        self, log_likelihood: tf.Tensor, mean: tf.Tensor, stddev: tf.Tensor, z: tf.Tensor, weight: tf.Tensor | float
    ) -> tf.Tensor:
        """Return the negative of the weighted evidence lower bound."""
        return weight * tf.reduce_sum(self.divergence(mean, stddev), axis=-1) - log_likelihood

    def log_prior(self, z: tf.Tensor) -> tf.Tensor:
        """Return log N(z; 0, I)."""
        return tf.reduce_sum(prior().log_prob(z), axis=-1)

    def log_posterior(self, z: tf.Tensor, mean: tf.Tensor, stddev: tf.Tensor) -> tf.Tensor:
        """Return log N(z; mean, stddev^2)."""
        return tf.reduce_sum(posterior(mean, stddev).log_prob(z), axis=-1)


class AutoencoderObjective:
    """The deterministic bottleneck: q(z|x) is a point, there is no prior, and a row's loss is `-log p(x|z)`."""

    has_prior = False

    def stddev(self, raw: tf.Tensor) -> tf.Tensor:
        """Return `POINT_STDDEV` everywhere."""
        return tf.fill(tf.shape(raw), POINT_STDDEV)

    def latents(self, mean: tf.Tensor, stddev: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
        """Return the point itself, once per draw of the noise."""
        return tf.broadcast_to(mean, tf.shape(noise))

    def divergence(self, mean: tf.Tensor, stddev: tf.Tensor) -> tf.Tensor:
        """Return KL(N(mean, 1) || N(0, 1)): a point has no KL, but a latent that stays at 0 is as dead here."""
        return kl_per_latent(mean, tf.ones_like(stddev))

    def loss(
        self, log_likelihood: tf.Tensor, mean: tf.Tensor, stddev: tf.Tensor, z: tf.Tensor, weight: tf.Tensor | float
    ) -> tf.Tensor:
        """Return the negative log-likelihood."""
        return -log_likelihood

    def log_prior(self, z: tf.Tensor) -> tf.Tensor:
        """Return 0: all samples weigh the same."""
        return tf.zeros_like(z[..., 0])

    def log_posterior(self, z: tf.Tensor, mean: tf.Tensor, stddev: tf.Tensor) -> tf.Tensor:
        """Return 0: all samples weigh the same."""
        return tf.zeros_like(z[..., 0])


#: Word of `vaeaudit.config.Objective` -> class; `vaeaudit.models.fitting.build.build` chooses from it.
OBJECTIVES: dict[str, type[Objective]] = {
    ObjectiveName.BETA.value: BetaObjective,
    ObjectiveName.AE.value: AutoencoderObjective,
}


def posterior(mean: tf.Tensor, stddev: tf.Tensor) -> tfd.Distribution:
    """Return q(z|x) = N(mean, diag(stddev^2)) with batch shape [B, L]."""
    return tfd.Normal(mean, stddev)


def prior() -> tfd.Distribution:
    """Return p(z_l) = N(0, 1), the same for every latent."""
    return tfd.Normal(0.0, 1.0)


def kl_per_latent(mean: tf.Tensor, stddev: tf.Tensor) -> tf.Tensor:
    """Return KL(q(z_l|x) || p(z_l)) [B, L] in nats."""
    return tfd.kl_divergence(posterior(mean, stddev), prior())


def importance_weighted_bound(log_weights: tf.Tensor) -> tf.Tensor:
    """Return log 1/S sum_s w_s [B] for log_weights [S, B] (Burda 2016, eq. 8).

    log w_s = log p(x|z_s) + log p(z_s) - log q(z_s|x), z_s drawn from q(z|x).
    """
    n_samples = tf.cast(tf.shape(log_weights)[0], tf.float64)
    return tf.reduce_logsumexp(log_weights, axis=0) - tf.cast(tf.math.log(n_samples), log_weights.dtype)


def trimmed_mean(loss: tf.Tensor, trim: float, *, by: tf.Tensor | None = None) -> tf.Tensor:
    """Return the mean of loss [B] without the `trim` share that is largest by `by` [B] (the loss itself where None).

    At least one row stays.
    """
    if trim == 0:
        return tf.reduce_mean(loss)
    n_kept = tf.maximum(1, tf.cast(tf.math.ceil((1 - trim) * tf.cast(tf.size(loss), tf.float32)), tf.int32))
    kept = tf.math.top_k(-(loss if by is None else by), n_kept, sorted=False).indices
    weight = tf.scatter_nd(kept[:, None], tf.ones_like(kept, loss.dtype), tf.shape(loss))
    return tf.reduce_sum(weight * loss) / tf.cast(n_kept, loss.dtype)
