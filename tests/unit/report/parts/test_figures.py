"""Figures are valid plotly, show the numbers they were given, and treat all text of the data as text."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from vaeaudit.report.parts import figures, latent_figures
from vaeaudit.report.parts.blocks import Figure, Group
from vaeaudit.report.parts.theme import PALETTE, label
from vaeaudit.report.sections import all_sections
from vaeaudit.statistics.measures import Interval


def figures_of(blocks):
    for block in blocks:
        if isinstance(block, Figure):
            yield block
        elif isinstance(block, Group):
            yield from figures_of(block.blocks)


def every_figure(results):
    return [figure for section in all_sections(results) for figure in figures_of(section.blocks)]


def strings_in(part):
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for value in part.values():
            yield from strings_in(value)
    elif isinstance(part, list):
        for value in part:
            yield from strings_in(value)


def test_every_figure_is_valid_plotly_and_says_what_it_shows(results, empty):
    shown = every_figure(results)
    assert len(shown) >= 14
    for figure in [*shown, *every_figure(empty)]:
        go.Figure(data=figure.spec["data"], layout=figure.spec["layout"])  # raises on any unknown or wrong property
        go.Figure(data=[], layout=figure.spec["narrow"])
        assert figure.sentence.endswith(".")
        assert len({figure.id for figure in shown}) == len(shown)


def test_figures_are_strict_json(results):
    for figure in every_figure(results):
        json.dumps(figure.spec, allow_nan=False)


def test_no_text_of_the_data_reaches_plotly_as_markup(results):
    allowed = re.compile(r"<br>")
    for figure in every_figure(results):
        for text in strings_in(figure.spec):
            assert "<" not in allowed.sub("", text), text
            assert not re.search(r"&(?!(amp|lt|gt);)", text), text
            assert "hovertemplate" not in figure.spec["data"][0]  # %{x} of a name would be filled in


def test_a_label_is_escaped_cut_and_free_of_invisible_signs():
    assert label("<b>a</b> & b") == "&lt;b&gt;a&lt;/b&gt; &amp; b"
    assert label("x" * 40, 10) == "x" * 9 + "…"
    assert label("a\u202eb\x00c\u200b") == "abc"


def test_rows_of_a_dot_figure_stay_apart_even_if_their_names_are_equal():
    items = [figures.Dot("10", 0.5, Interval(0.4, 0.6, 0.95), "none", ()) for _ in range(2)]
    spec = figures.dots(items, x="share", percent=True)
    assert spec["data"][0]["y"] == [0, 1]
    assert spec["layout"]["yaxis"]["ticktext"] == ["10", "10"]


def test_error_bars_reach_exactly_to_the_bounds_of_the_interval():
    spec = figures.dots([figures.Dot("a", 0.5, Interval(0.4, 0.65, 0.95), "none", ())], x="share", percent=True)
    error = spec["data"][0]["error_x"]
    assert (error["arrayminus"], error["array"]) == ([0.1], [0.15])


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
def test_an_open_interval_runs_to_the_edge_of_the_figure(value):
    spec = figures.dots([figures.Dot("a", value, Interval(None, None, 0.95), "none", ())], x="share", percent=True)
    low, high = spec["layout"]["xaxis"]["range"]
    error = spec["data"][0]["error_x"]
    assert value - error["arrayminus"][0] == pytest.approx(max(low, 0.0), abs=1e-3)
    assert value + error["array"][0] == pytest.approx(high, abs=1e-3)


def test_status_is_shown_by_shape_and_word_and_not_by_colour_alone(results):
    spec = next(figure.spec for figure in every_figure(results) if figure.id == "representation-2")
    traces = [trace for trace in spec["data"] if "error_x" in trace]
    assert len({trace["marker"]["symbol"] for trace in traces}) == len(traces) > 1
    assert {trace["name"] for trace in traces} >= {"under-represented", "within tolerance"}


def test_a_region_without_a_row_is_drawn_at_zero_on_its_logarithmic_axis(results):
    spec = figures.observed_and_expected(results.regions)
    axis = spec["layout"]["xaxis"]
    assert axis["ticktext"][0] == "0"
    observed = spec["data"][1]["x"]
    assert observed[1] == axis["tickvals"][0]
    assert observed[2] == 216


def test_a_histogram_draws_shares_and_its_views_part_the_groups(results):
    latent = results.latents[0]
    spec = latent_figures.latent_histogram(latent)
    assert sum(spec["data"][0]["y"]) == pytest.approx(1, abs=1e-3)
    assert list(spec["views"]) == ["sex", "race", "age"]
    chosen = [place for places in spec["views"].values() for place in places]
    assert sorted(chosen) == list(range(1, len(spec["data"])))
    shown = [place for place, trace in enumerate(spec["data"]) if trace.get("visible", True)]
    assert shown == [0, *spec["views"]["sex"]]
    low, band, line = (spec["data"][place]["y"] for place in spec["views"]["sex"][:3])
    assert all(a <= b + 1e-9 <= c + 2e-9 for a, b, c in zip(low, line, band, strict=True))


def test_only_the_largest_groups_are_drawn_and_empty_ones_never(results, people):
    edges = results.latents[0].histogram.edges
    groups = {str(size): people.counts_around(0.0, 1.0, size, edges) for size in (0, 5, 10, 20, 40, 80, 160, 320)}
    drawn = [group for group, _ in latent_figures.largest_groups(groups)]
    assert drawn == ["320", "160", "80", "40", "20", "10"]
    assert len(drawn) == len(PALETTE)


def test_the_map_works_without_any_sensitive_attribute(results):
    spec = latent_figures.latent_map(replace(results.latent_map, groups={}))
    assert spec["views"] == {}
    assert len(spec["data"][0]["x"]) == len(results.latent_map.x)


def test_no_history_means_no_figure():
    assert figures.history({}) is None
    assert figures.history({"loss": np.array([])}) is None
