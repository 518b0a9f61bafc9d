"""The raw measurements of a latent space check what they hold, and survive being stored."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vaeaudit.outputs.latents import LatentSpace


def arrays(**changed: Any) -> dict[str, Any]:
    per_row = {"held_out_distance", "prior_gap", "held_out_gap", "error", "spread"}
    made: dict[str, Any] = {name: np.linspace(0.1, 1, 7) for name in sorted(per_row)}
    counts = {"n_compared": 9, "n_neighbours": 5, "n_reference": 30}
    walks = {"step_lengths": np.ones((3, 4)), "far_step_lengths": np.ones((5, 4)), "far_distance": np.ones(5)}
    return made | walks | {"prior_distance": np.ones(9)} | counts | changed


def test_what_is_stored_comes_back() -> None:
    space = LatentSpace(**arrays())
    again = LatentSpace.from_arrays(space.to_arrays())
    for name, value in space.to_arrays().items():
        np.testing.assert_array_equal(getattr(again, name), value)
    assert isinstance(again.n_reference, int)


@pytest.mark.parametrize("name", ["prior_gap", "held_out_gap", "error", "spread"])
def test_measurements_of_other_rows_are_refused_by_name(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must have shape .*\\(H = "):
        LatentSpace(**arrays(**{name: np.ones(3)}))


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_a_distance_that_is_none_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="prior_distance must hold finite numbers of at least 0"):
        LatentSpace(**arrays(prior_distance=np.array([1.0, bad])))


def test_walks_need_two_steps_and_distances_somebody_to_measure() -> None:
    with pytest.raises(ValueError, match="T >= 2"):
        LatentSpace(**arrays(step_lengths=np.ones((3, 1)), far_step_lengths=np.ones((5, 1))))
    with pytest.raises(ValueError, match="must not be empty"):
        LatentSpace(**arrays(prior_distance=np.zeros(0)))
