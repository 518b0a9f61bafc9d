"""A meaning is read into a latent only where it comes back, carries something, and could have been told apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vaeaudit.analysis.latents.grades import UNGRADED, graded, name_of, stability
from vaeaudit.analysis.latents.latent_summary import histogram
from vaeaudit.analysis.latents.results import Explains, LatentSummary
from vaeaudit.outputs.region_rules import Condition
from vaeaudit.statistics.measures import Interval, Measure


def latent(index, agreement, *columns, kl=0.5, active=True):
    return LatentSummary(
        index=index,
        active=active,
        kl_nats=kl,
        name="",
        stability=None if agreement is None else Measure(agreement, Interval(0.0, 1.0, 0.95), 100),
        grade=None,
        why=(),
        shown=False,
        explains=tuple(Explains(name, 0.5, Interval(0.4, 0.6, 0.95), "rises") for name in columns),
        histogram=histogram(np.zeros(3), [], bins=3, confidence=0.95),
    )


@pytest.mark.parametrize(
    ("agreement", "grade", "shown"),
    [(1.0, "A", True), (0.9, "A", True), (0.89, "B", True), (0.8, "B", True), (0.79, "C", False), (0.59, "D", False)],
)
def test_the_grade_follows_the_agreement_and_only_a_and_b_are_shown(agreement, grade, shown):
    (found,) = graded([latent(0, agreement)], [])
    assert (found.grade, found.shown, found.why) == (grade, shown, ())


def test_what_carries_next_to_nothing_is_no_axis_however_well_it_comes_back():
    (found,) = graded([latent(0, 0.99, kl=0.05)], [])
    assert (found.grade, found.shown) == ("C", False)
    assert found.why == ("It carries 0.050 nats of a row only.",)


def never(*columns):
    return (tuple(Condition(name, "in", ["x"]) for name in columns), 12.3)


def test_latents_whose_factors_never_occur_together_lose_a_grade_and_say_why():
    latents = [latent(0, 0.95, "age"), latent(1, 0.85, "job"), latent(2, 0.95, "city")]
    found = graded(latents, [never("age", "job")])
    assert [each.grade for each in found] == ["B", "C", "A"]
    assert found[0].why[0].startswith("No row has age ")
    assert "job" in found[0].why[0]
    assert found[2].why == ()


def test_a_combination_within_one_latent_costs_nothing():
    latents = [latent(0, 0.95, "age", "job"), latent(1, 0.95, "city")]
    assert [each.grade for each in graded(latents, [never("age", "job"), never("age", "pay")])] == ["A", "A"]


def test_a_column_that_tells_little_of_a_latent_is_none_of_its_factors():
    weak = replace(latent(1, 0.95, "job"), explains=(Explains("job", 0.1, Interval(0, 0.2, 0.95), "rises"),))
    assert [each.grade for each in graded([latent(0, 0.95, "age"), weak], [never("age", "job")])] == ["A", "A"]


def test_without_refits_there_is_no_grade_and_the_strongest_are_shown():
    latents = [latent(index, None, kl=kl) for index, kl in enumerate([0.1, 0.9, 0.5, 0.7])]
    latents.append(latent(4, None, kl=2.0, active=False))
    found = graded(latents, [])
    assert [each.grade for each in found] == [None] * 5
    assert [each.index for each in found if each.shown] == [1, 2, 3]
    assert UNGRADED == 3


def test_stability_is_measured_on_held_out_rows_of_active_latents():
    rng = np.random.default_rng(0)
    mean = rng.normal(size=(300, 3))
    member = np.column_stack([rng.normal(size=300), -mean[:, 0], mean[:, 2]])
    rows = np.arange(100)
    member[150:] = rng.normal(size=(150, 3))  # not looked at
    found = stability(mean, np.array([True, True, False]), member[None], rows, 0.95)
    assert set(found) == {0, 1}
    assert found[0].value == pytest.approx(1)
    assert found[1].value < 0.3
    assert found[1].ci.low <= found[1].value <= found[1].ci.high
    assert found[1].n == 100


def test_without_refits_or_rows_nothing_is_measured():
    mean = np.zeros((30, 2))
    assert stability(mean, np.ones(2, bool), None, np.arange(30), 0.95) == {}
    assert stability(mean, np.ones(2, bool), mean[None], np.arange(5), 0.95) == {}


def test_a_second_column_is_named_only_where_it_comes_near_the_first():
    assert name_of([("age", 0.6), ("job", 0.2)]) == "age"
