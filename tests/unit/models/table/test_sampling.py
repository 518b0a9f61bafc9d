"""Draws of x ~ p(x|z): as frequent as the model says, within what occurs, missing as often as it says."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from vaeaudit.data.encoding.decoding import CellValues
from vaeaudit.models.table.sampling import sample_cells

N = 20_000


@pytest.fixture(scope="module")
def drawn(learned):
    model, encoding = learned.training.model, learned.encoding
    values = CellValues.of(encoding, learned.dataset.schema, learned.dataset.frame)
    rows = sample_cells(model, np.zeros((N, 4)), None, values, np.random.default_rng(0))
    return model, encoding, values, rows


def test_cells_are_drawn_and_not_expected(drawn):
    model, encoding, _, rows = drawn
    parameters = model.decode(tf.zeros([1, 4]))
    for block, distribution in zip(model.likelihood.blocks, model.likelihood.distributions(parameters), strict=True):
        if not block.likelihood.is_coded:
            drawn_cells = rows.values[:, block.start : block.stop]
            there = rows.observed[:, block.start : block.stop]
            for place in range(block.n_columns):
                cells = drawn_cells[there[:, place], place]
                assert cells.mean() == pytest.approx(float(distribution.mean()[0, place]), rel=0.05, abs=0.05)
                assert cells.std() == pytest.approx(float(distribution.stddev()[0, place]), rel=0.05)
    place = encoding.names.index("flag") - len(encoding.numeric)
    index = next(i for i, block in enumerate(model.likelihood.blocks) if block.columns[0].name == "flag")
    share = float(model.likelihood.distributions(parameters)[index].probs_parameter()[0, 0])
    assert (rows.codes[:, place] == 1).mean() == pytest.approx(share, abs=0.015)


def test_cells_are_missing_as_often_as_the_model_says(drawn):
    model, encoding, _, rows = drawn
    share = float(model.likelihood.missingness(model.decode(tf.zeros([1, 4]))).probs_parameter()[0, 0])
    assert (~rows.observed[:, encoding.names.index("pay")]).mean() == pytest.approx(share, abs=0.01)
    assert rows.observed[:, encoding.names.index("height")].all()


def test_nothing_beyond_what_occurs_is_drawn(learned, drawn):
    _, _, values, _ = drawn
    far = sample_cells(learned.training.model, np.full((500, 4), 9.0), None, values, np.random.default_rng(0))
    assert (far.values >= values.lowest - 1e-6).all()
    assert (far.values <= np.maximum(values.highest, 0) + 1e-6).all()
    for codes, occurs in zip(far.codes.T, values.occurs, strict=True):
        assert occurs[codes[codes >= 0]].all()


def test_the_same_seed_draws_the_same_and_no_rows_are_none(learned, drawn):
    _, _, values, rows = drawn
    again = sample_cells(learned.training.model, np.zeros((N, 4)), None, values, np.random.default_rng(0))
    assert all((one == other).all() for one, other in zip(rows.arrays(), again.arrays(), strict=True))
    assert len(sample_cells(learned.training.model, np.zeros((0, 4)), None, values, np.random.default_rng(0))) == 0
