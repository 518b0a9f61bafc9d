from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaeaudit.statistics.dependence import above_by_chance, foretold_by_mode, grain, out_of_order, steps

CODES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=25)


def most_frequent(levels):
    held = Counter(levels)
    return [level for level, rows in held.items() if rows == max(held.values())]


@given(CODES)
def test_a_row_is_foretold_by_the_most_frequent_level_of_the_others(rows):
    found = foretold_by_mode(*np.array(rows).T)
    counted, errors, wrong = [], [], []
    for place, (given_, told) in enumerate(rows):
        alike = [other for other, (level, _) in enumerate(rows) if level == given_]
        if len(alike) > 1:
            counted.append(place)
            errors += [place] if most_frequent(rows[other][1] for other in alike if other != place) != [told] else []
            wrong += [place] if most_frequent(rows[other][1] for other in alike) != [told] else []
    levels = Counter(rows[place][1] for place in counted)
    assert (found.counted, np.flatnonzero(found.wrong).tolist()) == (len(counted), wrong)
    assert (found.errors, found.guessing) == (len(errors), len(counted) - max(levels.values(), default=0))


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=8))
def test_the_fewest_rows_are_out_of_order(rows):
    def in_order(kept):
        kept = sorted(kept)
        return all(one[1] <= other[1] for one, other in combinations(kept, 2))

    wrong = out_of_order(*np.array(rows, dtype=float).T)
    assert in_order([row for row, out in zip(rows, wrong, strict=True) if not out])
    longest = max(size for size in range(len(rows) + 1) if any(in_order(kept) for kept in combinations(rows, size)))
    assert int((~wrong).sum()) == longest


def test_steps_begin_where_the_level_changes_and_exceptions_make_none():
    given_ = np.arange(60)
    told = np.select([given_ < 20, given_ < 45], [2, 0], 1)
    told[[5, 30]] = 1
    starts, levels = steps(given_, told, smallest=5, most=3)
    assert (starts.tolist(), levels.tolist()) == ([0, 20, 45], [2, 0, 1])
    assert steps(given_, told, smallest=5, most=2) is None
    assert steps(given_, told, smallest=1, most=3) is None


@given(st.lists(st.integers(0, 9), min_size=1, max_size=12), st.lists(st.integers(0, 9), min_size=1, max_size=12))
def test_chance_breaks_an_order_as_often_as_all_pairs_do(first, second):
    pairs = np.mean([one > other for one in first for other in second])
    assert above_by_chance(np.array(first, float), np.array(second, float)) == pytest.approx(pairs)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.0, 200.0], 1.0),
        ([0.1 + 0.2, 7.0], 0.1),
        ([1.25], 0.01),
        ([np.pi * 100], np.pi * 1e-4),
        ([3e-8, 5e-8], 5e-14),
    ],
)
def test_the_grain_is_the_last_printed_digit_or_what_a_computed_number_is_exact_to(values, expected):
    assert grain(np.array(values)) == pytest.approx(expected)
