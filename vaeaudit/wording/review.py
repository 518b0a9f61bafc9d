"""What readers' judgements say of a list, in words, from plain values as `report.json` has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vaeaudit.outputs.judgements import LISTS, ListName, Verdict
from vaeaudit.outputs.region_rules import Condition
from vaeaudit.wording import numbers, phrases
from vaeaudit.wording.rules import describe


@dataclass(frozen=True)
class _Words:
    """How a list's things are asked about and told of.

    `question`, and key -> verdict and what it means; what things are judged to be where the list is right about them
    (`wrong`) and where not (`sound`); what `share` of the list that is.
    """

    question: str
    keys: Mapping[str, tuple[Verdict, str]]
    wrong: str = "wrong"
    sound: str = "sound"
    share: str = ""


_KEYS: Mapping[str, tuple[Verdict, str]] = {"s": ("sound", "sound"), "w": ("wrong", "wrong (cannot be so)")}
_WORDS: Mapping[ListName, _Words] = {
    "rows": _Words("Does it belong?", _KEYS, share="so much of the list is wrong"),
    "cells": _Words("Is the cell right?", _KEYS, share="so many of these cells are wrong"),
    "labels": _Words("Is the label right?", _KEYS, share="so many of these labels are wrong"),
    "copies": _Words(
        "Are they the same thing?",
        {"c": ("copy", "a copy"), "a": ("apart", "apart, two of their own")},
        wrong="to be copies",
        sound="to be two of their own",
        share="so many of these pairs are copies",
    ),
    "regions": _Words(
        "Are rows missing here?",
        {
            "m": ("missing", "missing"),
            "c": ("cannot exist", "such rows cannot exist"),
            "w": ("so in the world", "so few are there in the world"),
        },
        wrong="to lack rows",
        sound="to be no gap (where most say so, the finding is set aside)",
    ),
}


def question_about(of: ListName) -> tuple[str, Mapping[str, tuple[Verdict, str]]]:
    """Return what is asked of the things of a list, and key -> verdict and what it means.

    Parameters
    ----------
    of
        The list.
    """
    return _WORDS[of].question, _WORDS[of].keys


def what_is_asked(of: ListName) -> tuple[str, tuple[Verdict, ...]]:
    """Return what a thing of a list is called, and what can be judged of it.

    Parameters
    ----------
    of
        The list.
    """
    return LISTS[of].thing, LISTS[of].verdicts


def review_in_words(review: Mapping[str, Any]) -> list[str]:
    """Return sentences: what was judged, how right the list is down to each place, what the wrong rows share.

    Parameters
    ----------
    review
        `outliers.review` of `report.json`, or one of `reviews`.
    """
    thing, words = LISTS[review["of"]].thing, _WORDS[review["of"]]
    if not review["judgements"]:
        return [_outdated(review["outdated"], thing)]
    said = (
        f"{phrases.listed([phrases.name(reader) for reader in review['readers']])} judged: "
        f"{phrases.plural(review['wrong'], thing)} {words.wrong}, {numbers.count(review['sound'])} {words.sound}."
    )
    if review["contradicted"]:
        said += f" Readers contradict each other on {phrases.plural(review['contradicted'], thing)}; all are weighed."
    lines = [said, *([_outdated(review["outdated"], thing)] if review["outdated"] else [])]
    if review["precision"]:
        lines.append(_precision(review, words))
    return [*lines, *([_common(review["common"])] if review.get("common") else [])]


def _precision(review: Mapping[str, Any], words: _Words) -> str:
    shares = [
        f"{numbers.share(at['share'])} of the first {numbers.count(at['k'])} "
        f"({numbers.share(at['ci']['low'])} to {numbers.share(at['ci']['high'])})"
        for at in review["precision"]
    ]
    return (
        f"By these judgements, of which {numbers.rate(review['mistaken'])} may be mistaken, {words.share}: "
        f"{'; '.join(shares)} (in brackets {numbers.rate(review['precision'][0]['ci']['level'])} intervals)."
    )


def _outdated(amount: int, thing: str) -> str:
    return f"{phrases.plural(amount, 'judgement')} of {thing}s that are not in this run as they were: judge them again."


def _common(common: Mapping[str, Any]) -> str:
    condition = common["condition"]
    rule = (
        f"the first reason is {phrases.name(common['reason'])}"
        if condition is None
        else describe([Condition(condition["column"], condition["op"], condition["value"])], cut=True)
    )
    return (
        f"What rows judged wrong have in common: {rule}, in {common['wrong']} of {common['n_wrong']} judged wrong and "
        f"{common['sound']} of {common['n_sound']} judged sound (p = {numbers.p_value(common['p_adjusted'])} over all "
        f"conditions tried); it holds for {phrases.plural(common['rows'], 'row')} in all."
    )
