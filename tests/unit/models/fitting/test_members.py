"""The same rows under models from other seeds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from vaeaudit.models.fitting.members import train_members
from vaeaudit.models.inference import posterior_means
from vaeaudit.progress import Progress


def test_each_refit_says_where_every_row_lies_and_is_told_about(learned: Any) -> None:
    told: list[Progress] = []
    config = replace(learned.config, epochs=9, members=2)
    members = train_members(
        learned.encoding,
        learned.rows,
        held_out=learned.held_out,
        model_config=learned.training.model.config,
        config=config,
        seed=0,
        on_progress=told.append,
    )
    assert sum(progress.done == 0 for progress in told) == 2

    assert members.mean.shape == (2, len(learned.rows), 4)
    assert members.mean.dtype == np.float32
    assert np.isfinite(members.mean).all()
    assert not np.array_equal(members.mean[0], members.mean[1])


def test_posterior_means_are_those_of_the_codes(learned: Any) -> None:
    found = posterior_means(learned.training.model, learned.rows)
    np.testing.assert_allclose(found, learned.codes.mean, rtol=1e-4, atol=1e-5)
