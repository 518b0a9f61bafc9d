"""p(x|z) of pictures whose pixels are scaled to [0, 1], in nats."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from vaeaudit.data.encoding.image_encoding import ImageEncoding, PixelLikelihood

#: Least scale: 2.5 grey levels of 255; below it lies quantisation and JPEG noise, and the density is unbounded.
SCALE_FLOOR = 0.01
#: Weight of the past in the running estimate of the scale.
_SCALE_MEMORY = 0.95
_LOG_SQRT_2PI = 0.5 * float(np.log(2 * np.pi))


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
