"""The beta-VAE: a Keras model whose distributions are TensorFlow Probability's; subclasses know what rows are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from vaeaudit.config import ModelConfig
from vaeaudit.data.encoding.condition_encoding import ConditionEncoding
from vaeaudit.data.encoding.rows import AnyEncoding, Rows
from vaeaudit.models.objectives import Objective, importance_weighted_bound, label_cross_entropy, trimmed_mean

#: One tensor per array of `Rows.arrays`, B rows each; the last is the condition, where the model is given one.
Batch = tuple[tf.Tensor, ...]

#: Different draws of the noise that rows are scored with; a power of two.
_NOISES = 1024


class LikelihoodLayer(Protocol):
    """p(x|z) of a batch, given what the decoder returns."""

    n_parameters: int

    def log_prob(self, parameters: tf.Tensor, *batch: tf.Tensor) -> tf.Tensor:
        """Return log p(x|z) [..., B, K] in nats, in K terms that add up (columns, or one for a whole picture)."""
        ...

    def mean_features(self, parameters: tf.Tensor) -> tf.Tensor:
        """Return E[features of x | z] [..., B, D]; see `BetaVAE.features`."""
        ...


class RowLosses(NamedTuple):
    """Of B rows: loss and log p(x|z) [..., B] in nats, mean and stddev [B, L] of q(z|x).

    `of_label` [..., B] is the part of the loss that the label makes; 0 where none was read.
    """

    loss: tf.Tensor
    log_likelihood: tf.Tensor
    mean: tf.Tensor
    stddev: tf.Tensor
    of_label: tf.Tensor | float = 0.0


def taken_from(parts: tf.Tensor, row: tf.Tensor) -> tf.Tensor:
    """Return parts [B, K, ...], each of the K from the row [B, K] that is named for it."""
    place = tf.broadcast_to(tf.range(tf.shape(row)[1]), tf.shape(row))
    return tf.gather_nd(parts, tf.stack([row, place], axis=-1))


class BetaVAE(keras.Model):
    """A beta-VAE (Higgins 2017) or one of its family: what training minimises per row is its objective's.

    Given a condition y it is p(x|y) = E_p(z) p(x|z, y), with q(z|x, y) (Sohn 2015): both networks read y beside what
    they read, and z is drawn towards the same prior whatever y is, so that it need not say what y says.

    Parameters
    ----------
    config
        Beta, widths; `config.latents` must be resolved (not 0).
    objective
        What training minimises; `vaeaudit.models.fitting.build.build` chooses it by `config.objective`.
    encoder, decoder
        Networks [B, D + E] -> [B, 2 L] and [B, L + E] -> [B, n_parameters].
    likelihood
        p(x|z), built.
    seed
        Of the noise.
    trim
        Share of each training batch, the rows that contradict the model most, that takes no part in the step.
    condition
        What it is given beside the latents, E numbers per row; None for nothing, E = 0.
    n_classes
        K, classes of the label that a head on the latents tells; 0 for no head. The label is then the last part of a
        batch in training, and of no other: the encoder never sees it.
    """

    #: Most passes over a small dataset in one epoch.
    most_passes: int
    #: Whether TensorFlow is to rewrite its graphs before they run.
    is_rewritten: bool
    #: How rows became numbers; set by the subclass.
    encoding: AnyEncoding

    def __init__(
        self,
        config: ModelConfig,
        *,
        objective: Objective,
        encoder: keras.Model,
        decoder: keras.Model,
        likelihood: LikelihoodLayer,
        seed: int,
        trim: float = 0.0,
        condition: ConditionEncoding | None = None,
        n_classes: int = 0,
    ) -> None:
        super().__init__(name="beta_vae")
        self.config = config
        self.trim = trim
        self.condition = condition
        self.objective = objective
        self.likelihood = likelihood
        self.encoder = encoder
        self.decoder = decoder
        self.head: keras.layers.Dense | None = None
        if n_classes:
            self.head = keras.layers.Dense(n_classes, kernel_initializer="zeros", name="head")
            self.head.build((None, config.latents))
        self.noise = keras.random.SeedGenerator(seed)
        self.risen = self.add_weight(name="risen", shape=(), initializer="zeros", trainable=False)
        self.mean_loss = keras.metrics.Mean(name="loss")
        self.graphs: dict[Callable[..., Any], Any] = {}  # see `vaeaudit.models.inference.compiled`
        self.built = True

    @property
    def metrics(self) -> list[Any]:
        """Mean over an epoch: loss per row, in nats."""
        return [self.mean_loss]

    # --- what a subclass says about its rows ---

    @property
    def signature(self) -> list[tf.TensorSpec]:
        """Shapes and types of a batch, for any number of rows."""
        return [*self.own_signature, *self.condition_signature]

    @property
    def own_signature(self) -> list[tf.TensorSpec]:
        """The same of what is decoded."""
        raise NotImplementedError

    def features(self, batch: Batch) -> tf.Tensor:
        """Return what is decoded of the batch as the encoder sees it [B, D]."""
        raise NotImplementedError

    def start_from(self, train_rows: Rows, test_rows: Rows, *, seed: int) -> npt.NDArray[np.floating]:
        """Set the decoder to what is known without latents; return the held-out log-likelihood that this reaches.

        Of each of `test_rows`, in nats, with all columns or pixels independent: what a model that has learned no
        relation would reach.
        """
        raise NotImplementedError

    def noise_variance(self, features: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        """Return the variance [D], or one for all, that the likelihood has around the mean of the features [N, D]."""
        raise NotImplementedError

    def corrupted(self, batch: Batch, share: float) -> Batch:
        """Return the batch with that share of its cells or pixels, drawn one by one, as other rows of it have them."""
        raise NotImplementedError

    def rarity_credit(self, batch: Batch) -> tf.Tensor | float:
        """Return nats [B] by which a row's loss is forgiven before the worst rows of a batch are trimmed."""
        return 0.0

    def after_step(self, batch: Batch, log_likelihood: tf.Tensor) -> None:
        """Update what no gradient moves, from the log-likelihood [B] of the step."""

    def after_epoch(self, batch: Batch) -> None:
        """Update what no gradient moves, once an epoch, from a large batch of training rows."""

    # --- the same for all ---

    def collapse(self, batch: Batch) -> float:
        """Return the beta above which no latent is worth its KL, as far as a linear decoder can tell.

        The largest variance of a direction of the features, each measured in standard deviations of its likelihood
        around its mean: a linear VAE is the probabilistic PCA of Tipping and Bishop (1999), the variance of the noise
        multiplied by beta (Lucas et al. 2019), and that has an axis for each variance above the noise.

        Parameters
        ----------
        batch
            Training rows.
        """
        features = self.features(batch).numpy().astype(np.float64)
        centred = (features - features.mean(axis=0)) / np.sqrt(self.noise_variance(features))
        products = centred @ centred.T if len(centred) < centred.shape[1] else centred.T @ centred
        return float(np.linalg.eigvalsh(products)[-1]) / len(centred)

    @property
    def condition_signature(self) -> list[tf.TensorSpec]:
        """Shape and type of the condition [B, E]; none where there is none."""
        return [] if self.condition is None else [tf.TensorSpec([None, self.condition.n_features], tf.float32)]

    @property
    def training_signature(self) -> list[tf.TensorSpec]:
        """Shapes and types of a batch in training: with a head, the class of each row [B] is its last part."""
        return [*self.signature, *([] if self.head is None else [tf.TensorSpec([None], tf.int32)])]

    def unlabelled(self, batch: Batch) -> tuple[Batch, tf.Tensor | None]:
        """Return a batch of training as any other, and the class of each row [B], below 0 for none; None: no head."""
        return (batch, None) if self.head is None else (batch[:-1], batch[-1])

    def parted(self, batch: Batch) -> tuple[Batch, tf.Tensor | None]:
        """Return what is decoded of a batch, and the condition [B, E] or None."""
        return (batch, None) if self.condition is None else (batch[:-1], batch[-1])

    def seen(self, batch: Batch) -> tf.Tensor:
        """Return all that the encoder sees [B, D + E]."""
        features, (_, condition) = self.features(batch), self.parted(batch)
        return features if condition is None else tf.concat([features, condition], axis=-1)

    def rows_with_others(self, shape: tf.Tensor, share: float) -> tf.Tensor:
        """Return for B rows of K parts, shape [B, K], which row each part is taken from: with `share`, any of them."""
        drawn = keras.random.uniform(shape, seed=self.noise)
        other = tf.minimum(tf.cast(drawn / share * tf.cast(shape[0], drawn.dtype), tf.int32), shape[0] - 1)
        return tf.where(drawn < share, other, tf.range(shape[0])[:, None])

    def expected_features(self, z: tf.Tensor, condition: tf.Tensor | None = None) -> tf.Tensor:
        """Return the expectation [..., B, D] of `features` under p(x|z, y) for latents and y as in `decode`."""
        return self.likelihood.mean_features(self.decode(z, condition))

    def encode(self, batch: Batch) -> tuple[tf.Tensor, tf.Tensor]:
        """Return mean and stddev [B, L] of q(z|x)."""
        mean, raw = tf.split(self.encoder(self.seen(batch)), 2, axis=-1)
        return mean, self.objective.stddev(raw)

    def decode(self, z: tf.Tensor, condition: tf.Tensor | None = None) -> tf.Tensor:
        """Return likelihood parameters [..., B, n_parameters] for latents [..., B, L].

        Parameters
        ----------
        z
            Latents.
        condition
            [B, E], or any shape that broadcasts to [..., B, E]: what is given beside each, as `condition.encode` makes
            it of cells. None: the usual one, where the model is given any.
        """
        flat = tf.reshape(z, [-1, self.config.latents])
        if self.condition is not None:
            size = self.condition.n_features
            given = tf.convert_to_tensor(self.condition.usual if condition is None else condition, tf.float32)
            given = tf.broadcast_to(given, tf.concat([tf.shape(z)[:-1], [size]], axis=0))
            flat = tf.concat([flat, tf.reshape(given, [-1, size])], axis=-1)
        return tf.reshape(self.decoder(flat), tf.concat([tf.shape(z)[:-1], [self.likelihood.n_parameters]], axis=0))

    def class_logits(self, z: tf.Tensor) -> tf.Tensor:
        """Return log p(y|z) [..., B, K], up to a constant, for latents [..., B, L]; the model must have a head."""
        if self.head is None:
            raise ValueError("this model was not trained to tell a label")
        return self.head(z)

    def draw_noise(self, batch: Batch) -> tf.Tensor:
        """Return noise from N(0, I) for one latent vector per row [B, L]."""
        return keras.random.normal([tf.shape(batch[0])[0], self.config.latents], seed=self.noise)

    def losses_per_row(
        self,
        batch: Batch,
        noise: tf.Tensor,
        risen: tf.Tensor | float = 1.0,
        *,
        shown: Batch | None = None,
        label: tf.Tensor | None = None,
    ) -> RowLosses:
        """Return what training minimises, before rows are averaged.

        Parameters
        ----------
        batch
            B rows.
        noise
            [..., B, L] from N(0, I), for one or several samples of z.
        risen
            How far what rises while training has risen, 0 to 1; see `Objective.loss`.
        shown
            What the encoder is shown in place of the batch.
        label
            [B]; class of each row, below 0 for none. None: the label takes no part.
        """
        own, condition = self.parted(batch)
        mean, stddev = self.encode(batch if shown is None else shown)
        z = self.objective.latents(mean, stddev, noise)
        log_likelihood = tf.reduce_sum(self.likelihood.log_prob(self.decode(z, condition), *own), axis=-1)
        loss = self.objective.loss(log_likelihood, mean, stddev, z, risen)
        if label is None:
            return RowLosses(loss, log_likelihood, mean, stddev)
        of_label = self.objective.label_weight * label_cross_entropy(self.class_logits(z), label)
        return RowLosses(loss + of_label, log_likelihood, mean, stddev, of_label)

    def importance_weighted(
        self, batch: Batch, n_samples: int | tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return mean, stddev [B, L], the S-sample bound [B] and E_q[log p(x_k|z)] per term [B, K].

        The noise of a row is chosen by what the row holds: until the noise is seeded anew it gets the same bound alone
        and among others, today and when it is scored again.
        """
        own, condition = self.parted(batch)
        mean, stddev = self.encode(batch)
        z = mean + stddev * self._noise_by_content(self.seen(batch), n_samples)
        per_term = self.likelihood.log_prob(self.decode(z, condition), *own)
        log_ratio = self.objective.log_prior(z) - self.objective.log_posterior(z, mean, stddev)
        log_weights = tf.reduce_sum(per_term, axis=-1) + log_ratio
        return mean, stddev, importance_weighted_bound(log_weights), tf.reduce_mean(per_term, axis=0)

    def _noise_by_content(self, features: tf.Tensor, n_samples: int | tf.Tensor) -> tf.Tensor:
        """Return standard normal noise [S, B, L], for each row one of `_NOISES` by a hash of its features [B, ...]."""
        state = tf.cast(tf.convert_to_tensor(self.noise.state), tf.int32)
        noises = tf.random.stateless_normal([_NOISES, n_samples, self.config.latents], seed=state)
        bits = tf.cast(tf.bitcast(tf.reshape(features, [tf.shape(features)[0], -1]), tf.int32), tf.int64)
        n_features = tf.shape(bits)[1]
        factors = tf.random.stateless_uniform([n_features], [0, 1], None, None, tf.int64) * 2 + 1
        mixed = tf.reduce_sum(bits * factors, axis=1)  # multiply-shift hashing; integers wrap around
        chosen = tf.bitwise.bitwise_and(tf.bitwise.right_shift(mixed, 40), _NOISES - 1)
        return tf.transpose(tf.gather(noises, chosen), [1, 0, 2])

    def train_step(self, data: Batch) -> Mapping[str, tf.Tensor]:
        """Take one optimiser step on a batch; return the running mean of the loss.

        What is hard to classify is not trimmed for it: by their label, rows of small groups would be the first to go.
        """
        data, label = self.unlabelled(data)
        noise, share = self.draw_noise(data), self.objective.corruption
        shown = self.corrupted(data, share) if share else None
        with tf.GradientTape() as tape:
            rows = self.losses_per_row(data, noise, self.risen, shown=shown, label=label)
            credit = self.rarity_credit(data) if self.trim else 0.0
            loss = trimmed_mean(rows.loss, self.trim, by=rows.loss - rows.of_label - credit)
        variables = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        self.after_step(data, rows.log_likelihood)
        self.mean_loss.update_state(loss, sample_weight=tf.shape(noise)[0])
        return {"loss": self.mean_loss.result()}
