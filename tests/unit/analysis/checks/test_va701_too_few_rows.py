from __future__ import annotations

from vaeaudit.analysis.checks.va701_too_few_rows import CHECK, FEWEST_ROWS
from vaeaudit.data.dataset import RowAccounting


def test_too_few_rows_are_inconclusive_and_the_fewest_are_enough(seen_of):
    few, enough = (CHECK.ask(seen_of(rows=RowAccounting(n, n, 0, 0))) for n in (FEWEST_ROWS - 1, FEWEST_ROWS))
    assert (few.state, few.tested) == ("inconclusive", FEWEST_ROWS - 1)
    assert few.why == f"With {FEWEST_ROWS - 1} rows there are too few to tell."
    assert (enough.state, enough.tested) == ("passed", FEWEST_ROWS)


def test_rows_that_were_left_out_do_not_count(seen_of):
    assert CHECK.ask(seen_of(rows=RowAccounting(1_000, 100, 900, 0))).state == "inconclusive"
