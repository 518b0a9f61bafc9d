"""Names, lists, rules and reasons in words: the pieces that sentences and tables are made of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from vaeaudit.analysis.conditions import Condition
from vaeaudit.analysis.results.latents import Explains, ModelSummary
from vaeaudit.analysis.results.outliers import Reason
from vaeaudit.analysis.rules import describe
from vaeaudit.report import numbers

#: Names and values of the data are cut at this length in sentences and tables; `report.json` holds them whole.
LONGEST_NAME = 60
#: Levels of a condition that are named on the page; `report.json` lists them all.
MOST_LEVELS = 6

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


def clean(text: str) -> str:
    """Drop what no reader could see: control characters, direction overrides, zero-width marks, lone surrogates."""
    return _INVISIBLE.sub("", text)


def shorten(text: str, length: int) -> str:
    """Cut long text, with an ellipsis.

    Examples
    --------
    >>> shorten("Married-civ-spouse", 10)
    'Married-c…'
    """
    one_line = " ".join(clean(text).split())
    return one_line if len(one_line) <= length else one_line[: length - 1].rstrip() + "…"


def name(text: str) -> str:
    """Return a name or value of the data, cut to a readable length; never empty."""
    return shorten(text, LONGEST_NAME) or "(empty)"


def listed(items: Sequence[str], *, most: int = 3, last: str = "and") -> str:
    """Join items as a sentence does, with the number of those left out.

    Examples
    --------
    >>> listed(["a", "b", "c"]), listed(["a", "b", "c", "d", "e"])
    ('a, b and c', 'a, b, c and 2 more')
    """
    shown = list(items[:most])
    if len(items) > most:
        shown.append(f"{len(items) - most} more")
    return shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + f" {last} " + shown[-1] if shown else "none"


def rule_in_words(rule: Sequence[Condition]) -> str:
    """Put a rule into the words of the findings, with names that a person can read and no more levels than fit.

    Examples
    --------
    >>> rule_in_words([Condition("age", "between", [15.0, 20.0]), Condition("sex", "in", ["Female"])])
    'age is from 15 to below 20 and sex is Female'
    """
    return describe(tuple(_readable(condition) for condition in rule))


def group_name(attributes: Sequence[str], group: Sequence[str]) -> str:
    """Name a cell of one attribute by its level, a cell of several by all its levels."""
    return " · ".join(name(level) for level in group) if attributes else "all rows"


def reason(why: Reason) -> str:
    """Say why a cell is atypical: its value, the cell it contradicts, what was expected, and how surprising it is.

    Examples
    --------
    >>> reason(Reason("age", 6.12, "17", "46 to 51", "years_of_work", "30"))
    'age is 17 with years_of_work 30, expected 46 to 51 (6.12 nats)'
    """
    beside = f" with {name(why.partner)} {name(why.partner_value)}" if why.partner else ""
    expected = f", expected {name(why.expected)}" if why.expected else ""
    return f"{name(why.column)} is {name(why.value)}{beside}{expected} ({numbers.number(why.nats)} nats)"


def explains(cause: Explains) -> str:
    """Say how a latent moves with a column, to follow "Latent 2"."""
    column, way = name(cause.column), cause.direction
    if way == "rises":
        return f"rises with {column}"
    if way == "falls":
        return f"falls as {column} rises"
    if way.startswith("from "):
        return f"runs {shorten(way, 2 * LONGEST_NAME)} in {column}"
    if way.endswith("in the middle"):
        return f"is {way} of {column}"
    if way.endswith("where missing"):
        return f"is {way.removesuffix('missing')}{column} is missing"
    return f"goes with {column} ({shorten(way, LONGEST_NAME)})"


def moment(iso: str) -> str:
    """Write an ISO 8601 time for people; other text is returned as it is.

    Examples
    --------
    >>> moment("2026-05-04T09:30:12+00:00")
    '4 May 2026, 09:30 UTC'
    """
    try:
        when = datetime.fromisoformat(iso)
    except ValueError:
        return shorten(iso, LONGEST_NAME)
    zone = f" {when.tzname()}" if when.tzinfo else ""
    return f"{when.day} {when:%B %Y, %H:%M}{zone}"


def _readable(condition: Condition) -> Condition:
    """Shorten the names in a condition; bounds stay in full, for a rule must be applicable as it is read."""
    value = condition.value
    if condition.op == "in":
        value = [name(str(level)) for level in value[:MOST_LEVELS]]
        if len(condition.value) > MOST_LEVELS:
            value.append(f"{len(condition.value) - MOST_LEVELS} more")
    return replace(condition, column=name(condition.column), value=value)


_DENSITIES = {"gmm": "a Gaussian mixture", "knn": "kernels around rows", "flow": "an autoregressive flow"}
_RARITIES = {
    "joint": "the joint density of the latents in use",
    "dbvae-product": "the product over latents of DB-VAE's single histograms, which holds them for independent",
    "dbvae-max": "the maximum over latents of DB-VAE's single histograms, which holds them for independent",
}


def rarity_sentence(model: ModelSummary) -> str:
    """Say what rarity and weights are made from and how well; nothing for a run that did not keep it."""
    density, weights = model.density, model.weights
    if density is None or weights is None:
        return ""
    parts = [f"How rare a row is follows {_RARITIES[weights.kind]}."]
    if weights.kind == "joint":
        nats = {name: value for name, value in density.held_out_nats.items() if value is not None}
        others = [f"{numbers.ratio(nats[name])} by {_DENSITIES[name]}" for name in nats if name != density.family]
        compared = f", against {' and '.join(others)}" if others else ""
        parts.append(
            f"It is estimated by {_DENSITIES[density.family]}: {numbers.ratio(nats[density.family])} nats per row on "
            f"{numbers.plural(density.n_held_out, 'held-out row')}{compared}."
        )
    parts.append(
        f"Weighted by it, the {numbers.plural(weights.n, 'row')} are worth "
        f"{numbers.plural(round(weights.effective_sample_size), 'equally weighted row')}."
    )
    return " ".join(parts)
