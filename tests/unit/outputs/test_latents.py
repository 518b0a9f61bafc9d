"""Codes check their shapes, and say which latents are active and what the ELBO is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vaeaudit.outputs.latents import ACTIVE_THRESHOLD, LatentCodes
from vaeaudit.outputs.row_scores import OF_PICTURES, OF_TABLES, OF_VECTORS

N, L, K = 6, 3, 2
RNG = np.random.default_rng(0)


def arrays(**changed: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "mean": RNG.normal(size=(N, L)),
        "stddev": np.full((N, L), 0.5),
        "kl": RNG.random((N, L)) + 1,
        "log_likelihood": RNG.normal(size=N),
        "iwae": RNG.normal(size=N),
        "unit_correction": np.zeros(N),
        "reason_column": np.zeros((N, K), int),
        "reason_nats": np.zeros((N, K)),
        "reason_p": np.ones((N, K)),
        "held_out": np.arange(N) < 2,
        "columns": ("a", "b"),
    }
    return made | changed


@pytest.mark.parametrize("name", [name for name in arrays() if name not in ("mean", "columns", "reason_nats")])
def test_an_array_of_another_shape_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(ValueError, match=rf"{name} must have shape .*N.* = 6"):
        LatentCodes(**arrays(**{name: np.zeros((N + 1, L + 5))}))


def test_the_elbo_is_log_likelihood_minus_summed_kl() -> None:
    codes = LatentCodes(**arrays())
    np.testing.assert_allclose(codes.elbo, codes.log_likelihood - codes.kl.sum(axis=1))
    assert len(codes) == N
    assert codes.n_latents == L


def test_an_active_latent_costs_nats_and_moves() -> None:
    mean = RNG.normal(size=(N, L))
    mean[:, 1] = 0.3  # does not move
    kl = np.full((N, L), 1.0)
    kl[:, 2] = ACTIVE_THRESHOLD / 2  # costs nothing
    np.testing.assert_array_equal(LatentCodes(**arrays(mean=mean, kl=kl)).active, [True, False, False])


@pytest.mark.parametrize(
    ("questions", "changed"),
    [
        ((), {}),
        (OF_TABLES, {"surprises": np.zeros((N, 5))}),
        (OF_VECTORS, {"surprises": np.zeros((N, 4))}),
        (OF_PICTURES, {"surprises": np.zeros((N, 5)), "image_statistics": np.zeros((N, 5))}),
    ],
)
def test_what_was_asked_of_rows_follows_from_what_they_are(questions: tuple[str, ...], changed: dict[str, Any]) -> None:
    assert LatentCodes(**arrays(**changed)).questions == questions


def test_codes_come_back_from_plain_arrays() -> None:
    codes = LatentCodes(**arrays(columns=("größe", "a,b\n", "<b>")))
    stored = codes.to_arrays()
    assert not any(array.dtype.hasobject for array in stored.values())
    again = LatentCodes.from_arrays(stored)
    assert again.columns == codes.columns
    for name, array in stored.items():
        np.testing.assert_array_equal(array, again.to_arrays()[name])
