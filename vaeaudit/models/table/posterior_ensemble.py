"""Small beta-VAEs, trained side by side and briefly, of which the outlier score uses the posterior standard deviations.

K members are one Keras model whose weights carry a leading axis of members, so that a step of all of them is one pass
through the graph. They differ in the number of latents, in the activation, and in the rows they are trained on: each
fold of rows has members that never see it (cross-fitting), and those are the ones that judge it.

Why posterior standard deviations: where the data are dense, the encoder has learned how precisely it need say where a
row lies. Elsewhere it was never told, and the pattern of its precisions departs from what is usual.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from vaeaudit.config import EnsembleConfig
from vaeaudit.models.graphs import repeat, traced
from vaeaudit.models.objectives import BetaObjective, Objective
from vaeaudit.models.table.likelihoods import inverse_softplus, scale_of

FloatArray = npt.NDArray[np.floating]

#: Part of the steps over which the KL weight rises to 1.
_WARMUP = 0.2
#: Rows encoded in one call.
_CHUNK = 4096


@dataclass(frozen=True)
class MemberPlan:
    """What each of the K members is.

    Attributes
    ----------
    latents, fold
        [K]; number of latents, and the fold of rows that the member judges and is not trained on (-1: trained on all
        rows and judges all).
    features
        [K, M]; which features the member sees.
    n_rectified
        The first so many members have rectified linear units, the others hyperbolic tangents.
    """

    latents: npt.NDArray[np.int64]
    fold: npt.NDArray[np.int64]
    features: npt.NDArray[np.int64]
    n_rectified: int

    def __post_init__(self) -> None:
        n_members = len(self.latents)
        if self.fold.shape != (n_members,) or len(self.features) != n_members:
            raise ValueError(f"latents, fold and features must agree on K = {n_members} members")
        if not 0 <= self.n_rectified <= n_members:
            raise ValueError(f"n_rectified must lie between 0 and K = {n_members}, found {self.n_rectified}")


def plan_members(n_features: int, n_folds: int, config: EnsembleConfig, *, seed: int) -> MemberPlan:
    """Say what the members are: each combination of size, activation and fold once.

    Parameters
    ----------
    n_features
        F.
    n_folds
        1 (no cross-fitting) or more.
    config
        Most features of a member.
    seed
        Of the features that members see, where there are more than that.
    """
    sizes = [2, min(4, n_features), int(np.clip(n_features // 2, 2, 16)), int(np.clip(n_features, 2, 32))]
    folds = list(range(n_folds)) if n_folds > 1 else [-1]
    latents = np.array([size for _ in range(2) for size in sizes for _ in folds])
    fold = np.array([fold for _ in range(2) for _ in sizes for fold in folds])
    generator = np.random.default_rng(seed)
    n_seen = min(n_features, config.most_features)
    seen = [np.sort(generator.permutation(n_features)[:n_seen]) for _ in latents]
    return MemberPlan(latents, fold, np.array(seen), len(latents) // 2)


class PosteriorEnsemble(keras.Model):
    """K members with two hidden layers on either side and a Normal likelihood of learned scale per feature.

    Parameters
    ----------
    plan, config
        What the members are, and the width of their hidden layers.
    seed
        Of the initial weights.
    objective
        What training minimises: with a prior, since it is the posterior standard deviations that tell.
    """

    def __init__(
        self, plan: MemberPlan, config: EnsembleConfig, *, seed: int, objective: Objective | None = None
    ) -> None:
        super().__init__(name="posterior_ensemble")
        self.plan = plan
        self.objective = objective or BetaObjective()
        self.most_latents = int(plan.latents.max())
        used = np.arange(self.most_latents) < plan.latents[:, None]
        self.used_latents = tf.constant(used[:, None, :], tf.float32)
        self.seen = tf.constant(plan.features, tf.int32)
        n_seen, width = plan.features.shape[1], config.width
        draw = np.random.default_rng(seed)
        self.encoder_layers = self._stack("encoder", [n_seen, width, width, 2 * self.most_latents], draw)
        self.decoder_layers = self._stack("decoder", [self.most_latents, width, width, n_seen], draw)
        self.raw_scale = self._weight("raw_scale", np.full((1, n_seen), inverse_softplus(1.0)))
        self.log_stddev = traced(self._log_stddev, tf.TensorSpec([None, None], tf.float32))
        self.built = True

    def encode(self, features: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return mean and stddev [K, B, L] of q(z|x) for features [K, B, F]; latents a member lacks are N(0, 1)."""
        mean, raw = tf.split(self._network(self.encoder_layers, self._of_members(features)), 2, axis=-1)
        return mean * self.used_latents, tf.where(self.used_latents > 0, self.objective.stddev(raw), 1.0)

    def _log_stddev(self, features: tf.Tensor) -> tf.Tensor:
        """Return log stddev [K, B, L] of q(z|x) for features [B, F], the same for all members."""
        return tf.math.log(self.encode(tf.tile(features[None], (len(self.plan.latents), 1, 1)))[1])

    def losses(self, features: tf.Tensor, noise: tf.Tensor, kl_weight: tf.Tensor) -> tf.Tensor:
        """Return the loss [K, B] of the objective in nats, with one sample of z, for noise [K, B, L]."""
        mean, stddev = self.encode(features)
        z = self.objective.latents(mean, stddev, noise * self.used_latents)
        expected = self._network(self.decoder_layers, z)
        log_likelihood = tfd.Normal(expected, scale_of(self.raw_scale)).log_prob(self._of_members(features))
        return self.objective.loss(tf.reduce_sum(log_likelihood, axis=-1), mean, stddev, z, kl_weight)

    def _of_members(self, features: tf.Tensor) -> tf.Tensor:
        if self.seen.shape[1] == features.shape[-1]:
            return features
        return tf.gather(features, self.seen, axis=2, batch_dims=1)

    def _network(self, layers: list[tuple[Any, Any]], hidden: tf.Tensor) -> tf.Tensor:
        n_rectified = self.plan.n_rectified
        for kernel, bias in layers[:-1]:
            hidden = tf.matmul(hidden, kernel) + bias
            hidden = tf.concat([tf.nn.relu(hidden[:n_rectified]), tf.tanh(hidden[n_rectified:])], axis=0)
        kernel, bias = layers[-1]
        return tf.matmul(hidden, kernel) + bias

    def _stack(self, name: str, sizes: list[int], draw: np.random.Generator) -> list[tuple[Any, Any]]:
        """Create kernels [K, in, out] by He's rule (2015), the last one a tenth of it, and biases [K, 1, out]."""
        layers = []
        for depth, (n_in, n_out) in enumerate(pairwise(sizes)):
            variance = (0.1 if depth == len(sizes) - 2 else 2.0) / n_in
            kernel = draw.normal(0.0, np.sqrt(variance), (len(self.plan.latents), n_in, n_out))
            bias = np.zeros((1, n_out))
            layers.append((self._weight(f"{name}_kernel_{depth}", kernel), self._weight(f"{name}_bias_{depth}", bias)))
        return layers

    def _weight(self, name: str, value: FloatArray) -> Any:
        """Create a weight [K, ...]; a value without the axis of members is the same for all."""
        full = np.broadcast_to(value, (len(self.plan.latents), *value.shape[-2:]))
        return self.add_weight(name=name, shape=full.shape, initializer=keras.initializers.Constant(full))


def train_ensemble(
    features: npt.NDArray[np.float32], fold: npt.NDArray[np.integer], config: EnsembleConfig, *, seed: int
) -> PosteriorEnsemble:
    """Train all members for the same number of steps.

    Parameters
    ----------
    features
        [N, F], standardised; see `vaeaudit.data.encoding.features`.
    fold
        [N]; see `vaeaudit.statistics.cross_fit`. All 0: no cross-fitting.
    config
        Steps, rows per step and member, learning rate, width.
    seed
        Of weights, batches and noise.
    """
    plan = plan_members(features.shape[1], int(fold.max()) + 1, config, seed=seed)
    model = PosteriorEnsemble(plan, config, seed=seed)
    own_rows = [np.flatnonzero(fold != judged) for judged in plan.fold]
    _run_steps(model, features, own_rows, config, seed=seed)
    return model


def _run_steps(
    model: PosteriorEnsemble,
    features: npt.NDArray[np.float32],
    own_rows: list[npt.NDArray[np.int64]],
    config: EnsembleConfig,
    *,
    seed: int,
) -> None:
    """Take all steps in one call into the graph: batches are drawn there, with replacement."""
    table = tf.constant(features)
    counts = np.array([len(rows) for rows in own_rows])
    places, offsets = _concatenated(own_rows)
    batch = int(min(config.batch_size, counts.min()))
    schedule = keras.optimizers.schedules.CosineDecay(config.learning_rate, config.steps, alpha=0.05)
    optimizer = keras.optimizers.Adam(schedule)
    optimizer.build(model.trainable_variables)
    generator = tf.random.Generator.from_seed(seed)
    shape = (len(counts), batch)

    def take_step(step: tf.Tensor) -> None:
        drawn = tf.cast(generator.uniform(shape, dtype=tf.float64) * counts[:, None], tf.int64)
        rows = tf.gather(table, tf.gather(places, drawn + offsets[:, None]))
        kl_weight = tf.minimum(1.0, tf.cast(step + 1, tf.float32) / max(1.0, _WARMUP * config.steps))
        noise = generator.normal((*shape, model.most_latents))
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.reduce_mean(model.losses(rows, noise, kl_weight), axis=-1))
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)

    traced(lambda: repeat(config.steps, take_step))()


def _concatenated(own_rows: list[npt.NDArray[np.int64]]) -> tuple[tf.Tensor, npt.NDArray[np.int64]]:
    """Return the rows of all members one after the other, and where those of each begin; equal lists are kept once."""
    starts: dict[bytes, int] = {}
    kept: list[npt.NDArray[np.int64]] = []
    offsets = []
    for rows in own_rows:
        key = rows.tobytes()
        if key not in starts:
            starts[key] = sum(map(len, kept))
            kept.append(rows)
        offsets.append(starts[key])
    return tf.constant(np.concatenate(kept)), np.array(offsets, np.int64)


def posterior_spread(
    model: PosteriorEnsemble, features: npt.NDArray[np.float32], fold: npt.NDArray[np.integer]
) -> npt.NDArray[np.float32]:
    """Return log stddev of q(z|x) [N, P] under the members that judge each row's fold; P latents of these in turn.

    Parameters
    ----------
    model
        Trained.
    features, fold
        [N, F] and [N]; as for `train_ensemble`, also of rows it has not seen.
    """
    plan = model.plan
    judges = {judged: np.flatnonzero(plan.fold == judged) for judged in np.unique(plan.fold)}
    n_spread = int(plan.latents[next(iter(judges.values()))].sum())
    spread = np.zeros((len(features), n_spread), np.float32)
    for start in range(0, len(features), _CHUNK):
        part = slice(start, start + _CHUNK)
        logs = model.log_stddev(tf.constant(features[part])).numpy()
        for judged, members in judges.items():
            rows = np.flatnonzero((fold[part] == judged) | (judged < 0))
            columns = [logs[member][rows, : plan.latents[member]] for member in members]
            spread[start + rows] = np.concatenate(columns, axis=1)
    return spread
