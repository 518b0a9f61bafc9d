"""What gives a sensitive attribute away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.analysis.fairness.proxies import Proxy
from vaeaudit.report.parts import figures
from vaeaudit.report.parts.blocks import Answer, Block, Figure, Section
from vaeaudit.report.parts.tables import Bar, Cell, Table, Track, numeric, plain, table
from vaeaudit.wording import numbers, phrases

_STRONGEST = 6
#: Combinations of groups that are shown.
_MOST_COMBINATIONS = 12


def proxies(results: AuditResults) -> Section:
    """Build the section on proxies."""
    title = "What gives a sensitive attribute away"
    lead = proxies_lead(results.proxies, of_pictures=results.pictures is not None)
    if not results.proxies:
        return Section("proxies", title, "", (Answer(lead),))
    sources = {"columns": "all columns" if results.pictures is None else "pixel measures"}
    sources["latents"] = "the latents"
    blocks: list[Block] = [_proxy_figure(results.proxies, sources), _proxy_table(results.proxies, sources)]
    blocks += [_strongest(proxy) for proxy in results.proxies if proxy.by_column]
    return Section("proxies", title, lead, tuple(blocks))


def _proxy_figure(found: Sequence[Proxy], sources: Mapping[str, str]) -> Figure:
    items = [
        figures.Dot(
            *(f"{phrases.shorten(proxy.attribute, 12)}, {sources[proxy.from_]}", proxy.auc, proxy.ci, "auc"),
            *((f"AUC {numbers.with_interval(proxy.auc, proxy.ci, 'ratio')}",), proxy.null_auc),
        )
        for proxy in found
    ]
    apart = [proxy for proxy in found if proxy.ci.low is not None and proxy.ci.low > 0.5]
    sentence = (
        f"{len(apart)} of {phrases.plural(len(found), 'prediction')} {'is' if len(apart) == 1 else 'are'} better than "
        "guessing (dotted line, 0.5), interval included."
    )
    spec = figures.dots(items, x="AUC, out of fold", percent=False, lines=(0.5,), reference_name="best after shuffling")
    return Figure("proxies-auc", "How well each attribute can be predicted", sentence, spec)


def _proxy_table(found: Sequence[Proxy], sources: Mapping[str, str]) -> Table:
    columns = plain("Attribute", "Predicted from", "AUC, with interval")
    shuffled = any(proxy.null_auc is not None for proxy in found)
    if shuffled:
        columns += numeric("Best after shuffling")
    track = Track(min([0.5, *(proxy.ci.low or proxy.auc for proxy in found)]), 1.0, "ratio", reference=0.5)
    rows = []
    for proxy in found:
        row: tuple[Cell, ...] = (phrases.name(proxy.attribute), sources[proxy.from_], track.mark(proxy.auc, proxy.ci))
        null = "not measured" if proxy.null_auc is None else numbers.ratio(proxy.null_auc)
        rows.append((*row, null) if shuffled else row)
    return table("Prediction of sensitive attributes, out of fold", columns, rows)


def _strongest(proxy: Proxy) -> Table:
    ordered = sorted(proxy.by_column.items(), key=lambda entry: -entry[1])[:_STRONGEST]
    rows = [
        (phrases.name(column), Bar(numbers.ratio(auc), round(200 * max(min(auc, 1.0) - 0.5, 0.0), 1)))
        for column, auc in ordered
    ]
    caption = f"Single columns that give {phrases.name(proxy.attribute)} away most (bar from 0.5 to 1)"
    return table(caption, plain("Column", "AUC alone"), rows)


def proxies_lead(proxies: Sequence[Proxy], *, of_pictures: bool = False) -> str:
    """Answer whether the rest of the data gives sensitive attributes away."""
    if not proxies:
        return "No sensitive column was declared, or none has two groups large enough to be told apart."
    best = max(proxies, key=lambda proxy: proxy.auc)
    columns = "brightness, colour, sharpness and place together" if of_pictures else "all modelled columns together"
    told = columns if best.from_ == "columns" else "the latents"
    auc = numbers.with_interval(best.auc, best.ci, "ratio")
    return f"Most easily told is {phrases.name(best.attribute)}, from {told}: AUC {auc}; 0.5 is guessing, 1 is knowing."
