"""Pictures on the page: what is shown, what is said about it to those who see it and to those who do not."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.analysis.latents.results import EndRow
from vaeaudit.report import to_html
from vaeaudit.report.document import document, json_schema
from vaeaudit.report.parts.blocks import Block, Card, Gallery, Group, Paragraph, Sheet, Strip
from vaeaudit.report.parts.decoded_galleries import (
    Traversals,
    end_gallery,
    prior_gallery,
    region_gallery,
    thumbnail_sheet,
)
from vaeaudit.report.parts.galleries import (
    BUDGETS,
    outlier_galleries,
    pairs_gallery,
    rare_gallery,
    reconstruction_gallery,
    sheet_of,
)
from vaeaudit.report.sections import all_sections

#: A page is at most this long; what plotly.js and a full set of tables take besides is 2.4 MB (see docs/report.md).
LARGEST_PAGE = 3_000_000


class Page(HTMLParser):
    """Elements with their attributes, the ids that each lies within, and the visible text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._inside = tag

    def handle_data(self, data):
        if self._inside not in ("script", "style"):
            self.text += data

    def all(self, tag, **wanted):
        return [
            attributes
            for name, attributes in self.elements
            if name == tag and all(attributes.get(key) == value for key, value in wanted.items())
        ]


@pytest.fixture(scope="module")
def html(pictured):
    return to_html(pictured)


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def blocks_of(results: AuditResults) -> list[Block]:
    def within(blocks):
        for block in blocks:
            yield block
            if isinstance(block, Group):
                yield from within(block.blocks)

    return [block for section in all_sections(results) for block in within(section.blocks)]


@pytest.fixture(scope="module")
def blocks(pictured) -> list[Block]:
    return blocks_of(pictured)


def galleries(blocks) -> dict[str, Gallery]:
    return {block.id: block for block in blocks if isinstance(block, Gallery)}


def test_every_sheet_is_one_image_that_is_stored_once(page, html):
    images = page.all("image")
    assert {image["id"] for image in images} == {f"sheet-{name}" for name in BUDGETS}
    assert all(image["href"].startswith("data:image/webp;base64,UklGR") for image in images)
    assert html.count("data:image") == len(BUDGETS)
    assert page.all("img") == []
    uses = {use["href"] for use in page.all("use") if "sheet" in use["href"]}
    assert uses <= {f"#{image['id']}" for image in images}


def test_every_image_keeps_its_budget_and_all_of_them_leave_room_on_the_page(blocks, html):
    sheets = [block for block in blocks if isinstance(block, Sheet)]
    for sheet in sheets:
        assert len(sheet.image.webp) <= BUDGETS[sheet.id.removeprefix("sheet-")]
    as_text = sum(4 * -(-budget // 3) for budget in BUDGETS.values())
    used = sum(len(base64.b64encode(sheet.image.webp)) for sheet in sheets)
    assert len(html.encode()) - used + as_text < LARGEST_PAGE


def test_noise_the_hardest_to_compress_still_keeps_the_budgets(shapes, people):
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (40, 64, 64, 3)).astype(np.uint8)
    pictures = shapes.shapes_pictures(64)
    sheets = shapes.shapes_sheets(pictures, people)
    for name, tiles in (("outliers", noise), ("thumbnails", np.repeat(noise[:, ::2, ::2], 12, axis=0))):
        assert len(sheet_of(sheets, name, tiles, 8).image.webp) <= BUDGETS[name]


def test_every_picture_is_described_for_those_who_cannot_see_it(page):
    described = [svg["aria-label"] for svg in page.all("svg", role="img")]
    expected = {"outliers": 20, "rare": 12, "reconstructions": 8, "regions": 3, "traversals, twice": 6, "pairs": 1}
    expected["ends of latents"] = 3
    assert len(described) == sum(expected.values())
    assert all(len(text) > 20 for text in described)
    wholes = [div["aria-label"] for div in page.all("div", role="img") if "cards" in (div.get("class") or "")]
    assert len(wholes) == 2  # samples of the model, and the map in pictures
    silent = [svg for svg in page.all("svg") if "strip" in (svg.get("class") or "") and "aria-label" not in svg]
    assert all(svg["aria-hidden"] == "true" for svg in silent)


def test_an_outlier_is_told_with_its_row_its_score_its_flag_its_aspect_and_its_groups(blocks, shapes):
    gallery = galleries(blocks)["outliers-pictures"]
    third = gallery.cards[2]
    assert isinstance(third, Card)
    assert third.title == "1.png"
    assert third.badge is not None
    assert third.badge.word == "flagged"
    assert third.lines[0] == shapes.ASPECT
    assert third.lines[1] == "score 8.6, p <0.001"
    assert third.lines[2].endswith("colour red")
    (strip,) = third.strips
    assert strip.ticks == ("picture", "expected", "departs")
    assert strip.alt.startswith("1.png: the picture, what the model expects, and where it departs")
    assert shapes.ASPECT in strip.alt
    assert [card.badge.word for card in gallery.cards][4:6] == ["flagged", "not flagged"]


def test_the_first_outliers_stand_open_and_the_others_fold_away_on_the_same_sheet(blocks):
    found = galleries(blocks)
    first, further = found["outliers-pictures"], found["outliers-pictures-further"]
    assert (len(first.cards), len(further.cards)) == (12, 8)
    assert (first.folded, further.folded) == (False, True)
    assert first.cards[0].strips[0].sheet is further.cards[0].strips[0].sheet
    assert first.scale == ("as expected", "departs most (8 robust standard deviations or more)")


def test_the_three_tiles_of_an_outlier_are_its_own(blocks, pictured):
    sheet, *_ = outlier_galleries(pictured.pictures, pictured.outliers)
    assert isinstance(sheet, Sheet)
    strip = galleries(blocks)["outliers-pictures"].cards[7].strips[0]
    assert (strip.first, strip.tiles) == (21, 3)
    assert (strip.view.x, strip.view.y) == (0, 7 * sheet.image.tile_height)


def test_hostile_names_are_text_everywhere(html, page, people):
    assert "<img" not in html
    assert page.text.count(people.SCRIPT) >= 3
    assert any(people.SCRIPT in (svg.get("aria-label") or "") for svg in page.all("svg"))
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert page.all("b") == []


def test_regions_show_what_the_model_decodes_there_beside_rows_that_there_are(pictured):
    blocks = region_gallery(pictured.pictures, pictured.regions)
    gallery = galleries(blocks)["regions-pictures"]
    with_rows, without = gallery.cards
    assert [strip.tiles for strip in with_rows.strips] == [6, 3]
    assert with_rows.strips[1].percent == 50
    assert "shape-1.png" in with_rows.strips[1].alt
    assert len(without.strips) == 1
    assert "kept no row of this kind" in without.lines[1]
    assert with_rows.title.startswith(f"{pictured.regions[0].id}: ")


def test_regions_that_were_not_decoded_are_named_and_not_dropped(pictured):
    said = [block for block in region_gallery(pictured.pictures, pictured.regions) if isinstance(block, Paragraph)]
    assert len(said) == 1
    *others, last = (region.id for region in pictured.regions[2:])
    assert said[0].text.startswith(f"No pictures stand for {', '.join(others)} and {last}: the run decoded none there.")


def test_pictures_that_the_run_did_not_keep_are_counted_in_words(pictured):
    sheets = replace(
        pictured.pictures, outliers_missing=3, rare_missing=1, reconstructions=(), reconstructions_missing=16
    )
    for blocks, amount in (
        (outlier_galleries(sheets, pictured.outliers), "3 pictures of the rows of highest score"),
        (rare_gallery(sheets), "1 picture of the rarest plausible rows"),
        (reconstruction_gallery(sheets), "16 pictures of the rows drawn for reconstruction"),
    ):
        assert isinstance(blocks[-1], Paragraph)
        assert blocks[-1].text.startswith(f"{amount} cannot be shown")
        assert "Fit again" in blocks[-1].text


def test_a_traversal_is_thinned_and_keeps_its_ends_and_its_middle(pictured):
    active = [latent for latent in pictured.latents if latent.active]
    traversals = Traversals(pictured.pictures, active)
    _, overview = traversals.overview()
    assert isinstance(overview, Gallery)
    (strip,) = overview.cards[1].strips
    assert strip.ticks == ("\N{MINUS SIGN}2.5", "\N{MINUS SIGN}1.5", "\N{MINUS SIGN}1", "0", "1", "1.5", "2.5")
    assert strip.first == 7
    assert f"latent {active[1].index} moves from" in strip.alt
    (alone,) = traversals.gallery(active[1])
    assert alone.cards[0].strips == overview.cards[1].strips


def test_a_latent_that_was_not_decoded_has_no_strip(pictured):
    traversals = Traversals(replace(pictured.pictures, latents=()), pictured.latents)
    assert traversals.overview() == []
    assert traversals.gallery(pictured.latents[0]) == []


def test_the_map_knows_the_picture_of_every_point(blocks, pictured):
    figure = next(block for block in blocks if getattr(block, "id", "") == "latents-map")
    points = [trace for trace in figure.spec["data"] if trace["name"] != "flagged"]
    first_view = [points[place] for place in figure.spec["views"]["sex"]]
    assert sorted(tile for trace in first_view for tile in trace["customdata"]) == list(range(60))
    tiles = figure.spec["thumbnails"]
    sheet = thumbnail_sheet(pictured.pictures)
    assert (tiles["sheet"], tiles["columns"]) == (sheet.id, sheet.image.columns)
    assert len(tiles["names"]) == 60


def test_a_map_of_a_table_has_no_thumbnails(results):
    figure = next(block for block in blocks_of(results) if getattr(block, "id", "") == "latents-map")
    assert "thumbnails" not in figure.spec
    assert not any("customdata" in trace for trace in figure.spec["data"])


def test_the_map_in_pictures_leaves_gaps_where_nobody_lies(blocks):
    grid = galleries(blocks)["latents-map-pictures"]
    assert grid.columns == 4
    assert grid.cards[0] is None
    assert grid.cards[5].strips[0].first == 5
    assert grid.is_one_picture


def test_samples_of_the_model_are_said_to_be_none_of_the_data(pictured):
    gallery = galleries(prior_gallery(pictured.pictures))["model-prior"]
    assert len(gallery.cards) == 24
    assert "None is a row of the data" in gallery.sentence


def test_pairs_stand_side_by_side_with_what_is_said_about_them(pictured):
    gallery = galleries(pairs_gallery(pictured.pictures, {(0, 10): "equal pixel for pixel"}))["duplicates-pairs"]
    (card,) = gallery.cards
    assert card.lines == ("shape-0.png", "shape-1.png", "equal pixel for pixel")
    assert card.strips[0].alt == "shape-0.png beside shape-1.png. equal pixel for pixel"
    assert pairs_gallery(replace(pictured.pictures, pairs=()), {}) == []


@pytest.mark.parametrize(
    ("size", "channels", "said"), [(48, 3, "48 x 48 pixels in colour"), (8, 1, "8 x 8 pixels in grey")]
)
def test_what_is_said_of_tables_is_said_of_pictures_in_their_own_words(shapes, people, size, channels, said):
    page = Page(to_html(shapes.shapes_results(people, size, channels)))
    assert said in page.text
    assert "independent pixels" in page.text
    assert "Only the pixels enter the model" in page.text
    for wrong in ("Columns modelled", "independent columns", "no single cell", "all cells"):
        assert wrong not in page.text
    strips = [svg for svg in page.all("svg") if (svg.get("class") or "").startswith("strip")]
    assert all(("pixelated" in svg["class"]) == (size == 8) for svg in strips)


def test_nothing_changes_for_a_table(results):
    html = to_html(results)
    assert "data:image" not in html
    assert 'class="gallery"' not in html


def test_a_report_about_pictures_satisfies_its_schema(pictured):
    jsonschema = pytest.importorskip("jsonschema")
    found = document(pictured)
    jsonschema.validate(found, json_schema())
    assert found["outliers"]["top"][0]["aspect"]
    assert found["outliers"]["top"][0]["questions"] == ["worst patches"]


def test_a_strip_with_too_few_ticks_and_a_scale_with_one_end_are_refused(pictured):
    sheet = thumbnail_sheet(pictured.pictures)
    with pytest.raises(ValueError, match="3 tiles need as many ticks"):
        Strip(sheet, 0, 3, ticks=("a", "b"))
    with pytest.raises(ValueError, match="a scale has two ends"):
        Gallery("g", "t", "s", (), scale=("one",))


def test_the_page_has_no_inline_number_that_grows_with_the_pictures(html):
    assert len(re.sub(r"data:image/webp;base64,[^\"]*", "", html)) < 2_600_000


def test_the_pictures_at_the_ends_of_a_latent_are_those_of_the_map_and_are_named(pictured, people):
    names = pictured.latent_map.row_ids
    ends = [EndRow(names[place], place, value, {}) for place, value in ((3, -2.5), (5, 2.75))]
    latent = replace(people.people_latent(0), low_end=(ends[0],), high_end=(ends[1],))
    sheet = thumbnail_sheet(pictured.pictures)
    (gallery,) = end_gallery(sheet, names, latent)
    assert [(card.strips[0].first, card.strips[0].alt.split(",")[0], card.lines) for card in gallery.cards] == [
        (3, names[3], ("\u22122.5",)),
        (5, names[5], ("2.75",)),
    ]
    assert end_gallery(sheet, ("elsewhere.png",), latent) == []
