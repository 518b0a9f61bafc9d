"""What falls short in generated rows, in plain words, the gravest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vaeaudit.analysis.generation.results import Beside, Closeness, Drawing, MadeColumn, Quality, RuleKept
from vaeaudit.analysis.generation.wishes import Wish
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import listed, plural

#: What measures are called.
NAMES = {
    "told_apart": "being told from real rows",
    "marginals": "distributions of columns",
    "associations": "pairs of columns",
    "utility": "what a model learns of the label",
}
_FEW = 4
#: Share of rows that break a rule as they are drawn, from which on it is said.
_MANY = 0.1
#: Held-out rows below which it is said that they are few.
_FEW_ROWS = 100


def shortcomings_of(
    wish: Wish,
    drawing: Drawing,
    *,
    rules: Sequence[RuleKept],
    columns: Sequence[MadeColumn],
    written: Closeness | None,
    quality: Quality | None,
) -> tuple[str, ...]:
    """Return what falls short, a sentence each; none where nothing does.

    Parameters
    ----------
    wish, drawing, rules, columns
        What was asked, and how it was met.
    written, quality
        Of the written rows, and of the model; None where they could not be told.
    """
    return (
        *_of_drawing(wish, drawing),
        *_of_privacy(quality, written),
        *_of_quality(quality),
        *_of_rules(drawing),
        *_of_rows(rules, columns, written),
    )


def _of_drawing(wish: Wish, drawing: Drawing) -> Iterator[str]:
    if drawing.written < wish.rows:
        yield (
            f"{numbers.count(drawing.written)} rows instead of {numbers.count(wish.rows)}: too few of those drawn met "
            "what was asked"
        )
    if drawing.searched:
        found = plural(drawing.rows_that_meet_it or 0, "row")
        meet = "meets" if drawing.rows_that_meet_it == 1 else "meet"
        yield (
            f"Only {numbers.share(drawing.met_share)} of the model's rows met what was asked; the others were drawn "
            f"around the {found} of the data that {meet} it: they vary no more than these do"
        )
    elif drawing.rows_that_meet_it == 0:
        yield "No row that the model learned from meets what was asked: these rows are what the model makes of others"
    if wish.like is not None:
        yield f"All rows are made from row {wish.like} and say what it is like: treat them as that row"


def _of_rules(drawing: Drawing) -> Iterator[str]:
    if drawing.broke_rules > _MANY:
        yield (
            f"The model does not know the rules of the table: {numbers.share(drawing.broke_rules)} of its rows broke "
            "one and were drawn anew, which shifts the columns that the rules speak of"
        )


def _of_privacy(quality: Quality | None, written: Closeness | None) -> Iterator[str]:
    near = quality.closeness if quality else written
    if near is None:
        yield "Too few rows were held out to tell whether these give away who was in the data"
        return
    low = near.membership.ci.low
    if low is not None and low > 0.5:
        yield (
            "Rows of the model give away who was in the data: an attack tells trained rows from held-out ones with AUC "
            f"{numbers.with_interval(near.membership.value, near.membership.ci, 'ratio')}"
        )
    if (near.nearer.ci.low or 0.0) > 0.5:
        yield (
            "Rows of the model lie nearer to rows that the model learned from than held-out rows do: "
            f"{numbers.with_interval(near.nearer.value, near.nearer.ci, 'ratio')} where 0.50 would be as near"
        )


def _of_quality(quality: Quality | None) -> Iterator[str]:
    if quality is None:
        return
    if quality.held_out < _FEW_ROWS:
        yield f"Only {quality.held_out} rows were held out to compare with: only large differences can be told"
    told = [each for each in quality.measures if each.better is not None]
    lost = [NAMES[each.name] for each in told if each.better == "trees"]
    if lost:
        yield (f"A decision tree per column (CART) is better on {len(lost)} of {len(told)} measures: {listed(lost)}")
    apart = quality.measures[0].model
    if (apart.ci.low or 0.0) > 0.5:
        yield (
            f"Rows of the model are told from real ones: AUC {numbers.with_interval(apart.value, apart.ci, 'ratio')}, "
            "where 0.50 is none"
        )
    pairs = quality.unseen_pairs
    if pairs is not None and pairs.most_often and (pairs.model.ci.low or 0.0) > (pairs.held_out.ci.high or 1.0):
        yield (
            f"{numbers.with_interval(pairs.model.value, pairs.model.ci, 'share')} of the model's rows have a pair of "
            f"levels that no row has which it learned from, most often of {listed(pairs.most_often)}; of held-out rows "
            f"{numbers.with_interval(pairs.held_out.value, pairs.held_out.ci, 'share')}"
        )
    yield from (_of_learning(each) for each in quality.measures if each.name == "utility" and _is_lower(each))
    far = [column for column in quality.worst_columns if column.off > 0.1 and column.off > 2 * column.real]
    if far:
        named = [f"{column.column} ({numbers.ratio(column.off)})" for column in far[:_FEW]]
        yield f"Columns whose distribution is off by more than 0.1: {listed(named)}"


def _is_lower(utility: Beside) -> bool:
    return (utility.model.ci.high or 1.0) < utility.real.value


def _of_learning(utility: Beside) -> str:
    return (
        "What learns the label from rows of the model learns less: "
        f"{numbers.with_interval(utility.model.value, utility.model.ci, 'ratio')} on held-out rows, "
        f"{numbers.with_interval(utility.real.value, utility.real.ci, 'ratio')} from as many real ones"
    )


def _of_rows(rules: Sequence[RuleKept], columns: Sequence[MadeColumn], written: Closeness | None) -> Iterator[str]:
    if written is not None and (written.outside.ci.low or 0.0) > 0.05:
        yield (
            f"{numbers.with_interval(written.outside.value, written.outside.ci, 'share')} of them lie farther from the "
            "data than 95 % of held-out rows do"
        )
    broken = [rule for rule in rules if rule.written_broke]
    if broken:
        most = max(broken, key=lambda rule: rule.written_broke)
        yield (
            f"{plural(len(broken), 'rule')} of the table {'is' if len(broken) == 1 else 'are'} broken in some rows, "
            f"most often (in {numbers.count(most.written_broke)}): {most.statement}"
        )
    empty = [column.name for column in columns if column.how == "empty"]
    if empty:
        yield f"Left empty: {listed(empty, most=_FEW)}"
