"""A stored model is plain JSON and plain arrays, gives the same codes, and is checked when it comes back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from vaeaudit.errors import RunError
from vaeaudit.models.fitting.build import architecture, rebuild, weights


def test_a_rebuilt_model_gives_identical_codes(learned: Any) -> None:
    model = learned.training.model
    document = json.loads(json.dumps(architecture(model), allow_nan=False))
    again = rebuild(document, weights(model), learned.encoding, seed=77)
    training = replace(learned.training, model=again)

    codes = learned.codes_of(training)
    for name, array in learned.codes.to_arrays().items():
        np.testing.assert_array_equal(array, codes.to_arrays()[name], err_msg=name)


def test_the_weights_are_plain_numbers(learned: Any) -> None:
    stored = weights(learned.training.model)
    assert all(array.dtype == np.float32 for array in stored.values())
    assert list(stored) == sorted(stored)
    assert len(stored) == len(architecture(learned.training.model)["weights"])


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"format": "vaeaudit-beta-vae-0"}, "expected the format"),
        ({"format": None}, "expected the format"),
        ({"columns": ["someone", "elses"]}, "not those of the run's schema"),
        ({"columns": []}, "not those of the run's schema"),
        ({"config": {"hidden": [8]}}, "at least 1 latent"),
        ({"config": {"latents": 4, "hidden": [17]}}, "shapes and types"),
        ({"config": {"latents": "4"}}, "cannot be used"),
        ({"config": {"layers": 4}}, "cannot be used"),
    ],
)
def test_an_altered_architecture_is_refused(learned: Any, change: dict[str, Any], what: str) -> None:
    document = {**architecture(learned.training.model), **change}
    with pytest.raises(RunError, match=what):
        rebuild(document, weights(learned.training.model), learned.encoding, seed=0)


@pytest.mark.parametrize("damage", ["missing", "cut", "text"])
def test_altered_weights_are_refused(learned: Any, damage: str) -> None:
    stored = weights(learned.training.model)
    first = next(name for name, array in stored.items() if array.ndim)
    if damage == "missing":
        del stored[first]
    else:
        stored[first] = stored[first][1:] if damage == "cut" else stored[first].astype("U8")
    with pytest.raises(RunError, match="shapes and types"):
        rebuild(architecture(learned.training.model), stored, learned.encoding, seed=0)
