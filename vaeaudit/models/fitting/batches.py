"""Batches of encoded rows for training: read as they are needed, so that memory does not grow with the rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from vaeaudit.data.encoding.rows import Rows


def training_batches(rows: Rows, batch_size: int, steps_per_epoch: int, *, seed: int, epoch: int) -> Any:
    """Return an endless `tf.data.Dataset` of batches, from `epoch` on; each pass is a fresh permutation.

    The permutation is computed index by index (`index_shuffle`) and rows are read as they are needed, so memory does
    not grow with N.
    """
    n_rows = len(rows)
    size = min(batch_size, n_rows)
    passes = max(1, n_rows // batch_size)

    def index_of(step: tf.Tensor) -> tf.Tensor:
        position = (step % passes) * batch_size + tf.range(size, dtype=tf.int64)
        shuffle_seed = tf.stack([tf.cast(step // passes, tf.int32), seed % 2**31])
        return tf.random.experimental.index_shuffle(position, shuffle_seed, n_rows - 1)

    return _batches_of(rows, tf.data.Dataset.counter(start=epoch * steps_per_epoch).map(index_of), size)


def drawn_batches(rows: Rows, index: npt.NDArray[np.int64], batch_size: int) -> Any:
    """Return a `tf.data.Dataset` of batches of the rows at positions [steps x batch_size], over and over."""
    indexes = tf.data.Dataset.from_tensor_slices(index.reshape(-1, batch_size)).repeat()
    return _batches_of(rows, indexes, batch_size)


def _batches_of(rows: Rows, indexes: Any, size: int) -> Any:
    """Return a `tf.data.Dataset` of the rows at each of the positions [size], read when they are needed."""
    examples = rows.take(slice(0, 1)).arrays()

    def read(index: npt.NDArray[np.int64]) -> list[npt.NDArray[Any]]:
        return list(rows.take(index).arrays())

    def batch(index: tf.Tensor) -> tuple[tf.Tensor, ...]:
        parts = tf.numpy_function(read, [index], [example.dtype for example in examples], stateful=False)
        for part, example in zip(parts, examples, strict=True):
            part.set_shape([size, *example.shape[1:]])
        return tuple(parts)

    return indexes.map(batch, num_parallel_calls=2, deterministic=True).prefetch(4)
