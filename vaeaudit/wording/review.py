"""What readers' judgements say of the list of atypical rows, in words, from plain values as `report.json` has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vaeaudit.outputs.region_rules import Condition
from vaeaudit.wording import numbers, phrases
from vaeaudit.wording.rules import describe


def review_in_words(review: Mapping[str, Any]) -> list[str]:
    """Return sentences: what was judged, how right the list is down to each place, what the wrong rows share.

    Parameters
    ----------
    review
        `outliers.review` of `report.json`.
    """
    if not review["judgements"]:
        return [_outdated(review["outdated"])]
    said = (
        f"{phrases.listed([phrases.name(reader) for reader in review['readers']])} judged: "
        f"{phrases.plural(review['wrong'], 'row')} wrong, {numbers.count(review['sound'])} sound."
    )
    if review["contradicted"]:
        said += f" Readers contradict each other on {phrases.plural(review['contradicted'], 'row')}; all are weighed."
    lines = [said, *([_outdated(review["outdated"])] if review["outdated"] else [])]
    shares = [
        f"{numbers.share(at['share'])} of the first {numbers.count(at['k'])} "
        f"({numbers.share(at['ci']['low'])} to {numbers.share(at['ci']['high'])})"
        for at in review["precision"]
    ]
    lines.append(
        f"By these judgements, of which {numbers.rate(review['mistaken'])} may be mistaken, so much of the list is "
        f"wrong: {'; '.join(shares)} (in brackets {numbers.rate(review['precision'][0]['ci']['level'])} intervals)."
    )
    return [*lines, *([_common(review["common"])] if review["common"] else [])]


def _outdated(amount: int) -> str:
    return f"{phrases.plural(amount, 'judgement')} of rows that are not in this run as they were: judge them again."


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
