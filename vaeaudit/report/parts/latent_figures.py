"""Figures of the latents, as plain dictionaries with a view per sensitive attribute; nothing is computed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from vaeaudit.analysis.latents.results import HistogramCounts, LatentMap, LatentSummary
from vaeaudit.report.parts.blocks import Sheet
from vaeaudit.report.parts.theme import (
    DASHES,
    NEUTRAL,
    PALETTE,
    drawn,
    error_bars,
    for_narrow_pages,
    hover,
    label,
    layout,
    rounded,
    scatter,
)
from vaeaudit.statistics.measures import FloatArray
from vaeaudit.wording import numbers, phrases
from vaeaudit.wording.phrases import shorten

Spec = dict[str, Any]

#: Groups drawn in one figure; the tables hold them all.
MOST_GROUPS = len(PALETTE)


def latent_histogram(latent: LatentSummary) -> Spec:
    """Draw one latent's histogram: all rows as bars, the groups of the chosen attribute as steps with their bands."""
    edges = latent.histogram.edges
    traces: list[Spec] = [_overall_bars(edges, latent.histogram)]
    views: dict[str, list[int]] = {}
    for attribute, groups in latent.histogram.by_group.items():
        start = len(traces)
        for style, (group, counts) in enumerate(largest_groups(groups)):
            traces += _group_steps(edges, group, counts, style, visible=not views)
        views[attribute] = list(range(start, len(traces)))
    axes: Spec = {"yaxis": {"tickformat": ".0%", "hoverformat": ".1%", "rangemode": "tozero"}}
    title = f"latent {latent.index} (prior standard deviations)"
    more: Spec = {"legend": bool(views), "bargap": 0, **axes}
    return drawn(traces, views=views, height=320, x=title, y="share of the rows", **more)


def largest_groups(groups: Mapping[str, HistogramCounts]) -> list[tuple[str, HistogramCounts]]:
    """Return the groups that fit into one figure, largest first; empty ones have nothing to draw."""
    filled = [(group, counts) for group, counts in groups.items() if counts.total > 0]
    return sorted(filled, key=lambda entry: -entry[1].total)[:MOST_GROUPS]


def _shares(counts: HistogramCounts) -> FloatArray:
    return np.asarray(counts.counts / max(counts.total, 1))


def _overall_bars(edges: FloatArray, counts: HistogramCounts) -> Spec:
    shares = _shares(counts)
    return {
        "type": "bar",
        "name": "all rows",
        "x": rounded((edges[1:] + edges[:-1]) / 2),
        "width": rounded(np.diff(edges)),
        "y": rounded(shares),
        "marker": {"color": "rgba(122,132,148,0.35)"},
        "error_y": error_bars(counts.share_high - shares, shares - counts.share_low, NEUTRAL, 1),
        "hoverinfo": "text",
        "hovertext": [
            hover(f"{numbers.span(low, high)}: {phrases.plural(int(rows), 'row')}")
            for low, high, rows in zip(edges[:-1], edges[1:], counts.counts, strict=True)
        ],
    }


def _group_steps(edges: FloatArray, group: str, counts: HistogramCounts, style: int, *, visible: bool) -> list[Spec]:
    """Return three traces: the lower bound, the band up to the upper bound, and the shares themselves."""
    colour = PALETTE[style]
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    group_ = {"legendgroup": f"group {style}", "visible": visible}
    common: Spec = {"type": "scatter", "mode": "lines", **_positions(edges), **group_}
    bound: Spec = {**common, "showlegend": False, "hoverinfo": "skip"}

    def steps(values: FloatArray) -> list[float]:
        return rounded(np.append(values, values[-1]), 3)

    band, no_line = f"rgba({red},{green},{blue},0.18)", {"shape": "hv", "width": 0}
    shares = _shares(counts)
    return [
        {**bound, "y": steps(counts.share_low), "line": no_line},
        {**bound, "y": steps(counts.share_high), "line": no_line, "fill": "tonexty", "fillcolor": band},
        {
            **common,
            "name": f"{label(group, 18)} ({numbers.count(counts.total)})",
            "y": steps(shares),
            "line": {"shape": "hv", "color": colour, "width": 2, "dash": DASHES[style]},
            "hoverinfo": "y+name",
        },
    ]


def _positions(edges: FloatArray) -> Spec:
    """Return the horizontal positions of steps; equal bins need two numbers instead of one per edge and trace."""
    widths = np.diff(edges)
    if np.allclose(widths, widths[0]):
        return {"x0": float(edges[0]), "dx": float(widths[0])}
    return {"x": rounded(edges)}


def latent_map(places: LatentMap, thumbnails: Sheet | None = None) -> Spec:
    """Draw the sampled rows on two latents, coloured by the groups of the chosen attribute, flagged rows ringed.

    Where there are `thumbnails`, every point knows its tile and its row, and the page shows them beside the pointer.
    """
    traces: list[Spec] = []
    views: dict[str, list[int]] = {}
    for attribute, groups in places.groups.items():
        start = len(traces)
        members = np.asarray(groups, dtype=object)
        by_size = sorted(set(groups), key=lambda group: -int((members == group).sum()))
        for style, group in enumerate(by_size[:MOST_GROUPS]):
            traces.append(_points(places, members == group, label(group, 18), PALETTE[style], visible=not views))
        rest = ~np.isin(members, by_size[:MOST_GROUPS])
        if rest.any():
            traces.append(_points(places, rest, "other groups", NEUTRAL, visible=not views))
        views[attribute] = list(range(start, len(traces)))
    if not views:
        traces.append(_points(places, np.ones(len(places.x), dtype=bool), "rows", PALETTE[0], visible=True))
    if places.outlier.any():
        ring = _points(places, places.outlier, "flagged", NEUTRAL, visible=True)
        traces.append({**ring, "marker": {"symbol": "circle-open", "size": 11, "color": NEUTRAL, "line": {"width": 2}}})
    titles = [f"latent {latent}" for latent in places.latents]
    spec: Spec = {"data": traces, "views": views, "layout": layout(height=460, x=titles[0], y=titles[1], legend=True)}
    if thumbnails is not None and places.row_ids:
        image = thumbnails.image
        tile = {"columns": image.columns, "width": image.tile_width, "height": image.tile_height}
        names = [shorten(row_id, 40) for row_id in places.row_ids]
        spec["thumbnails"] = {"sheet": thumbnails.id, **tile, "names": names}
    return for_narrow_pages(spec)


def _points(places: LatentMap, chosen: Any, name: str, colour: str, *, visible: bool) -> Spec:
    return scatter(
        "markers",
        name,
        x=rounded(places.x[chosen], 3),
        y=rounded(places.y[chosen], 3),
        marker={"color": colour, "size": 7 if places.row_ids else 5, "opacity": 0.6},
        hoverinfo="none" if places.row_ids else "name",
        visible=visible,
        **({"customdata": np.flatnonzero(chosen).tolist()} if places.row_ids else {}),
    )
