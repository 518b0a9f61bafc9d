"""Functions of tensors as graphs. Tracing one costs more than a pass over a small table, so each is traced once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

Traced = Callable[..., Any]


def traced(function: Traced, *signature: tf.TensorSpec) -> Traced:
    """Trace a function of tensors in which no loop or branch of Python hangs on one.

    Parameters
    ----------
    function
        Follows the variables that it reads.
    *signature
        Shapes and types of what it takes.
    """
    graph: Traced = tf.function(function, autograph=False).get_concrete_function(*signature)
    return graph


def repeat(times: tf.Tensor | int, body: Callable[[tf.Tensor], object]) -> None:
    """Call `body(step)` for the steps 0, 1, ... of a graph, one after the other; it changes variables."""

    def once(step: tf.Tensor) -> tuple[tf.Tensor]:
        body(step)
        return (step + 1,)

    tf.while_loop(lambda step: step < times, once, (tf.constant(0),))
