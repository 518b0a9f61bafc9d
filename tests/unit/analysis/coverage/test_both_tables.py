"""What only one of two tables holds is told apart from what is missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from vaeaudit.analysis.coverage.against_reference import against_reference
from vaeaudit.analysis.coverage.both_tables import both_tables, coded, common_schema
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Column, Kind, Schema

CONFIG = AnalysisConfig()


def levels(*values: str | None, known: tuple[str, ...] | None = None) -> pd.Series:
    met = dict.fromkeys(value for value in values if value is not None)
    return pd.Series(pd.Categorical(values, categories=pd.Index(known or tuple(met), dtype=object)))


def category(*known: str) -> Schema:
    return Schema((Column("job", Kind.CATEGORY, levels=known),))


def test_a_level_that_one_side_lacks_is_a_level_and_not_missing():
    here, there = (pd.DataFrame({"job": levels(*values)}) for values in (("a", "b", None), ("b", "c")))
    stacked, schema = both_tables(here, there, category("a", "b"))
    assert schema["job"].levels == ("a", "b", "c")
    assert stacked["job"].astype(object).tolist()[:2] == ["a", "b"]
    assert stacked["job"].isna().tolist() == [False, False, True, False, False]
    assert stacked["job"].iloc[-1] == "c"


def test_the_coding_is_the_same_whichever_side_is_audited():
    here, there = (pd.DataFrame({"job": levels(*values)}) for values in (("a", "b", "b"), ("c", "b", "d")))
    one, first = both_tables(here, there, category("a", "b"))
    other, second = both_tables(there, here, category("c", "b", "d"))
    assert set(first["job"].levels) == set(second["job"].levels)
    assert one["job"].tolist() == [*other["job"].tolist()[3:], *other["job"].tolist()[:3]]


def test_an_order_that_lacks_a_level_is_none_and_a_constant_of_one_side_is_a_category():
    schema = Schema(
        (
            Column("size", Kind.ORDINAL, levels=("s", "m")),
            Column("sex", Kind.CONSTANT, in_model=False),
        )
    )
    here = pd.DataFrame({"size": levels("s", "m"), "sex": pd.Series(["M", "M"], dtype=object)})
    there = pd.DataFrame({"size": levels("m", "l", known=("s", "m", "l")), "sex": pd.Series(["F", "M"], dtype=object)})
    stacked, common = both_tables(here, there, schema)
    assert [column.kind for column in common] == [Kind.CATEGORY, Kind.CATEGORY]
    assert common["size"].levels == ("s", "m", "l")
    assert stacked["sex"].tolist() == ["M", "M", "F", "M"]
    assert common_schema(schema, here) == schema
    assert coded(here, schema)["size"].tolist() == ["s", "m"]


def test_people_whom_the_audited_table_lacks_altogether_are_the_first_gap():
    rng = np.random.default_rng(0)
    there = pd.DataFrame(
        {"sex": rng.choice(["F", "M"], 1_000).astype(object), "age": rng.integers(18, 80, 1_000) * 1.0}
    )
    here = pd.DataFrame({"sex": np.full(1_000, "M", object), "age": rng.integers(18, 80, 1_000) * 1.0})
    schema = Schema((Column("sex", Kind.CONSTANT, in_model=False), Column("age", Kind.COUNT)))
    first, *_ = against_reference(here, there, schema, CONFIG).shortages
    assert [(condition.column, condition.value) for condition in first.rule] == [("sex", ["F"])]
    assert first.observed == 0


@pytest.mark.parametrize("seed", range(4))
def test_halves_of_a_column_of_hundreds_of_levels_have_no_gap(seed):
    rng = np.random.default_rng(seed)
    shares = 1 / np.arange(1, 301)
    job = rng.choice(300, 4_000, p=shares / shares.sum()).astype(str).astype(object)
    frame = pd.DataFrame(
        {"job": job, "x": rng.normal(size=4_000), "group": rng.choice(["a", "b"], 4_000).astype(object)}
    )
    half = rng.random(4_000) < 0.5
    here, there = frame[half].reset_index(drop=True), frame[~half].reset_index(drop=True)
    schema = Schema(
        (
            Column("job", Kind.CATEGORY, levels=tuple(pd.unique(here["job"]))),
            Column("x", Kind.REAL),
            Column("group", Kind.CATEGORY, levels=("a", "b")),
        )
    )
    for side in (here, there):
        for name in ("job", "group"):
            known = schema[name].levels
            more = tuple(level for level in pd.unique(side[name]) if level not in known)
            side[name] = pd.Categorical(side[name], categories=pd.Index([*known, *more], dtype=object))
    assert against_reference(here, there, schema, CONFIG).shortages == ()


def test_rows_that_are_not_sought_among_are_counted_all_the_same():
    rng = np.random.default_rng(0)
    there = pd.DataFrame({"age": rng.uniform(0, 100, 4_000), "x": rng.normal(size=4_000)})
    here = there.sample(2_000, random_state=1).reset_index(drop=True)
    gap = (here["age"] < 20).to_numpy() & (rng.random(2_000) < 0.95)
    here = here[~gap].reset_index(drop=True)
    counted = np.ones(len(here), bool)
    counted[np.flatnonzero(here["age"] < 20)[:5]] = False
    schema = Schema((Column("age", Kind.REAL), Column("x", Kind.REAL)))
    sides = counted, np.ones(len(there), bool)
    first, *_ = against_reference(here, there, schema, CONFIG, counted=sides).shortages
    low, high = first.rule[0].value
    inside = (here["age"] >= (low or -np.inf)) & (here["age"] < high)
    assert first.observed == inside.sum()
    expected = ((there["age"] >= (low or -np.inf)) & (there["age"] < high)).mean() * len(here)
    assert first.expected == pytest.approx(expected)
