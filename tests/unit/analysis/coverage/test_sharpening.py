from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from vaeaudit.analysis.coverage.axes import fine_axes
from vaeaudit.analysis.coverage.sharpening import ScanRows, sharpen
from vaeaudit.analysis.coverage.shortages import MAX_MERGED_LEVELS, MOST_CONDITIONS
from vaeaudit.data.schema.columns import Kind

Make = Callable[..., ScanRows]


@pytest.fixture
def thinned(build: Callable[..., Any]) -> Make:
    """`thinned(gap)`: two tables of x (0 to 49) and level (a to j), and noise; the first lacks most rows of a gap."""

    def made(gap: Callable[[np.ndarray, np.ndarray], np.ndarray], latents: frozenset[str] = frozenset()) -> ScanRows:
        rng = np.random.default_rng(0)
        x, level = rng.integers(0, 50, 20_000), rng.choice(list("abcdefghij"), 20_000)
        audited = rng.random(20_000) < 0.5
        kept = ~(audited & gap(x, level) & (rng.random(20_000) < 0.9))
        columns = {"x": (x[kept].astype(float), Kind.COUNT), "level": (level[kept], Kind.CATEGORY),
                   "noise": (rng.normal(size=int(kept.sum())), Kind.REAL)}  # fmt: skip
        inputs = build(columns, np.zeros((int(kept.sum()), 1)))
        axes = fine_axes(inputs.frame, inputs.schema)
        return ScanRows(axes, audited[kept], np.ones(int(kept.sum()), dtype=bool), latents)

    return made


def told(rows: ScanRows, groups: dict[int, np.ndarray]) -> dict[str, Any]:
    return {rows.axes[axis].column: rows.axes[axis].condition(chosen).value for axis, chosen in groups.items()}


def start(rows: ScanRows, column: str) -> dict[int, np.ndarray]:
    """A cell that is roughly right on one column."""
    (axis,) = (place for place, axis in enumerate(rows.axes) if axis.column == column)
    pooled = rows.axes[axis].many
    return {axis: pooled.sets[len(pooled.sets) // 3] @ pooled.members}


@pytest.mark.parametrize("column", ["x", "level"])
def test_from_a_rough_start_on_either_column_the_exact_edges_and_levels_are_found(thinned: Make, column: str) -> None:
    rows = thinned(lambda x, level: (x >= 13) & (x < 22) & np.isin(level, ["b", "g"]))
    found = sharpen(start(rows, column), rows)
    values = told(rows, found.groups)
    assert values["x"] == [13.0, 22.0]
    assert sorted(values["level"]) == ["b", "g"]
    assert set(values) == {"x", "level"}
    assert found.tried > 100


def test_a_condition_that_says_nothing_is_dropped(thinned: Make) -> None:
    rows = thinned(lambda x, level: (x >= 30) & (level >= "a"))
    assert told(rows, sharpen(start(rows, "level"), rows).groups) == {"x": [30.0, None]}


def test_no_more_levels_are_named_than_can_be_read(thinned: Make) -> None:
    rows = thinned(lambda x, level: np.isin(level, list("abcdefg")) & (x < 40))
    found = sharpen(start(rows, "x"), rows)
    assert len(found.groups) <= MOST_CONDITIONS
    assert len(told(rows, found.groups)["level"]) == MAX_MERGED_LEVELS


def test_rows_that_are_left_out_are_counted_no_longer(thinned: Make) -> None:
    rows = thinned(lambda x, level: x < 10)
    inside = rows.inside(sharpen(start(rows, "x"), rows).groups)
    rest = rows.without(inside)
    assert rest.n_audited + rest.n_reference == np.count_nonzero(~inside)
    assert float(rest.count(inside).observed) == 0


def test_a_condition_on_a_latent_costs_more(thinned: Make) -> None:
    def gap(x: np.ndarray, level: np.ndarray) -> np.ndarray:
        return np.asarray((x < 10) & (level == "c"))

    plain, dear = thinned(gap), thinned(gap, frozenset({"x"}))
    begin = start(plain, "x")
    assert sharpen(begin, dear).score < sharpen(begin, plain).score
