"""The beta-VAE over pictures, and the likelihood of their pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from vaeaudit.config import ModelConfig
from vaeaudit.data.encoding.image_encoding import ImageEncoding, PixelLikelihood
from vaeaudit.data.encoding.rows import Rows
from vaeaudit.models.axes import turn_axes
from vaeaudit.models.image.networks import OUTPUTS, image_networks
from vaeaudit.models.objectives import Objective
from vaeaudit.models.vae import Batch, BetaVAE, taken_from

#: Least scale: 2.5 grey levels of 255; below it lies quantisation and JPEG noise, and the density is unbounded.
SCALE_FLOOR = 0.01
#: Weight of the past in the running estimate of the scale.
_SCALE_MEMORY = 0.95
_LOG_SQRT_2PI = 0.5 * float(np.log(2 * np.pi))
#: Pictures from which the mean picture is taken, and on which it is judged.
_SAMPLE = 1000
#: Pictures whose baseline is taken at once.
_AT_ONCE = 500
#: Most extreme probability of a black or white pixel in the mean picture.
_LEAST_PROBABILITY = 1e-3
#: An aggregated posterior is never narrower than this, in units of the prior: only a broken one would be.
_LEAST_SPREAD = 1e-3
Networks = Callable[..., tuple[keras.Model, keras.Model]]


class ImageLikelihood(keras.layers.Layer):
    """p(x|z) over pixels: Bernoulli, or Normal with one scale for all pixels, set to its optimum while training.

    For a Normal the scale that maximises the likelihood is the root mean squared error; training keeps a running
    estimate of it (optimal sigma-VAE, Rybkin 2021), so that beta = 1 needs no tuning. A Normal's log-densities refer
    to pixels in [0, 1] (subtract log 255 per value for grey levels); a Bernoulli's are log-probabilities in which grey
    counts as a share of white. Padding is never scored.

    Parameters
    ----------
    encoding
        Size of the pictures, family, and the scale to start from.
    **kwargs
        Of every Keras layer.
    """

    def __init__(self, encoding: ImageEncoding, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.encoding = encoding
        self.n_parameters = encoding.n_values
        self.is_normal = encoding.likelihood is PixelLikelihood.NORMAL

    def build(self, input_shape: Any = None) -> None:
        """Create the scale; no gradient moves it."""
        start = keras.initializers.Constant(max(self.encoding.scale, SCALE_FLOOR) ** 2)
        self.variance = self.add_weight(name="variance", shape=(), initializer=start, trainable=False)
        self.built = True

    @property
    def scale(self) -> tf.Tensor:
        """Standard deviation of a pixel given the latents; Normal only."""
        return tf.maximum(tf.sqrt(tf.convert_to_tensor(self.variance)), SCALE_FLOOR)

    def distribution(self, parameters: tf.Tensor) -> tfd.Distribution:
        """Return pixel distributions [..., B, D] for decoder outputs of that shape."""
        if self.is_normal:
            return tfd.Normal(0.5 + parameters, self.scale)
        return tfd.Bernoulli(logits=parameters)

    def log_prob(self, parameters: tf.Tensor, pixels: tf.Tensor, boxes: tf.Tensor) -> tf.Tensor:
        """Return log p(x|z) [..., B, 1] in nats, summed over the values inside the boxes.

        Parameters
        ----------
        parameters
            [..., B, D] decoder outputs.
        pixels, boxes
            [B, H, W, channels] uint8 and [B, 4], as in `ImageRows`.
        """
        log_prob = self.distribution(parameters).log_prob(flat_pixels(pixels))
        return tf.reduce_sum(log_prob * self.inside(boxes), axis=-1, keepdims=True)

    def mean_features(self, parameters: tf.Tensor) -> tf.Tensor:
        """Return E[x|z] [..., B, D]; a Normal's mean may leave [0, 1] and is not clipped here."""
        return self.distribution(parameters).mean()

    def inside(self, boxes: tf.Tensor) -> tf.Tensor:
        """Return [B, D]; 1 for values inside the boxes [B, 4], 0 for padding."""
        height, width, channels = self.encoding.height, self.encoding.width, self.encoding.channels
        top, left, bottom, right = (edge[:, None] for edge in tf.unstack(boxes, axis=1))
        rows, columns = tf.range(height), tf.range(width)
        tall, wide = (rows >= top) & (rows < bottom), (columns >= left) & (columns < right)
        mask = tf.cast(tall[:, :, None] & wide[:, None, :], tf.float32)
        return tf.reshape(tf.repeat(mask[..., None], channels, axis=-1), [-1, self.n_parameters])

    def update_scale(self, log_likelihood: tf.Tensor, boxes: tf.Tensor) -> None:
        """Move the scale towards the root mean squared error that the log-likelihood [B] of a step implies."""
        if not self.is_normal:
            return
        height, width = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
        n_values = tf.cast(height * width * self.encoding.channels, tf.float32)
        squared = -2 * tf.square(self.scale) * (log_likelihood + n_values * (tf.math.log(self.scale) + _LOG_SQRT_2PI))
        mean = tf.maximum(tf.reduce_sum(squared), 0.0) / tf.reduce_sum(n_values)
        self.variance.assign(_SCALE_MEMORY * self.variance + (1 - _SCALE_MEMORY) * mean)


def flat_pixels(pixels: tf.Tensor) -> tf.Tensor:
    """Return uint8 pictures [B, H, W, channels] as numbers [B, D] in [0, 1]."""
    return tf.reshape(tf.cast(pixels, tf.float32) / 255.0, [-1, int(np.prod(pixels.shape[1:]))])


class ImageVAE(BetaVAE):
    """A `BetaVAE` whose rows are pictures: pixels [B, H, W, channels] and boxes [B, 4], as in `ImageRows`.

    No row of a batch is trimmed: the loss of a picture says above all how complex it is, not whether it belongs.

    Parameters
    ----------
    encoding
        Size of the pictures and likelihood of their pixels.
    config, objective, seed, n_classes
        As for `BetaVAE`; the seed is also that of the initial weights.
    networks
        Makes encoder and decoder, as `image_networks` does; the decoder's layer `OUTPUTS` has a bias per channel.
    """

    #: Measured on scikit-learn's digits (300 and 1,797 of them) and 1,344 photographs of tiles: with two passes the
    #: presets ended before the model had learned, with ten 300 digits were memorised.
    most_passes = 4
    is_rewritten = True
    encoding: ImageEncoding
    likelihood: ImageLikelihood

    def __init__(
        self,
        encoding: ImageEncoding,
        config: ModelConfig,
        *,
        objective: Objective,
        seed: int,
        networks: Networks = image_networks,
        n_classes: int = 0,
    ) -> None:
        likelihood = ImageLikelihood(encoding, name="likelihood")
        likelihood.build()
        size = (encoding.height, encoding.width, encoding.channels)
        condition = encoding.condition
        n_given = 0 if condition is None else condition.n_features
        encoder, decoder = networks(*size, config.latents, *([n_given] if n_given else []), seed=seed)
        super().__init__(
            config,
            objective=objective,
            encoder=encoder,
            decoder=decoder,
            likelihood=likelihood,
            seed=seed,
            condition=condition,
            n_classes=n_classes,
        )
        self.encoding = encoding
        shape = (config.latents,)
        self.centre = self.add_weight(name="centre", shape=shape, initializer="zeros", trainable=False)
        self.spread = self.add_weight(name="spread", shape=shape, initializer="ones", trainable=False)

    @property
    def own_signature(self) -> list[tf.TensorSpec]:
        """Pixels [B, H, W, channels] and boxes [B, 4]."""
        encoding = self.encoding
        pixels = tf.TensorSpec([None, encoding.height, encoding.width, encoding.channels], tf.uint8)
        return [pixels, tf.TensorSpec([None, 4], tf.int32)]

    def features(self, batch: Batch) -> tf.Tensor:
        """Return the pixels in [0, 1], laid out flat [B, D]."""
        return flat_pixels(batch[0])

    def noise_variance(self, features: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        """Return that of the mean picture: of a Normal one for all pixels, of a Bernoulli each pixel's own [D]."""
        if self.likelihood.is_normal:
            return np.maximum(features.var(axis=0).mean(), SCALE_FLOOR**2)
        share = np.clip(features.mean(axis=0), _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
        return np.asarray(share * (1 - share))

    def corrupted(self, batch: Batch, share: float) -> Batch:
        """Return the batch with that share of its pixels as other pictures of it have them."""
        pixels, boxes, *condition = batch
        flat = tf.reshape(pixels, [tf.shape(pixels)[0], -1, self.encoding.channels])
        row = self.rows_with_others(tf.shape(flat)[:2], share)
        return tf.reshape(taken_from(flat, row), tf.shape(pixels)), boxes, *condition

    def start_from(self, train_rows: Rows, test_rows: Rows, *, seed: int) -> npt.NDArray[np.floating]:
        """Let the decoder start from the mean colour; the baseline is the mean picture, with the same likelihood."""
        chosen = np.sort(np.random.default_rng(seed).permutation(len(train_rows))[:_SAMPLE])
        train, _ = _pixels(train_rows.take(chosen))
        mean = train.mean(axis=0)
        scale = max(float(np.sqrt(np.mean((train - mean) ** 2))), SCALE_FLOOR)  # one for all pixels, like the model's
        colour = mean.reshape(-1, self.encoding.channels).mean(axis=0)
        normal = self.likelihood.is_normal
        bias = colour - 0.5 if normal else _logit(colour)
        self.decoder.get_layer(OUTPUTS).bias.assign(bias)
        baseline = []
        for start in range(0, len(test_rows), _AT_ONCE):
            test, boxes = _pixels(test_rows.take(slice(start, start + _AT_ONCE)))
            if normal:
                log_prob = -0.5 * ((test - mean) / scale) ** 2 - np.log(scale) - 0.5 * np.log(2 * np.pi)
            else:
                logit = _logit(mean)
                log_prob = test * logit - np.logaddexp(0, logit)
            baseline.append((log_prob * self.likelihood.inside(tf.constant(boxes)).numpy()).sum(axis=1))
        return np.concatenate(baseline)

    def encode(self, batch: Batch) -> tuple[tf.Tensor, tf.Tensor]:
        """Return mean and stddev [B, L] of q(z|x), in the units that `standardise` chose."""
        mean, stddev = super().encode(batch)
        return (mean - self.centre) / self.spread, stddev / self.spread

    def decode(self, z: tf.Tensor, condition: tf.Tensor | None = None) -> tf.Tensor:
        """Return likelihood parameters [..., B, D] for latents [..., B, L] and what is given beside them."""
        return super().decode(z * self.spread + self.centre, condition)

    def class_logits(self, z: tf.Tensor) -> tf.Tensor:
        """Return log p(y|z) [..., B, K], up to a constant, for latents [..., B, L] in the units of `encode`."""
        return super().class_logits(z * self.spread + self.centre)

    def standardise(self, mean: npt.NDArray[np.floating], stddev: npt.NDArray[np.floating]) -> None:
        """Move and scale each latent so that the aggregated posterior has mean 0 and variance 1, like the prior.

        What is decoded stays as it is; only the KL changes, and it falls: this is the Gaussian prior with independent
        latents that fits best, written as the standard one. Without it the latents of 6,000 faces ended with means up
        to 1.5 and standard deviations of 0.6, 16 nats of KL too much, and samples of the prior fell beside the data;
        with it the held-out ELBO rose from 10,767 to 10,820 nats. (Columns gained nothing by it, and rows that do not
        belong then stretch the latents to their liking: 65 % of broken rows were found where 90 % had been.)

        Parameters
        ----------
        mean, stddev
            [N, L]; of q(z|x) for a sample of rows, as `encode` gives them.
        """
        centre, spread = mean.mean(axis=0), np.sqrt(mean.var(axis=0) + np.square(stddev).mean(axis=0))
        spread = np.maximum(spread, _LEAST_SPREAD)
        self.centre.assign(self.centre + self.spread * centre)
        self.spread.assign(self.spread * spread)

    def after_epoch(self, batch: Batch) -> None:
        """Turn the latents to axes that come back, and bring them to the prior; see `turn_axes` and `standardise`."""
        if self.objective.may_be_turned:
            turn_axes(self, batch, centre=self.centre.numpy(), spread=self.spread.numpy())
            self.centre.assign(np.zeros(self.config.latents))
            self.spread.assign(np.ones(self.config.latents))
        if self.objective.has_prior:
            mean, stddev = self.encode(batch)
            self.standardise(mean.numpy(), stddev.numpy())

    def after_step(self, batch: Batch, log_likelihood: tf.Tensor) -> None:
        """Update the scale of the pixels."""
        self.likelihood.update_scale(log_likelihood, batch[1])


def _pixels(rows: Rows) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int32]]:
    pixels, boxes = rows.arrays()[:2]
    return np.divide(pixels.reshape(len(pixels), -1), 255, dtype=np.float32), boxes


def _logit(share: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    bounded = np.clip(share, _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
    return np.asarray(np.log(bounded / (1 - bounded)))
