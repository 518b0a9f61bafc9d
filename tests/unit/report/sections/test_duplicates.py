"""What the section on rows that occur more than once says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vaeaudit.analysis.coverage.results import Difference
from vaeaudit.analysis.duplicates.clusters import CopyCluster
from vaeaudit.analysis.duplicates.duplicates import DuplicatePair, Duplicates, EqualRows, Leak
from vaeaudit.analysis.duplicates.splits import PeriodOverlap, SplitComparison
from vaeaudit.report.parts.blocks import Answer, Group, Paragraph
from vaeaudit.report.parts.tables import Table
from vaeaudit.report.sections.duplicates import duplicates, lead
from vaeaudit.statistics.measures import Interval

CHANCES = {"made brighter and flatter": 1.0, "trimmed by 2 % on each side": 0.25}
PAIR = DuplicatePair(("a.png", "b.png"), (3, 7), exact=False, distance=0.125, splits=("train", "test"), differs=())
LEAK = Leak("test", "train", 50, 2, 1, 0.06, Interval(0.02, 0.16, 0.95), 3)


def section(results, **fields):
    return duplicates(
        replace(results, duplicates=Duplicates(**{"rows_in_groups": 0, "groups": 0, "largest": (), **fields}))
    )


def words(block):
    if isinstance(block, Group):
        return " ".join(map(words, block.blocks))
    return block.text if isinstance(block, (Answer, Paragraph)) else ""


def said(built):
    return " ".join([built.lead, *map(words, built.blocks)])


def tables(built):
    inside = [block for group in built.blocks if isinstance(group, Group) for block in group.blocks]
    return [block for block in (*built.blocks, *inside) if isinstance(block, Table)]


def test_nothing_found_is_good_news_only_where_copies_would_have_been_found(results):
    clear = section(results, searched=True, chances=CHANCES)
    assert clear.blocks[0] == Answer("No row occurs twice. No pair was found to be nearly equal.", "good")
    assert "25.0 % of copies trimmed by 2 % on each side" in said(clear)
    blind = section(results, searched=True, chances=dict.fromkeys(CHANCES, 0.1), look_alikes=40, basis="pixels")
    assert blind.blocks[0].tone == "unsure"
    assert "Copies can hardly be told from look-alikes here." in said(blind)
    assert "40 pictures are as near to another as a copy would be" in said(blind)
    unsearched = section(results)
    assert unsearched.blocks[0].tone == "unsure"
    assert "did not look for near duplicates" in said(unsearched)


def test_pairs_are_listed_with_their_distance_splits_and_columns(results):
    built = section(results, near_pairs=1, near_rows=2, searched=True, pairs=(PAIR,), splits={"train": 90, "test": 50})
    assert "1 further pair (2 rows) are nearly equal" in lead(
        Duplicates(0, 0, (), near_pairs=1, near_rows=2, searched=True)
    )
    (listed,) = [block for block in tables(built) if block.caption.startswith("Pairs")]
    assert listed.caption == "Pairs, those across splits first: 1 of 1"
    assert [column.title for column in listed.columns][-2:] == ["Splits", "Differs in"]
    assert listed.rows[0][:5] == ("a.png", "b.png", "near", "0.125", "train · test")


def test_leakage_is_answered_in_words_and_in_a_table(results):
    built = section(results, splits={"train": 90, "test": 50}, without_split=4, leakage=(LEAK,), searched=True)
    text = said(built)
    assert "Rows by split: train 90 and test 50. 4 rows without a split took no part." in text
    assert "1 pair of splits shares rows." in text
    (table,) = [block for block in tables(built) if block.caption.startswith("Each pair")]
    assert table.rows[0][:5] == ("test", "train", "50", "2", "1")


@pytest.mark.parametrize(
    ("leakage", "answer"),
    [
        ((replace(LEAK, exact=0, near=0, share=0.0),), "No row was found in more than one split."),
        ((), "Only one split holds rows: there is nothing to compare."),
    ],
)
def test_splits_without_leakage_say_so(results, leakage, answer):
    assert answer in said(section(results, splits={"train": 90}, leakage=leakage, searched=True, chances=CHANCES))


def test_pictures_are_called_pictures(results):
    built = section(
        results,
        rows_in_groups=4,
        groups=2,
        largest=(EqualRows("a.png", 2),),
        basis="pixels",
        searched=True,
        set_aside=1,
    )
    assert built.lead.startswith("4 pictures occur more than once, in 2 groups of pictures equal pixel for pixel.")
    assert "chance" not in built.lead
    assert "1 picture of nearly one colour took no part" in said(built)


def test_clusters_are_listed_with_the_row_that_is_kept_and_the_others_counted(results):
    cluster = CopyCluster("a", 4, 2, ("b", "c", "d"))
    built = section(
        results, rows_in_groups=2, groups=1, clusters=30, rows_to_drop=33, largest_clusters=(cluster,), searched=True
    )
    assert "33 rows would go if one of each of 30 clusters were kept; duplicates.csv lists them all." in said(built)
    (listed,) = [block for block in tables(built) if block.caption.startswith("The largest")]
    assert listed.caption == "The largest clusters of copies: 1 of 30"
    assert listed.rows[0][:4] == ("a", "4", "1", "2")
    assert listed.rows[0][4].items == ("b", "c", "d")


def test_of_a_coarse_table_it_is_said_that_all_rows_are_kept(results):
    built = section(results, rows_in_groups=90, groups=3, expected_pairs=400.0, coarse=True)
    assert "equal rows are no copies, and all are kept" in said(built)


def test_a_table_says_how_each_split_differs(results):
    age = Difference("age", "ks", 0.4, 1e-9, True, "up to 40: 20 % in test, 60 % in train")
    overlap = PeriodOverlap("day", "2020-03-01", "2020-03-09", 16)
    alike = SplitComparison("valid", "train", 200, 800, 9, (), 0, (), (), (), None)
    differing = replace(alike, split="test", columns=(age,), unseen_rows=3, overlaps=(overlap,))
    built = duplicates(replace(results, splits=(alike, differing)))
    (listed,) = [block for block in tables(built) if block.caption == "How the splits differ from train"]
    assert [row[:4] for row in listed.rows] == [("valid", "200", "0 of 9", "0"), ("test", "200", "1 of 9", "3")]
    assert listed.rows[1][4].items == (
        "age: up to 40: 20 % in test, 60 % in train",
        "day: begins 2020-03-01, 16 rows too late",
    )
