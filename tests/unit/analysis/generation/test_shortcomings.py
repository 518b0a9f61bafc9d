"""What falls short is said, and only that."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vaeaudit.analysis.generation.results import (
    Beside,
    Closeness,
    ColumnOff,
    Drawing,
    Figure,
    MadeColumn,
    Quality,
    UnseenPairs,
)
from vaeaudit.analysis.generation.shortcomings import shortcomings_of
from vaeaudit.analysis.generation.wishes import Wish
from vaeaudit.config import LatentSource
from vaeaudit.statistics.measures import Interval

WISH = Wish(100, 0, LatentSource.MIXTURE, None, (), (), None)
DRAWN = Drawing(100, 100, 1.0, Interval(0.96, 1.0, 0.95), 0.0, 100, searched=False, rows_that_meet_it=None)


def figure(value, half=0.02):
    return Figure(value, Interval(max(value - half, 0), min(value + half, 1), 0.95), half / 2)


GOOD = Closeness(100, 500, 100, figure(0.05), figure(0.5), 0.0, 0.0, figure(0.5))
APART = Beside("told_apart", figure(0.51), figure(0.5), figure(0.5), "too close to tell")
PAIRS = UnseenPairs(3, figure(0.01), figure(0.01), figure(0.01), ("sex", "role"))
SOUND = Quality(100, 100, 0.95, "columns", (APART,), (ColumnOff("age", 0.05, 0.04),), (), GOOD, GOOD, PAIRS)


def said(*, wish=WISH, drawing=DRAWN, rules=(), columns=(), written=GOOD, quality=SOUND):
    return " | ".join(shortcomings_of(wish, drawing, rules=rules, columns=columns, written=written, quality=quality))


def test_where_nothing_falls_short_nothing_is_said():
    assert said() == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"drawing": replace(DRAWN, written=20)}, "20 rows instead of 100"),
        ({"drawing": replace(DRAWN, searched=True, rows_that_meet_it=3)}, "drawn around the 3 rows of the data"),
        ({"drawing": replace(DRAWN, rows_that_meet_it=0)}, "No row that the model learned from meets"),
        ({"drawing": replace(DRAWN, broke_rules=0.4)}, "40.0 % of its rows broke one"),
        ({"wish": replace(WISH, like="7")}, "made from row 7"),
        ({"quality": replace(SOUND, closeness=replace(GOOD, membership=figure(0.7)))}, "give away who was in the data"),
        ({"quality": replace(SOUND, closeness=replace(GOOD, nearer=figure(0.9)))}, "lie nearer to rows"),
        (
            {"quality": replace(SOUND, unseen_pairs=replace(PAIRS, model=figure(0.1)))},
            "10.0 % [8.0, 12.0] of the model's rows have a pair of levels that no row has which it learned from, most "
            "often of sex and role; of held-out rows 1.0 %",
        ),
        ({"written": replace(GOOD, outside=figure(0.4))}, "lie farther from the data"),
        ({"quality": replace(SOUND, held_out=34)}, "Only 34 rows were held out"),
        ({"quality": None, "written": None}, "Too few rows were held out"),
        ({"columns": (MadeColumn("id", "empty", "it names rows"),)}, "Left empty: id"),
    ],
)
def test_each_shortcoming_is_said(change, words):
    assert words in said(**change)


def test_the_trees_are_named_where_they_are_better():
    lost = Beside("told_apart", figure(0.9), figure(0.5), figure(0.5), "trees")
    utility = Beside("utility", figure(0.6), figure(0.8), figure(0.85), "trees")
    same = Beside("marginals", figure(0.05), figure(0.05), figure(0.05), "too close to tell")
    text = said(quality=replace(SOUND, measures=(lost, same, utility)))
    assert "(CART) is better on 2 of 3 measures" in text
    assert "told from real ones: AUC 0.90" in text
    assert "learns less: 0.60" in text
