"""The quick last layer computes what Keras' transposed convolution computes, forwards and backwards."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from vaeaudit.models.image.networks import OverlappingPatches


@pytest.mark.parametrize(("stride", "channels", "size"), [(4, 1, (2, 3)), (4, 3, (16, 16)), (2, 2, (5, 1))])
def test_it_is_the_same_function_with_the_same_gradients(stride: int, channels: int, size: tuple[int, int]) -> None:
    generator = np.random.default_rng(0)
    x = tf.constant(generator.normal(size=(3, *size, 5)), tf.float32)
    layers = [kind(channels, 2 * stride, stride, "same") for kind in (OverlappingPatches, keras.layers.Conv2DTranspose)]
    for layer in layers:
        layer.build(x.shape)
    layers[0].set_weights([generator.normal(size=weight.shape) for weight in layers[0].get_weights()])
    layers[1].set_weights(layers[0].get_weights())
    outputs, gradients = [], []
    for layer in layers:
        with tf.GradientTape() as tape:
            tape.watch(x)
            made = layer(x)
            loss = tf.reduce_sum(made * tf.cos(made))
        outputs.append(made)
        gradients.append(tape.gradient(loss, [x, *(weight.value for weight in layer.trainable_variables)]))
    np.testing.assert_allclose(outputs[0], outputs[1], rtol=1e-4, atol=1e-4)
    for one, two in zip(*gradients, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-3, atol=2e-3)
