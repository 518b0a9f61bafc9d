from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vaeaudit.analysis.latents.model_summary import mean_interval, summarise_model
from vaeaudit.data.schema.columns import Kind


def test_bounds_are_means_over_held_out_rows_only(people):
    summary = summarise_model(people.codes, people.model, confidence=0.95)
    held_out = people.codes.held_out
    assert summary.elbo_nats == pytest.approx(people.codes.elbo[held_out].mean())
    assert summary.iwae_nats == pytest.approx(people.codes.iwae[held_out].mean())
    assert summary.elbo_ci.low < summary.elbo_nats < summary.elbo_ci.high
    assert (summary.active_latents, summary.latents, summary.columns) == (3, 4, 5)
    assert summary.latent_space is None
    assert summary.continuity is None
    assert summary.completeness is None


def test_both_bounds_are_compared_row_by_row_and_divided_by_the_columns(people):
    codes, facts = people.codes, replace(people.model, iwae_samples=16)
    summary = summarise_model(codes, facts, confidence=0.95)
    density, held_out = summary.held_out, codes.held_out
    assert (density.n, density.iwae_samples, density.dimensions) == (held_out.sum(), 16, 5)
    assert density.gain == pytest.approx(0.2)  # as planted, the same for every row: its interval has no width
    assert density.gain_ci.high - density.gain_ci.low < 1e-6 < density.iwae_ci.high - density.iwae_ci.low
    assert density.per_dimension == pytest.approx(
        {
            "elbo_nats": summary.elbo_nats / 5,
            "iwae_nats": summary.iwae_nats / 5,
            "baseline_nats": summary.baseline_nats / 5,
        }
    )


def test_the_density_of_pictures_is_per_value_of_a_pixel(people):
    codes = replace(people.codes, columns=())
    pictures = summarise_model(codes, people.model, confidence=0.95, dimensions=48 * 48 * 3)
    unknown = summarise_model(codes, people.model, confidence=0.95)
    assert pictures.held_out.per_dimension["iwae_nats"] == pytest.approx(pictures.iwae_nats / 6912)
    assert (unknown.held_out.dimensions, unknown.held_out.per_dimension) == (None, {})


def test_without_held_out_rows_all_rows_stand_in(build):
    inputs = build({"x": (np.arange(30), Kind.REAL)}, np.zeros((30, 1)), held_out=np.zeros(30, dtype=bool))
    summary = summarise_model(inputs.codes, inputs.model, confidence=0.95)
    assert summary.elbo_nats == pytest.approx(inputs.codes.elbo.mean())


def test_the_interval_of_a_mean_is_the_textbook_one():
    mean, interval = mean_interval(np.array([1.0, 2.0, 3.0, 4.0]), 0.95)
    half = 1.959964 * np.std([1, 2, 3, 4], ddof=1) / 2
    assert (mean, interval.low, interval.high) == pytest.approx((2.5, 2.5 - half, 2.5 + half))


def test_one_row_has_a_mean_but_no_interval():
    mean, interval = mean_interval(np.array([3.0]), 0.95)
    assert (mean, interval.low, interval.high) == (3.0, None, None)
