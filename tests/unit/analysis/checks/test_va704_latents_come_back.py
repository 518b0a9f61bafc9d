from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vaeaudit.analysis.checks.base import Need
from vaeaudit.analysis.checks.va704_latents_come_back import CHECK
from vaeaudit.analysis.latents.grades import graded
from vaeaudit.analysis.latents.latent_summary import summarise_latents
from vaeaudit.config import AnalysisConfig
from vaeaudit.statistics.measures import Interval, Measure


@pytest.fixture(scope="module")
def latents(people):
    return summarise_latents(people, [], AnalysisConfig(), 0)


def with_agreement(latents, *values):
    measured = [Measure(value, Interval(0.0, 1.0, 0.95), 100) for value in values]
    return graded([replace(latent, stability=value) for latent, value in zip(latents, measured, strict=False)], [])


def test_latents_that_come_back_are_named(seen_of, latents):
    answer = CHECK.ask(seen_of(latents=with_agreement(latents, 0.95, 0.81, 0.4)))
    assert (answer.state, answer.tested, answer.findings) == ("passed", 3, ())
    assert answer.why.startswith(
        "Of 3 latents in use 2 are found again by a training from another seed: 0 (hours) and 1 ("
    )


def test_where_none_comes_back_what_they_encode_is_left_open(seen_of, latents):
    answer = CHECK.ask(seen_of(latents=with_agreement(latents, 0.55, 0.3, 0.4)))
    assert (answer.state, answer.tested) == ("inconclusive", 3)
    assert "the best agrees at 0.55" in answer.why


def test_where_nothing_could_be_compared_it_says_so(seen_of, latents):
    assert CHECK.ask(seen_of(latents=latents)).state == "inconclusive"


def test_it_is_asked_only_where_there_are_refits(seen_of, people):
    seen = seen_of(latents=())
    assert CHECK.needs == (Need.REFITS,)
    assert not Need.REFITS.is_met(seen)
    again = replace(people, member_means=np.zeros((1, *people.codes.mean.shape)))
    assert Need.REFITS.is_met(replace(seen, inputs=again))
