"""Each list is put to a reader in words that can be answered, and what is answered fits what is there now."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest

from vaeaudit.analysis.audit.asking import ask_all
from vaeaudit.analysis.checks.registry import all_checks
from vaeaudit.analysis.checks.short_regions import region_findings
from vaeaudit.analysis.grouping.together import known_pairs
from vaeaudit.analysis.judged import JudgedThings, digest_of, missing_regions, settled_regions
from vaeaudit.analysis.review.lists import list_to_judge, review_list, review_lists
from vaeaudit.outputs.judgements import LISTS, Judgement
from vaeaudit.outputs.label_doubts import LabelDoubts
from vaeaudit.wording.review import review_in_words

NOW = "2026-01-01T00:00:00+00:00"


@pytest.fixture
def regions(short_region):
    """Eight regions that are short by independence."""
    return tuple(short_region(column=f"c{place}") for place in range(8))


@pytest.fixture
def doubted(people):
    """The people, of whom the first sixty have a doubted label, the first the most."""
    n_rows, place = len(people.frame), np.arange(len(people.frame))
    label = people.schema.label
    suspicion = np.where(place < 60, 0.99 - place / 1000, 0.1)
    said = np.zeros(n_rows)
    odds = np.where(place < 60, -1.0, 1.0)
    levels = tuple(label.levels) if label else ()
    assert levels
    doubts = LabelDoubts("columns", suspicion, said, 1 - suspicion, suspicion, odds, levels)
    return replace(people, label_doubts=doubts)


def judged(inputs, of, regions, verdicts, *, by="Ann"):
    """The inputs, with these verdicts on the first things of a list."""
    listed = list_to_judge(of, inputs, regions)
    contents = listed.things.contents(np.arange(len(verdicts)))
    given = zip(listed.things.names, contents, verdicts, strict=False)
    new = tuple(Judgement(of, name, content, verdict, "", by, NOW) for name, content, verdict in given)
    return replace(inputs, judgements=(*inputs.judgements, *new))


@pytest.mark.parametrize("of", ["rows", "labels", "copies", "regions"])
def test_what_is_proposed_names_things_that_are_known_by_these_names(doubted, regions, of):
    listed = list_to_judge(of, doubted, regions)
    assert not listed.why_empty
    table = listed.table(listed.propose(4, "Ann"))
    assert 1 <= len(table) <= 4
    assert list(table.columns[: len(LISTS[of].keys)]) == list(LISTS[of].keys)
    assert (table["judgement"] == "").all()
    names = [LISTS[of].name([str(cell) for cell in cells]) for cells in table[list(LISTS[of].keys)].to_numpy()]
    assert set(names) <= set(listed.things.names)
    places = np.array([list(listed.things.names).index(name) for name in names])
    assert listed.things.contents(places) == table["content"].tolist()
    assert set(listed.keys) >= {LISTS[of].cells(name) for name in names}


def test_a_doubted_label_stands_beside_what_the_rest_speaks_for(doubted):
    listed = list_to_judge("labels", doubted, ())
    first = listed.table(np.array([0])).iloc[0]
    assert first["row_id"] == str(doubted.row_ids[0])
    assert first["said"] == doubted.label_doubts.levels[0]
    assert len(listed.things.names) == 60


def test_a_pair_of_copies_is_of_other_content_when_either_row_changes(people):
    copies = list_to_judge("copies", people, ()).things
    before, rows = copies.contents(np.array([0])), LISTS["copies"].cells(copies.names[0])
    for row_id in rows:
        changed = people.frame.copy()
        changed.loc[changed.index[list(people.row_ids.astype(str)).index(row_id)], "remark"] = "another one"
        other = list_to_judge("copies", replace(people, frame=changed, pairs=known_pairs(people)), ()).things
        assert other.names == copies.names
        assert other.contents(np.array([0])) != before


def test_how_right_a_list_is_follows_from_the_judgements(doubted):
    inputs = judged(doubted, "labels", (), ["wrong"] * 14 + ["sound"])
    review = review_list(list_to_judge("labels", inputs, ()), inputs, 0.95)
    assert (review.of, review.judgements, review.wrong, review.sound) == ("labels", 15, 14, 1)
    ten = next(at for at in review.precision if at.k == 10)
    assert ten.share > 0.8
    assert ten.ci.low > 0.5
    said = " ".join(review_in_words(asdict(review)))
    assert "14 labels wrong, 1 sound" in said
    assert "so many of these labels are wrong" in said


def test_a_list_that_nobody_judged_is_not_told_of(doubted, regions):
    inputs = judged(doubted, "labels", (), ["wrong"])
    assert [review.of for review in review_lists(inputs, regions, 0.95)] == ["labels"]
    assert review_list(list_to_judge("regions", inputs, regions), inputs, 0.95) is None
    assert review_lists(doubted, regions, 0.95) == ()


def test_judgements_of_one_list_are_none_of_another_although_both_name_rows(doubted):
    inputs = judged(doubted, "labels", (), ["wrong"] * 5)
    assert not len(JudgedThings.of(list_to_judge("rows", inputs, ()).things, inputs.judgements).place)


@pytest.mark.parametrize(
    ("of", "why"), [("cells", "suspicious"), ("labels", "doubted"), ("regions", "short of rows"), ("copies", "listed")]
)
def test_a_list_with_nothing_on_it_says_why(people, of, why):
    none = np.zeros((0, 2), np.int64)
    pairs = replace(known_pairs(people), first=np.arange(len(people.frame)), near=none, listed=none)
    inputs = replace(people, cells=None, label_doubts=None, pairs=pairs)
    assert why in list_to_judge(of, inputs, ()).why_empty


# --- regions ----------------------------------------------------------------------------------------------------------


def said_of(*verdicts, region="R1", note=""):
    content = digest_of(region)
    return [
        Judgement("regions", region, content, verdict, note, f"reader {n}", NOW) for n, verdict in enumerate(verdicts)
    ]


def test_a_region_is_settled_or_missing_by_most_readers_and_open_where_they_are_even():
    assert settled_regions(said_of("cannot exist", note="by law"))["R1"].reason == "cannot exist (by law)"
    assert settled_regions(said_of("cannot exist", "so in the world", "missing"))["R1"].by == "reader 0, reader 1"
    assert not settled_regions(said_of("cannot exist", "missing"))
    assert not missing_regions(said_of("cannot exist", "missing"))
    assert missing_regions(said_of("missing", "missing", "so in the world")) == {"R1"}


def test_a_judged_region_has_a_finding_of_its_own_and_what_is_missing_is_no_question(regions):
    last = regions[-1]
    found = list(region_findings(regions, "VA203", missing={last.id}))
    own = next(finding for finding in found if finding.subject == last.id)
    assert own.severity == ("low" if last.stable is False else "medium")
    assert "?" not in own.title
    assert own.action.startswith("Collect at least")
    settled = list(region_findings(regions, "VA203", settled={regions[0].id}))
    assert [finding.subject for finding in settled].count(regions[0].id) == 1


def test_what_readers_settle_is_set_aside_with_their_names(people, regions, seen_of):
    inputs = judged(people, "regions", regions, ["cannot exist"] * len(regions))
    seen = seen_of(inputs=inputs, regions=regions)
    (result,), findings = ask_all(seen, {"VA203": all_checks()["VA203"]})
    assert (result.state, findings) == ("muted", ())
    assert {muted.subject for muted in result.muted} == {region.id for region in regions}
    assert {(muted.reason, muted.by) for muted in result.muted} == {("cannot exist", "Ann")}


def test_a_verdict_that_fits_no_such_thing_is_refused():
    with pytest.raises(ValueError, match="a pair is not judged missing"):
        Judgement("copies", "x", "0" * 64, "missing", "", "Ann", NOW)
    assert LISTS["regions"].verdicts[0] == "missing"
