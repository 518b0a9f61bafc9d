"""What the section on how groups fare says and marks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vaeaudit.analysis.fairness.cleaning import NOTHING_CLEANED, Removal, measure_cleaning
from vaeaudit.analysis.fairness.group_views import Aspect, view_groups
from vaeaudit.analysis.grouping.groups import Grouping
from vaeaudit.config import AnalysisConfig
from vaeaudit.outputs.region_rules import Condition
from vaeaudit.report.parts.blocks import Figure
from vaeaudit.report.parts.tables import Badge, Lines, Table
from vaeaudit.report.sections.group_views import group_views

CONFIG = AnalysisConfig()
CODES = np.repeat([0, 1, 2], [100, 300, 5])
SEX = Grouping("sex", CODES, ("f", "m", "x"), tuple(Condition("sex", "in", [each]) for each in "fmx"), ordered=False)


def gone_of(female, male):
    rows = np.zeros(len(CODES), bool)
    rows[:female] = rows[100 : 100 + male] = True
    return rows


@pytest.fixture
def built(results):
    def build(rows, *, aspects=()):
        cleaning = measure_cleaning([SEX], [Removal("incomplete rows", "rows with a missing cell", rows)], CONFIG)
        return group_views(replace(results, group_views=view_groups([SEX], aspects, CONFIG), cleaning=cleaning))

    return build


def parts(section, kind):
    return [block for group in section.blocks for block in group.blocks if isinstance(block, kind)]


def test_without_a_sensitive_column_the_section_says_what_to_give(results):
    (answer,) = group_views(replace(results, group_views=(), cleaning=NOTHING_CLEANED)).blocks
    assert answer.text == "No group to follow: declare a sensitive column (--sensitive)."


def test_only_what_is_sure_is_marked(built):
    apart = np.where(CODES == 0, 1.0, 0.0) + np.random.default_rng(0).normal(size=len(CODES)) / 2
    noise = np.random.default_rng(1).normal(size=len(CODES))
    section = built(gone_of(0, 0), aspects=[Aspect("rarity", apart), Aspect("outlier rank", noise)])
    rows = parts(section, Table)[0].rows
    assert [row[0] for row in rows] == ["f", "m", "x"]
    assert isinstance(rows[0][2], str)  # the rank, by chance
    assert isinstance(rows[0][3], Badge)
    assert rows[0][3].word.endswith(" more")
    assert rows[2][2:] == ("too few rows", "too few rows")
    assert section.lead.startswith(
        "Of 4 comparisons of a group with all other rows, 1 shows that it surely and clearly"
    )


def test_the_lead_names_the_group_that_loses_most(built):
    lead = built(gone_of(30, 30)).lead
    assert (
        "would delete 60 rows of 405 (14.8 %), and hardest hit would be sex = f: 30.0 % [21.9, 39.6] of its 100" in lead
    )
    assert "of no group shown to lose clearly more than all others." in built(gone_of(10, 30)).lead
    assert built(gone_of(0, 0)).lead.endswith("The usual cleaning would delete no row.")


def test_the_table_has_the_shares_before_and_after(built):
    table = parts(built(gone_of(30, 30)), Table)[-1]
    female, _, other = table.rows
    assert [column.title for column in table.columns][2:4] == ["Incomplete", "All together"]
    assert female[2:] == (
        Badge("30.0 % more", "warn"),
        Lines(("30.0 %", "[21.9, 39.6] %")),
        "9.8 %",
        Lines(("24.7 %", "then 20.3 %")),
        Badge("loses more", "warn"),
    )
    assert other[-1] == Badge("too few rows to judge", "unsure")


def test_the_figure_has_a_dot_for_each_group_with_rows(built):
    (figure,) = parts(built(gone_of(30, 30)), Figure)
    assert sum(len(trace["x"]) for trace in figure.spec["data"]) == 3
    assert figure.sentence == (
        "Of the groups large enough to judge, sex = f would lose 30.0 % of its rows and sex = m 10.0 %."
    )
