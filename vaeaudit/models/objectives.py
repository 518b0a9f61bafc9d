"""The quantities that training and scoring are made of: pure functions of tensors, in nats, never averaged silently."""

from __future__ import annotations

import math

import tensorflow as tf
from tensorflow_probability import distributions as tfd


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
    n_samples = log_weights.shape[0]
    return tf.reduce_logsumexp(log_weights, axis=0) - math.log(n_samples)


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
