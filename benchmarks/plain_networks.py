"""Plain networks for 64 x 64 pixels, as most libraries and papers use them: what both sides of `speed` can train."""

from __future__ import annotations

from typing import Any

import keras

from vaeaudit.models.image.networks import DENSE, OUTPUTS

_WIDTHS = (32, 32, 64, 64)


def plain_networks(
    height: int, width: int, channels: int, n_latents: int, *, seed: int
) -> tuple[keras.Sequential, keras.Sequential]:
    """Return an encoder [B, D] -> [B, 2 L] and a decoder [B, L] -> [B, D], mirrored.

    Four 4 x 4 convolutions of stride 2, then a dense layer. Called like `vaeaudit.models.image.networks`; height and
    width are multiples of 16.
    """
    rows, columns = height // 16, width // 16

    def he(offset: int) -> keras.initializers.Initializer:
        return keras.initializers.HeNormal(seed=seed + offset)

    down: list[Any] = [keras.Input((height * width * channels,)), keras.layers.Reshape((height, width, channels))]
    for depth, filters in enumerate(_WIDTHS):
        down.append(keras.layers.Conv2D(filters, 4, 2, "same", activation="relu", kernel_initializer=he(depth)))
    down += [keras.layers.Flatten(), keras.layers.Dense(DENSE, "relu", kernel_initializer=he(10))]
    down.append(keras.layers.Dense(2 * n_latents, kernel_initializer=he(11)))

    up: list[Any] = [keras.Input((n_latents,))]
    for offset, units in enumerate((DENSE, rows * columns * _WIDTHS[-1])):
        up.append(keras.layers.Dense(units, "relu", kernel_initializer=he(20 + offset)))
    up.append(keras.layers.Reshape((rows, columns, _WIDTHS[-1])))
    for depth, filters in enumerate(_WIDTHS[-2::-1]):
        initializer = he(30 + depth)
        up.append(
            keras.layers.Conv2DTranspose(filters, 4, 2, "same", activation="relu", kernel_initializer=initializer)
        )
    up.append(keras.layers.Conv2DTranspose(channels, 4, 2, "same", kernel_initializer=he(40), name=OUTPUTS))
    up.append(keras.layers.Flatten())
    return keras.Sequential(down, name="encoder"), keras.Sequential(up, name="decoder")
