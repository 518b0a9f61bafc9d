"""Functions of tensors as graphs. Tracing one costs more than a pass over a small table, so each is traced once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
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


def run_as_written(graph: Traced) -> Traced:
    """Let the graph of a small network run as it is written: to rewrite it takes longer than it saves."""

    @wraps(graph)
    def run(*arguments: Any) -> Any:
        with _without_rewriting():
            return graph(*arguments)

    return run


@contextmanager
def _without_rewriting() -> Iterator[None]:
    """Turn off what TensorFlow does to graphs before it runs them; the setting is that of the process, and put back."""
    options = tf.config.optimizer
    before = options.get_experimental_options()
    options.set_experimental_options({**before, "disable_meta_optimizer": True})
    try:
        yield
    finally:
        options.set_experimental_options({"disable_meta_optimizer": False, **before})


def repeat(times: tf.Tensor | int, body: Callable[[tf.Tensor], object]) -> None:
    """Call `body(step)` for the steps 0, 1, ... of a graph, one after the other; it changes variables."""

    def once(step: tf.Tensor) -> tuple[tf.Tensor]:
        body(step)
        return (step + 1,)

    tf.while_loop(lambda step: step < times, once, (tf.constant(0),))
