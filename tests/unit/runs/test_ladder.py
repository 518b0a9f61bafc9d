"""A ladder of other models, or of rows and latents that there are not, is refused."""

from __future__ import annotations

import numpy as np
import pytest

from vaeaudit.outputs.ladder import Ladder
from vaeaudit.runs.agreement import check_ladder

N_ROWS, N_LATENTS = 20, 3


def ladder(**changes: object) -> Ladder:
    lengths = {f"{name}_length": (np.ones(4),) for name in ("near", "far")}
    distances = {f"{name}_distance": (np.ones(4),) for name in ("far", "prior", "held_out")}
    made = {
        "objective": ("ae",),
        "beta": np.ones(1),
        "log_likelihood": np.zeros((1, 5)),
        "kl": np.zeros((1, 5)),
        "active": np.ones((1, N_LATENTS), bool),
        "overlap": np.zeros(1),
        "shown": np.array([0, N_ROWS - 1]),
        "axes": np.array([[0, N_LATENTS - 1]]),
        "plane": np.zeros((1, 2, 2)),
    }
    return Ladder(**{**made, **lengths, **distances, **changes})


def test_what_fit_writes_is_accepted_and_comes_back_from_its_arrays() -> None:
    check_ladder(ladder(), N_ROWS)
    check_ladder(Ladder.from_arrays(ladder().to_arrays()), N_ROWS)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"objective": ("gan",)}, "objective 'gan' is none of"),
        ({"shown": np.array([0, N_ROWS])}, "shown"),
        ({"axes": np.array([[0, N_LATENTS]])}, "axes"),
    ],
)
def test_what_is_not_of_the_run_is_refused_by_name(changes: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_ladder(ladder(**changes), N_ROWS)
