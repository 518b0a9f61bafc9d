from __future__ import annotations

import json
from dataclasses import replace

import pytest

from vaeaudit.analysis.results.measures import Interval, Measure
from vaeaudit.report import figures
from vaeaudit.report.blocks import Answer, Figure, Paragraph
from vaeaudit.report.document import document, json_schema
from vaeaudit.report.sections.latent_space import space_between_rows
from vaeaudit.report.tables import Table


@pytest.fixture
def space(results):
    return results.model.latent_space


def answers(space):
    return [block for block in space_between_rows(space, has_prior=True) if isinstance(block, Answer)]


def test_a_share_that_falls_short_with_its_whole_interval_is_said_to(space):
    between, around = answers(space)
    assert between.tone == "good"
    assert "Continuity 0.97" in between.text
    assert around.tone == "unsure"
    assert "some of what the model draws is unlike any row" in around.text
    assert "hardly ever drawn" not in around.text


def test_shares_that_do_not_fall_short_are_good(space):
    sound = replace(space, completeness=Measure(0.94, Interval(0.92, 0.96, 0.95), 1000, 0.9496))
    assert answers(sound)[1].tone == "good"


def test_mostly_uncovered_rows_are_called_most(space):
    narrow = replace(space, coverage=Measure(0.3, Interval(0.27, 0.33, 0.95), 1000, 0.969))
    assert "most of the rows are hardly ever drawn" in answers(narrow)[1].text


def test_a_decoder_that_says_the_average_is_not_called_complete(space):
    full = Measure(1.0, Interval(0.99, 1.0, 0.95), 1000, 0.95)
    nothing = Measure(0.0, Interval(-0.01, 0.01, 0.95), 1000)
    blind = replace(space, continuity=None, jumps=None, completeness=full, coverage=full, kept_variation=nothing)
    between, around = answers(blind)
    assert (between.tone, around.tone) == ("unsure", "unsure")
    assert "keep none of the rows' variation" in around.text
    assert "keep none" in answers(replace(blind, kept_variation=None))[1].text


def test_many_jumps_are_no_good_sign(space):
    jumpy = replace(space, jumps=Measure(0.2, Interval(0.17, 0.24, 0.95), 500, 0.0))
    assert answers(jumpy)[0].tone == "unsure"


def test_a_model_without_prior_says_so(space):
    blocks = space_between_rows(space, has_prior=False)
    assert any(isinstance(block, Paragraph) and "without a prior" in block.text for block in blocks)
    assert not any(isinstance(block, Paragraph) for block in space_between_rows(space, has_prior=True))


def test_all_measures_stand_in_the_table_and_both_curves_in_the_figure(space):
    blocks = space_between_rows(space, has_prior=True)
    (numbers,) = (block for block in blocks if isinstance(block, Table))
    (figure,) = (block for block in blocks if isinstance(block, Figure))
    assert len(numbers.rows) == 5
    assert len(figure.spec["data"]) == 2
    assert figures.distances(space)["layout"]["shapes"][0]["x0"] == space.yardstick


def test_the_document_holds_each_measure_once_and_null_where_nothing_was_measured(results):
    known = set(json_schema()["properties"]["model"]["properties"])
    for model in (results.model, replace(results.model, latent_space=None)):
        written = document(replace(results, model=model))["model"]
        assert set(written) == known
        json.dumps(written, allow_nan=False)
    assert (written["latent_space"], written["continuity"], written["completeness"]) == (None, None, None)
    full = document(results)["model"]
    assert full["completeness"]["value"] == 0.91
    assert not {"continuity", "completeness"} & set(full["latent_space"])
