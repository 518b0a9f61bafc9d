"""Graphs are traced once, follow their variables, and take their steps in order."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import tensorflow as tf

from vaeaudit.config import ModelConfig
from vaeaudit.data.encoding.column_encoding import ColumnEncoding, Likelihood
from vaeaudit.data.encoding.table_encoding import Encoding
from vaeaudit.data.schema.columns import Kind
from vaeaudit.models.fitting.build import build
from vaeaudit.models.graphs import repeat, run_as_written, traced
from vaeaudit.models.inference import compiled

COLUMNS = Encoding((ColumnEncoding("a", Kind.REAL, Likelihood.NORMAL),))


def test_a_graph_follows_the_variables_that_it_reads() -> None:
    factor = tf.Variable(2.0)
    times = traced(lambda x: factor * x, tf.TensorSpec([None], tf.float32))
    assert times(tf.constant([3.0, 4.0])).numpy().tolist() == [6, 8]
    factor.assign(10.0)
    assert times(tf.constant([3.0])).numpy().tolist() == [30]


def test_a_graph_that_runs_as_it_is_written_leaves_other_graphs_to_be_rewritten() -> None:
    options = tf.config.optimizer.get_experimental_options
    before, during = options(), []
    run_as_written(lambda: during.append(options()))()
    assert during[0]["disable_meta_optimizer"] is True
    assert options().get("disable_meta_optimizer", False) is before.get("disable_meta_optimizer", False)
    twice = run_as_written(traced(lambda x: 2 * x, tf.TensorSpec([], tf.float32)))
    assert float(twice(tf.constant(21.0))) == 42


def test_steps_are_taken_one_after_the_other() -> None:
    seen = tf.Variable(tf.zeros([5], tf.int32))
    last = tf.Variable(0)

    def body(step: tf.Tensor) -> None:
        last.assign(2 * last + step)
        seen.scatter_nd_update([[step]], [last])

    traced(lambda: repeat(5, body))()
    assert seen.numpy().tolist() == [0, 1, 4, 11, 26]


def test_no_step_is_taken_where_none_is_due() -> None:
    taken = tf.Variable(0)
    traced(lambda: repeat(0, lambda step: taken.assign_add(1)))()
    assert int(taken) == 0


def test_tracing_the_same_function_for_many_models_warns_of_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def fitted(value: float) -> float:
        variable = tf.Variable(0.0)
        traced(lambda: repeat(3, lambda step: variable.assign_add(value)))()
        return float(variable)

    with caplog.at_level(logging.WARNING, logger="tensorflow"):
        assert [fitted(float(value)) for value in range(12)] == [3.0 * value for value in range(12)]
    assert caplog.records == []


def test_a_function_is_traced_once_per_model() -> None:
    traces = []

    def mean_of(model: object, *batch: tf.Tensor) -> tf.Tensor:
        traces.append(model)
        return tf.reduce_mean(batch[0])

    one, other = (build(COLUMNS, ModelConfig(latents=1, hidden=(2,)), seed=seed) for seed in (0, 1))
    for n_rows in (1, 7):
        batch = tf.ones([n_rows, 1]), tf.zeros([n_rows, 0], tf.int32), tf.ones([n_rows, 1], tf.bool)
        for model in (one, other, one):
            np.testing.assert_allclose(compiled(model, mean_of)(*batch), 1)
    assert traces == [one, other]
