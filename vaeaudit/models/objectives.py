"""What training minimises: one class per objective, used by training, held-out evaluation and scores.

A further objective is one class and one entry in `OBJECTIVES`, under its word in `vaeaudit.config.Objective`. All
quantities are in nats and never averaged silently: likelihoods are summed over what a row is made of, divergences over
latents. Leading axes (posterior samples S, members K) may stand before rows and latents. A loss is handed the whole
batch, so that what it says of a row may hang on the others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from vaeaudit.config import ModelConfig, TrainConfig
from vaeaudit.config import Objective as ObjectiveName
from vaeaudit.models.rotations import FloatArray, to_few_features, to_independence

#: Least standard deviation of a posterior that training moves.
_LEAST_STDDEV = 1e-3
#: Under the objective `ae` the posterior is a point; this is what stands in for its standard deviation.
POINT_STDDEV = 1e-4
_SOFTPLUS_INVERSE_OF_ONE = math.log(math.expm1(1.0))


class Objective(Protocol):
    """What training minimises, and what it makes of q(z|x)."""

    #: Whether training draws the latents towards p(z) = N(0, I).
    has_prior: ClassVar[bool]
    #: Whether latents may be turned between epochs: the prior, and all else that draws them, is alike from all sides.
    may_be_turned: ClassVar[bool]
    #: Whether the loss of a row hangs on the other rows of its batch: held-out rows then come in batches of that size.
    of_batch: ClassVar[bool]
    #: Whether the weight of the KL falls to beta, from where no latent is worth it, in place of rising.
    falls: ClassVar[bool]

    def __init__(self, config: ModelConfig) -> None:
        """Take the weight, and what else the configuration says."""
        ...

    @property
    def corruption(self) -> float:
        """Share of a row's cells or pixels that the encoder sees, while training, as other rows have them."""
        ...

    def rising_epochs(self, config: TrainConfig) -> int:
        """Return over how many epochs what rises while training rises, or falls."""
        ...

    def rotation(self, scores: FloatArray, features: FloatArray) -> FloatArray:
        """Return how latents that may be turned are turned [K, K]; see `vaeaudit.models.rotations`."""
        ...

    def stddev(self, raw: tf.Tensor) -> tf.Tensor:
        """Return the stddev [..., B, L] of q(z|x) for what the encoder returns beside its mean; near 1 at 0."""
        ...

    def latents(self, mean: tf.Tensor, stddev: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
        """Return the z [..., B, L] that training decodes, for noise from N(0, I)."""
        ...

    def divergence(self, mean: tf.Tensor, stddev: tf.Tensor) -> tf.Tensor:
        """Return how far each latent of q(z|x) is from p(z) [..., B, L], in nats."""
        ...

    @property
    def label_weight(self) -> float:
        """Weight of the label's cross-entropy, which is added to the loss; 0 where no label is read."""
        ...

    def loss(
        self, log_likelihood: tf.Tensor, mean: tf.Tensor, stddev: tf.Tensor, z: tf.Tensor, risen: tf.Tensor | float
    ) -> tf.Tensor:
        """Return what each row of a batch adds to the loss [..., B], but for its label.

        Parameters
        ----------
        log_likelihood
            [..., B]; log p(x|z), or its mean over several z.
        mean, stddev, z
            [B, L], [B, L], [..., B, L]; posterior of each row, and what was decoded.
        risen
            How far what rises while training has risen, 0 to 1: the weight of what draws q(z|x) to the prior, or the
            capacity. Where that weight falls, how many times beta it is: 1 or more.
        """
        ...

    def log_prior(self, z: tf.Tensor) -> tf.Tensor:
        """Return log p(z) [..., B], for importance weights."""
        ...

    def log_posterior(self, z: tf.Tensor, mean: tf.Tensor, stddev: tf.Tensor) -> tf.Tensor:
        """Return log q(z|x) [..., B], for importance weights."""
        ...


@dataclass(frozen=True)
class BetaObjective:
    """The beta-VAE (Higgins 2017): `beta * KL(q(z|x) || p(z)) - E_q[log p(x|z)]`; with beta = 1 the VAE."""

    config: ModelConfig = field(default_factory=ModelConfig)

    has_prior: ClassVar[bool] = True
    may_be_turned: ClassVar[bool] = True
    of_batch: ClassVar[bool] = False
    falls: ClassVar[bool] = False

    @property
    def corruption(self) -> float:
        """Return 0: the encoder sees rows as they are."""
        return 0.0

    @property
    def label_weight(self) -> float:
        """Return 0: no label is read."""
        return 0.0

    def rising_epochs(self, config: TrainConfig) -> int:
        """Return the epochs over which the weight rises."""
        return config.warmup_epochs

    def rotation(self, scores: FloatArray, features: FloatArray) -> FloatArray:
        """Return the rotation after which each latent goes with few columns, strongly."""
        return to_few_features(scores, features)

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
        self, log_likelihood: tf.Tensor, mean: tf.Tensor, stddev: tf.Tensor, z: tf.Tensor, risen: tf.Tensor | float
    ) -> tf.Tensor:
        """Return the negative of the weighted evidence lower bound."""
        return risen * self.config.weight * self._kl(mean, stddev) - log_likelihood

    def _kl(self, mean: tf.Tensor, stddev: tf.Tensor) -> tf.Tensor:
        """Return KL(q(z|x) || p(z)) [B]."""
        return tf.reduce_sum(self.divergence(mean, stddev), axis=-1)

    def log_prior(self, z: tf.Tensor) -> tf.Tensor:
        """Return log N(z; 0, I)."""
        return tf.reduce_sum(prior().log_prob(z), axis=-1)

    def log_posterior(self, z: tf.Tensor, mean: tf.Tensor, stddev: tf.Tensor) -> tf.Tensor:
        """Return log N(z; mean, stddev^2)."""
        return tf.reduce_sum(posterior(mean, stddev).log_prob(z), axis=-1)


class AutoencoderObjective(BetaObjective):
    """The deterministic bottleneck: q(z|x) is a point, there is no prior, and a row's loss is `-log p(x|z)`."""

    has_prior = False
    may_be_turned = False

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
        self, log_likelihood: tf.Tensor, mean: tf.Tensor, stddev: tf.Tensor, z: tf.Tensor, risen: tf.Tensor | float
    ) -> tf.Tensor:
        """Return the negative log-likelihood."""
        return -log_likelihood

    def log_prior(self, z: tf.Tensor) -> tf.Tensor:
        """Return 0: all samples weigh the same."""
        return tf.zeros_like(z[..., 0])

    def log_posterior(self, z: tf.Tensor, mean: tf.Tensor, stddev: tf.Tensor) -> tf.Tensor:
        """Return 0: all samples weigh the same."""
        return tf.zeros_like(z[..., 0])


class TotalCorrelationObjective(BetaObjective):
    """The beta-TCVAE (Chen 2018, eq. 4): of the three parts of the KL (`kl_parts`) the total correlation is weighted.

    The two others have weight 1. Since the parts add up to the KL, which has a closed form, the loss is
    `KL + (beta - 1) * TC - E_q[log p(x|z)]`, and only the total correlation is estimated.
    """

    may_be_turned = False
    of_batch = True

    def loss(
        self, log_likelihood: tf.Tensor, mean: tf.Tensor, stddev: tf.Tensor, z: tf.Tensor, risen: tf.Tensor | float
    ) -> tf.Tensor:
        """Return the loss; with beta = 1 that of the VAE."""
        more = (self.config.weight - 1.0) * kl_parts(z, mean, stddev).total_correlation
        return risen * (self._kl(mean, stddev) + more) - log_likelihood


class CapacityObjective(BetaObjective):
    """The capacity-annealed VAE (Burgess 2018, eq. 8): `beta * |KL - C| - E_q[log p(x|z)]`; beta is their gamma.

    C rises from 0 to `config.capacity` nats over the first half of training.
    """

    def rising_epochs(self, config: TrainConfig) -> int:
        """Return half of the epochs, or those of the warm-up where they are more."""
        return max(config.warmup_epochs, config.epochs // 2)

    def loss(
        self, log_likelihood: tf.Tensor, mean: tf.Tensor, stddev: tf.Tensor, z: tf.Tensor, risen: tf.Tensor | float
    ) -> tf.Tensor:
        """Return the loss; `risen` is how far C has risen."""
        return self.config.weight * tf.abs(self._kl(mean, stddev) - risen * self.config.capacity) - log_likelihood


class CovarianceObjective(BetaObjective):
    """DIP-VAE-II (Kumar 2018): `KL - E_q[log p(x|z)] + beta * |Cov_q(z)[z] - I|^2`, the covariance that of the batch.

    Their weights of the covariances and of the variances are both beta.
    """

    may_be_turned = False
    of_batch = True

    def loss(
        self, log_likelihood: tf.Tensor, mean: tf.Tensor, stddev: tf.Tensor, z: tf.Tensor, risen: tf.Tensor | float
    ) -> tf.Tensor:
        """Return the loss."""
        centred = mean - tf.reduce_mean(mean, axis=0)
        within = tf.linalg.diag(tf.reduce_mean(tf.square(stddev), axis=0))
        covariance = tf.matmul(centred, centred, transpose_a=True) / tf.cast(tf.shape(mean)[0], mean.dtype) + within
        distance = tf.reduce_sum(tf.square(covariance - tf.eye(tf.shape(mean)[1])))
        return risen * (self._kl(mean, stddev) + self.config.weight * distance) - log_likelihood


class DenoisingObjective(BetaObjective):
    """The denoising beta-VAE (Im 2017): the encoder is shown a corrupted row, and the row itself is recreated.

    Each cell (of a picture, each pixel) is with probability `config.corruption` that of another row of the batch: what
    is shown stays within what the column holds. Held-out rows and scores see rows as they are.
    """

    @property
    def corruption(self) -> float:
        """Return `config.corruption`."""
        return self.config.corruption


class FallingObjective(BetaObjective):
    """The beta-VAE whose beta falls: from where no latent is worth its KL to `config.weight`, over 3/4 of training.

    Latents so come into use one by one, the one that explains most first, and each finds what those before it left; at
    a fixed beta all start at once and share. It is the deterministic annealing of Rose (1998, Proc. IEEE 86); where it
    begins is `BetaVAE.collapse`.
    """

    falls = True

    def rising_epochs(self, config: TrainConfig) -> int:
        """Return three quarters of the epochs: over these beta falls."""
        return 3 * config.epochs // 4

    def rotation(self, scores: FloatArray, features: FloatArray) -> FloatArray:
        """Return the rotation after which latents share least."""
        return to_independence(scores)


class DebiasingObjective(BetaObjective):
    """The semi-supervised DB-VAE (Amini 2019, eq. 3): `beta * KL - E_q[log p(x|z)] - weight * E_q[log p(y|z)]`.

    p(y|z) is a softmax of linear functions of z, so that latents may be turned: it is turned along. A row without a
    label has no third term. Two things differ from the paper, whose task was to tell faces from all else: there the
    class is one more output of the encoder, here it is told from the latents alone, so that resampling by the latents
    concerns what the classifier reads; and there only faces are decoded, here the rows of all classes are.
    """

    @property
    def label_weight(self) -> float:
        """Return `config.label_weight`."""
        return self.config.label_weight


#: Word of `vaeaudit.config.Objective` -> class; `vaeaudit.models.fitting.build.build` chooses from it.
OBJECTIVES: dict[str, type[Objective]] = {
    ObjectiveName.BETA.value: BetaObjective,
    ObjectiveName.AE.value: AutoencoderObjective,
    ObjectiveName.BETA_TC.value: TotalCorrelationObjective,
    ObjectiveName.CAPACITY.value: CapacityObjective,
    ObjectiveName.DIP.value: CovarianceObjective,
    ObjectiveName.DENOISING.value: DenoisingObjective,
    ObjectiveName.FALLING.value: FallingObjective,
    ObjectiveName.DB_VAE.value: DebiasingObjective,
}


def raw_of_stddev(stddev: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return what an encoder has to return for a learned stddev: the inverse of `BetaObjective.stddev`."""
    above = np.maximum(np.asarray(stddev, np.float64) - _LEAST_STDDEV, _LEAST_STDDEV)
    return np.asarray(np.log(np.expm1(above)) - _SOFTPLUS_INVERSE_OF_ONE)


def posterior(mean: tf.Tensor, stddev: tf.Tensor) -> tfd.Distribution:
    """Return q(z|x) = N(mean, diag(stddev^2)) with batch shape [B, L]."""
    return tfd.Normal(mean, stddev)


def prior() -> tfd.Distribution:
    """Return p(z_l) = N(0, 1), the same for every latent."""
    return tfd.Normal(0.0, 1.0)


def kl_per_latent(mean: tf.Tensor, stddev: tf.Tensor) -> tf.Tensor:
    """Return KL(q(z_l|x) || p(z_l)) [B, L] in nats."""
    return tfd.kl_divergence(posterior(mean, stddev), prior())


class KLParts(NamedTuple):
    """Estimates [..., B], by one z ~ q(z|x) a row, that add up to one of KL(q(z|x) || p(z)) in the mean, in nats.

    Their means over rows and samples are the mutual information of row and z, the total correlation of q(z), and the
    sum over latents of KL(q(z_l) || p(z_l)): the decomposition of Chen 2018, eq. 2.
    """

    mutual_information: tf.Tensor
    total_correlation: tf.Tensor
    dimension_wise: tf.Tensor


def kl_parts(z: tf.Tensor, mean: tf.Tensor, stddev: tf.Tensor) -> KLParts:
    """Split the KL by the aggregated posterior q(z), taken to be the mean of q(z|x) over the batch.

    Minibatch-weighted sampling (Chen 2018, section 3.1) without its constant, log N for each density, which moves no
    gradient; exact where the batch is all N rows. Of a small batch the row's own q(z|x) weighs too much: mutual
    information ends at log B, and the total correlation comes out too high. Stratified sampling, which has no such bias
    in the density, comes out too low where posteriors are narrow, and rewards making them so: on Adult it raised the
    total correlation (see `benchmarks.objectives`).

    Parameters
    ----------
    z, mean, stddev
        [..., B, L], [B, L], [B, L].
    """
    log_size = tf.math.log(tf.cast(tf.shape(mean)[0], mean.dtype))
    # [..., L, B, B]: the last axis is the one summed over, and a standard normal's density half as dear as another's
    apart = tf.linalg.matrix_transpose(z)[..., None] - tf.transpose(mean)[:, None]
    spread = tf.transpose(stddev)[:, None]
    of_latents = prior().log_prob(apart / spread) - tf.math.log(spread)
    of_rows = tf.reduce_sum(of_latents, axis=-3)
    own = tf.linalg.diag_part(of_rows)  # log q(z|x)
    joint = tf.reduce_logsumexp(of_rows, axis=-1) - log_size  # log q(z)
    marginals = tf.reduce_sum(tf.reduce_logsumexp(of_latents, axis=-1) - log_size, axis=-2)
    return KLParts(own - joint, joint - marginals, marginals - tf.reduce_sum(prior().log_prob(z), axis=-1))


def label_cross_entropy(logits: tf.Tensor, label: tf.Tensor) -> tf.Tensor:
    """Return -log p(y|z) [..., B] in nats for logits [..., B, K] and classes [B]; 0 where a class is below 0."""
    chosen = tf.one_hot(label, logits.shape[-1])  # all zeros where there is no label
    return -tf.reduce_sum(chosen * tf.nn.log_softmax(logits), axis=-1)


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
