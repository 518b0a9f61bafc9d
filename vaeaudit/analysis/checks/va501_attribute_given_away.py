"""Sensitive attributes that columns or latents give away beyond chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from vaeaudit.analysis.checks.base import Answer, Check, Need, Seen, answered
from vaeaudit.analysis.conclusions import LISTED, Finding, subject
from vaeaudit.analysis.fairness.proxies import CLEAR_PROXY_AUC, OPEN_PROXY_AUC, PROXY_AUC, Proxy
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import listed

CODE: Final = "VA501"
KIND: Final = "proxy"
#: Whether the data is made of pictures, and what an attribute is predicted from -> in words.
_SOURCES = {
    (False, "columns"): "The columns",
    (False, "latents"): "The latents",
    (True, "columns"): "Measures of light, colour, sharpness and place",
    (True, "latents"): "The latents",
}


def ask(seen: Seen) -> Answer:
    """Tell one finding per attribute; the columns of pictures are those that were computed from them."""
    proxies = seen.measured.proxies
    if not proxies:
        return Answer("inconclusive", "No sensitive attribute has two groups large enough to tell apart.", 0)
    attributes = len({proxy.attribute for proxy in proxies})
    return answered(
        _findings(proxies, of_pictures=seen.of_pictures),
        f"Nothing gives {'it' if attributes == 1 else f'any of {attributes} attributes'} away beyond an AUC of "
        f"{numbers.ratio(PROXY_AUC)}. A more flexible model may find more.",
        tested=len(proxies),
    )


def _findings(proxies: Sequence[Proxy], *, of_pictures: bool) -> Iterator[Finding]:
    for _, members in groupby(proxies, key=lambda proxy: proxy.attribute):
        found = list(members)
        beyond_noise = [proxy for proxy in found if proxy.null_auc is None or proxy.auc > proxy.null_auc]
        telling = [proxy for proxy in beyond_noise if (proxy.ci.low or 0.0) > PROXY_AUC]
        if telling:
            yield _finding(found, max(telling, key=lambda proxy: proxy.auc), of_pictures=of_pictures)


def _finding(found: Sequence[Proxy], best: Proxy, *, of_pictures: bool) -> Finding:
    low, attribute = best.ci.low or 0.0, best.attribute
    strongest = [(name, auc) for proxy in found for name, auc in proxy.by_column.items() if auc >= PROXY_AUC]
    named = [f"{name} (alone {numbers.ratio(auc)})" for name, auc in strongest]
    from_columns = any(proxy.from_ == "columns" for proxy in found)
    alone = f", though no single {'measure' if of_pictures else 'column'} does" if from_columns else ""
    by = f", above all {listed(named)}" if named else alone
    return Finding(
        code=CODE,
        subject=subject(attribute),
        kind=KIND,
        severity="high" if low > OPEN_PROXY_AUC else "medium" if low > CLEAR_PROXY_AUC else "low",
        title=(
            f"{_SOURCES[of_pictures, best.from_]} give {attribute} away: "
            f"AUC {numbers.with_interval(best.auc, best.ci, 'ratio')}{by}"
        ),
        evidence={
            "auc": {proxy.from_: proxy.auc for proxy in found},
            "ci": best.ci.bounds,
            "null_auc": best.null_auc,
            "by_column": dict(strongest[:LISTED]),
        },
        action=(
            f"Leaving {attribute} out does not make a model blind to it: test errors per group, and ask whether "
            f"{listed([name for name, _ in strongest] or ['these columns'])} must be used."
            if from_columns and not of_pictures
            else f"A model trained on these pictures can tell {attribute} from them: test errors per group."
        ),
        anchor="proxies",
    )


CHECK = Check(
    CODE,
    "attribute-given-away",
    "Is every sensitive attribute hidden from a model that is not given it?",
    KIND,
    ask,
    needs=(Need.SENSITIVE,),
)
