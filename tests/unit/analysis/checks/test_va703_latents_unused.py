from __future__ import annotations

import numpy as np
import pytest

from vaeaudit.analysis.checks.va703_latents_unused import CHECK
from vaeaudit.analysis.latents.latent_summary import summarise_latents
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Kind


@pytest.fixture(scope="module")
def latents(people):
    return summarise_latents(people, [], AnalysisConfig(), 0)


def test_latents_that_are_left_over_are_said_and_are_no_fault(seen_of, latents):
    answer = CHECK.ask(seen_of(latents=latents))
    (finding,) = answer.findings
    assert (answer.state, answer.tested, finding.id, finding.severity) == ("finding", 4, "VA703", "info")
    assert finding.title == "3 of 4 latents are in use; the others carry next to nothing"
    assert len(finding.evidence["kl_nats"]) == 4


def test_where_all_are_in_use_more_might_hold_more(seen_of, latents):
    answer = CHECK.ask(seen_of(latents=latents[:3]))
    assert (answer.state, answer.why) == ("passed", "All 3 latents are in use; more of them might hold more.")


def test_where_none_is_in_use_there_is_nothing_to_tell(seen_of, build):
    dead = build({"x": (np.arange(50), Kind.REAL)}, np.zeros((50, 2)))
    answer = CHECK.ask(seen_of(latents=summarise_latents(dead, [], AnalysisConfig(), 0)))
    assert (answer.state, answer.findings) == ("inconclusive", ())
