"""Sentences about rows that do not belong: how many, from whom they would be taken, and what other detectors say."""

from __future__ import annotations

from collections.abc import Sequence

from vaeaudit.analysis.results.measures import Interval
from vaeaudit.analysis.results.outliers import Agreement, AnyOutlierRate, Companion, OutlierSummary, ScoreCurve
from vaeaudit.analysis.wording import group_text
from vaeaudit.report import numbers
from vaeaudit.report.wording import listed, name

#: What each companion does, after its name.
COMPANION_MEANING = {
    "isolation forest": "asks how few random cuts separate a row from the others (200 trees; Liu et al. 2008)",
    "neighbour distance": (
        "asks how far the fifth-nearest different row lies; copies of a row are no neighbours (Ramaswamy et al. 2000)"
    ),
}
#: What the companions see.
_SEEN = {
    "columns": "Both see the modelled columns themselves, as standardised numbers, and nothing of any VAE.",
    "latents": "Both see the active latents of the pictures, and nothing that no latent holds, such as fine texture.",
}


def outliers_lead(outliers: OutlierSummary) -> str:
    """Answer which rows do not belong."""
    rate = numbers.rate(outliers.fdr)
    if outliers.flagged == 0:
        return (
            f"No row is flagged: none of the {numbers.plural(outliers.n, 'row')} is so atypical that it would stand "
            f"out at a false-discovery rate of {rate}."
        )
    return (
        f"{numbers.plural(outliers.flagged, 'row')} of {numbers.count(outliers.n)} "
        f"({numbers.percent(outliers.flagged / outliers.n)}) {'is' if outliers.flagged == 1 else 'are'} flagged at a "
        f"false-discovery rate of {rate}. Higher scores are more atypical."
    )


def score_curve_sentence(outliers: OutlierSummary, curve: ScoreCurve) -> str:
    """Say what the score curve shows: how many rows reach the threshold, and how many would if all belonged."""
    text = (
        f"How many rows score at least as high (solid), and at most how many would if every row belonged (dashed); "
        f"each step down is ten times fewer. The highest score is {numbers.number(float(curve.scores[-1]))} "
        f"{outliers.unit}."
    )
    if outliers.threshold is None:
        return f"{text} The solid line leaves the dashed one nowhere so far that a row would be flagged."
    place = int((curve.scores < outliers.threshold).sum())
    place = min(place, len(curve.scores) - 1)
    return (
        f"{text} Rows are flagged from {numbers.number(outliers.threshold)} {outliers.unit} on: "
        f"{numbers.percent(float(curve.observed[place]))} of the rows score as high, where "
        f"at most {numbers.percent(float(curve.expected[place]))} would if all belonged."
    )


# --- groups -----------------------------------------------------------------------------------------------------


def group_in_words(rate: AnyOutlierRate) -> str:
    """Name a group by its columns, to follow "the rows with"."""
    return group_text([name(part) for part in rate.attributes], [name(part) for part in rate.groups])


def deletion_sentence(rate: AnyOutlierRate) -> str:
    """Say which part of a group would go with the flagged rows, against all others."""
    against = ""
    if rate.rate_of_others is not None:
        against = f", against {numbers.percent(rate.rate_of_others)} of all others"
    return (
        f"Removing the flagged rows would delete {numbers.percent(rate.rate)} of the rows with {group_in_words(rate)} "
        f"({numbers.count(rate.flagged)} of {numbers.count(rate.n)}; {_interval(rate.ci)}){against}."
    )


def no_harder_sentence(rates: Sequence[AnyOutlierRate], what: str) -> str:
    """Say that no group is shown to be hit harder, with the one that loses most, and those that cannot be judged.

    Parameters
    ----------
    rates
        Of the groups of one attribute, or of combinations; none of them hit harder.
    what
        What they are, in the plural.
    """
    with_rows = [rate for rate in rates if rate.n > 0]
    judged = [rate for rate in with_rows if rate.status not in ("small", "empty")]
    if not with_rows:
        return f"None of the {what} holds a row."
    if not judged:
        return f"All of the {what} have too few rows, or too few outside them, to be judged."
    most = max(judged, key=lambda rate: rate.rate)
    if most.flagged == 0:
        return f"None of the {what} that are large enough to be judged holds a flagged row."
    return (
        f"None of the {what} is shown to lose clearly more than all others. {deletion_sentence(most)} That is the "
        "largest share; the difference may be chance, or lies within the tolerance."
    )


def not_judged_sentence(rates: Sequence[AnyOutlierRate]) -> str:
    """Name the groups that hold too few rows, and those that hold none; empty where there is neither."""
    small = [group_in_words(rate) for rate in rates if rate.status == "small"]
    empty = [group_in_words(rate) for rate in rates if rate.status == "empty"]
    parts = []
    if small:
        parts.append(f"Too few rows to judge: {listed(small, most=5)}.")
    if empty:
        parts.append(f"No row at all, so nothing could be deleted: {listed(empty, most=5)}.")
    return " ".join(parts)


def combinations_sentence(outliers: OutlierSummary) -> str:
    """Count the combinations of two attributes by what is known of them."""
    rates = outliers.by_combination
    judged = sum(rate.p_adjusted is not None for rate in rates)
    harder = sum(rate.status == "harder" for rate in rates)
    beyond = len(outliers.combinations_beyond_their_groups)
    found = "none of which is shown to lose more than all others"
    if harder:
        found = (
            f"{numbers.count(harder)} of which lose{'s' if harder == 1 else ''} more than all others, "
            f"{numbers.count(beyond) if beyond else 'none'} of them surely more than either of its groups"
        )
    return (
        f"Of {numbers.plural(len(rates), 'combination')} of two attributes that hold rows, {numbers.count(judged)} are "
        f"large enough to be judged, {found}. All groups and combinations share one correction for having asked about "
        "so many."
    )


def _interval(ci: Interval) -> str:
    return f"{numbers.level(ci)} interval {numbers.interval(ci, 'percent')}"


# --- agreement --------------------------------------------------------------------------------------------------


def agreement_sentence(agreement: Agreement) -> str:
    """Say what the companions are, and that they only stand beside the score."""
    meaning = "; ".join(
        f"the {companion.name} {COMPANION_MEANING.get(companion.name, '')}".rstrip()
        for companion in agreement.companions
    )
    return (
        f"Classical detectors on the same rows, for comparison only: they do not enter the score. "
        f"{meaning[:1].upper()}{meaning[1:]}. {_SEEN[agreement.basis]}"
    )


def top_in_words(agreement: Agreement) -> str:
    """Name the rows that are compared."""
    if agreement.of_flagged:
        return f"the {numbers.plural(agreement.n_top, 'flagged row')}"
    return f"the {numbers.plural(agreement.n_top, 'row')} of highest score"


def shared_sentence(agreement: Agreement) -> str:
    """Say how many of the top rows the companions have on top too, and how many would be by chance."""
    parts = [_shared(companion, agreement) for companion in agreement.companions]
    chance = agreement.n_top**2 / agreement.n
    few = "" if agreement.of_flagged else " Too few rows are flagged to compare these alone."
    return (
        f"Of {top_in_words(agreement)}, {' and '.join(parts)}; lists drawn at random would share about "
        f"{numbers.number(round(chance, 1))}.{few}"
    )


def _shared(companion: Companion, agreement: Agreement) -> str:
    share = numbers.percent(companion.shared / agreement.n_top)
    return (
        f"{numbers.count(companion.shared)} ({share}) are also among the {numbers.count(agreement.n_top)} highest of "
        f"the {companion.name}"
    )


def only_model_sentence(agreement: Agreement) -> str:
    """Say where the score differs: the rows that no companion has on top, and what is odd about them."""
    if agreement.n_only_model == 0:
        return f"Every one of {top_in_words(agreement)} is also on top by at least one of the others."
    verb = "is" if agreement.n_only_model == 1 else "are"
    text = f"{numbers.count(agreement.n_only_model)} of {top_in_words(agreement)} {verb} on top by the VAE alone."
    if agreement.only_model_columns:
        named = [f"{name(column)} ({count:,})" for column, count in agreement.only_model_columns.items()]
        text += f" What it finds first there: {listed(named)}."
    if agreement.basis == "columns":
        text += (
            " The VAE judges a cell by the rest of its row, and so finds values that are ordinary by themselves, too."
        )
    return text


def only_companions_sentence(agreement: Agreement) -> str:
    """Say which rows only the companions have on top."""
    if agreement.n_only_companions == 0:
        return "No row is on top by another detector only."
    said = "is" if agreement.n_only_companions == 1 else "are"
    why = "rare by single cells, or far from others, and yet much as the model expects them, given their other cells"
    if agreement.basis == "latents":
        why = "unusual in the latents, and yet reproduced as well as others of its complexity, with a texture as usual"
    return (
        f"{numbers.plural(agreement.n_only_companions, 'row')} {said} among the {numbers.count(agreement.n_top)} "
        f"highest of another detector, but not of the VAE: {why}."
    )
