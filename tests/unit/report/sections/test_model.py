from __future__ import annotations

from dataclasses import replace

import pytest

from vaeaudit.analysis.latents.results import Disentanglement
from vaeaudit.config import Objective
from vaeaudit.report.parts import figures
from vaeaudit.report.parts.blocks import Answer, Figure, Paragraph
from vaeaudit.report.parts.tables import Table
from vaeaudit.report.sections.model import disentangled, space_between_rows
from vaeaudit.statistics.measures import Interval, Measure


@pytest.fixture
def model(results):
    return results.model


def answers(model, **changes):
    space = replace(model.latent_space, **changes)
    return [block for block in space_between_rows(model, space) if isinstance(block, Answer)]


def test_a_share_that_falls_short_with_its_whole_interval_is_said_to(model):
    between, around = answers(model)
    assert between.tone == "good"
    assert "Continuity 0.78" in between.text
    assert around.tone == "unsure"
    assert "some of what the model draws is unlike any row" in around.text
    assert "hardly ever drawn" not in around.text


def test_shares_that_do_not_fall_short_are_good(model):
    sound = replace(model, completeness=Measure(0.94, Interval(0.92, 0.96, 0.95), 1000, 0.9496))
    assert answers(sound)[1].tone == "good"


def test_mostly_uncovered_rows_are_called_most(model):
    narrow = Measure(0.3, Interval(0.27, 0.33, 0.95), 1000, 0.969)
    assert "most of the rows are hardly ever drawn" in answers(model, coverage=narrow)[1].text


def test_a_decoder_that_says_the_average_is_not_called_complete(model):
    full = Measure(1.0, Interval(0.99, 1.0, 0.95), 1000, 0.95)
    nothing = Measure(0.0, Interval(-0.01, 0.01, 0.95), 1000)
    blind = replace(model, continuity=None, completeness=full)
    between, around = answers(blind, jumps=None, coverage=full, kept_variation=nothing)
    assert (between.tone, around.tone) == ("unsure", "unsure")
    assert "keep none of the rows' variation" in around.text
    assert "keep none" in answers(blind, jumps=None, coverage=full, kept_variation=None)[1].text


def test_many_jumps_are_no_good_sign(model):
    assert answers(model, jumps=Measure(0.2, Interval(0.17, 0.24, 0.95), 500, 0.0))[0].tone == "unsure"


def test_a_model_without_prior_says_so(model):
    blocks = space_between_rows(replace(model, objective=Objective.AE), model.latent_space)
    assert any(isinstance(block, Paragraph) and "without a prior" in block.text for block in blocks)
    assert not any(isinstance(block, Paragraph) for block in space_between_rows(model, model.latent_space))


def test_all_measures_stand_in_the_table_and_both_curves_in_the_figure(model):
    space = model.latent_space
    blocks = space_between_rows(model, space)
    (numbers,) = (block for block in blocks if isinstance(block, Table))
    (figure,) = (block for block in blocks if isinstance(block, Figure))
    assert len(numbers.rows) == 6
    assert len(figure.spec["data"]) == 2
    assert figures.distances(space)["layout"]["shapes"][0]["x0"] == space.yardstick


def test_each_score_of_disentanglement_is_shown_with_its_interval_its_figure_by_chance_and_its_sentence(model):
    scores, goes, factors = disentangled(model.disentanglement)
    assert isinstance(scores, Table)
    assert [row[0] for row in scores.rows] == ["Mutual information of two latents (nats)", "MIG"]
    assert scores.rows[1][1:3] == ("0.31 [0.28, 0.34]", "0")
    assert isinstance(goes, Paragraph)
    assert goes.text == (
        "By what it tells of them, a factor goes best age with latent 1. No latent tells more than chance of race."
    )
    assert isinstance(factors, Table)


def test_a_report_without_factors_says_how_to_give_them(model):
    _, said = disentangled(replace(model.disentanglement, factors=()))
    assert isinstance(said, Paragraph)
    assert "vaeaudit report --factors COL" in said.text
    assert disentangled(Disentanglement()) == []
