"""How figures look, and how text of the data gets into them safely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from vaeaudit.wording import phrases
from vaeaudit.wording.phrases import shorten

#: Colours that stay apart for readers with colour-vision deficiencies (Okabe & Ito 2008), without its black and
#: yellow, which vanish on a dark or a light page.
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
NEUTRAL = "#7a8494"

#: Status -> colour, marker and the word in the legend; never colour alone.
STATUS_STYLE: Mapping[str, tuple[str, str, str]] = {
    "under": ("#D55E00", "triangle-left", phrases.REPRESENTATION["under"]),
    "over": ("#0072B2", "triangle-right", phrases.REPRESENTATION["over"]),
    "ok": ("#009E73", "circle", phrases.REPRESENTATION["ok"]),
    "inconclusive": ("#7a8494", "diamond", phrases.REPRESENTATION["inconclusive"]),
    "none": ("#0072B2", "circle", phrases.REPRESENTATION["none"]),
    "auc": ("#0072B2", "circle", "AUC"),
    "flagged": ("#D55E00", "square", phrases.DISPARITY["flagged"]),
    "unflagged": ("#7a8494", "circle", phrases.DISPARITY["unflagged"]),
    "small": ("#7a8494", "circle-open", phrases.DISPARITY["small"]),
    "harder": ("#D55E00", "square", phrases.DELETION["harder"]),
    "less": ("#0072B2", "triangle-left", phrases.DELETION["less"]),
    "unclear": ("#7a8494", "circle", phrases.DELETION["unclear"]),
}

_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


def label(text: str, length: int = 26) -> str:
    """Make text of the data safe for a figure.

    Plotly reads a subset of HTML (`<b>`, `<a href>`, entities) in titles, tick labels and hover text; escaped text is
    shown as it is.
    """
    return shorten(text, length).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def hover(*lines: str) -> str:
    """Make a hover text of several lines, each escaped."""
    return "<br>".join(label(line, 120) for line in lines)


def rounded(values: npt.ArrayLike, digits: int = 4) -> list[float]:
    """Return plain floats with few digits: figures need no more, and the file stays small."""
    return [float(f"{value:.{digits}g}") for value in np.asarray(values, dtype=float).ravel()]


def layout(*, height: int, x: str, y: str = "", legend: bool = False, **more: Any) -> dict[str, Any]:
    """Return the layout that all figures share; `x` and `y` are the axis titles, already safe."""
    axis = {"fixedrange": True, "automargin": True, "zeroline": False, "gridcolor": "rgba(122,132,148,0.22)"}
    base: dict[str, Any] = {
        "height": height,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": _FONT, "size": 13, "color": "#475063"},
        "margin": {"l": 8, "r": 14, "t": 34 if legend else 10, "b": 44, "pad": 4},
        "hovermode": "closest",
        "hoverlabel": {"bgcolor": "#1d2430", "font": {"family": _FONT, "color": "#ffffff"}, "align": "left"},
        "dragmode": False,
        "showlegend": legend,
        "legend": {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "xanchor": "left"},
        "xaxis": {**axis, "title": {"text": x, "standoff": 8, "font": {"size": 13}}},
        "yaxis": {**axis, "title": {"text": y, "standoff": 8, "font": {"size": 13}}},
    }
    for key, value in more.items():
        base[key] = {**base[key], **value} if isinstance(base.get(key), dict) else value
    return base


def percent_ticks(span: float) -> str:
    """Return the tick format that tells the ticks of an axis apart that spans this share."""
    return ".0%" if span > 0.1 else ".1%" if span > 0.01 else ".2%" if span > 0.001 else ".3%"


def scatter(mode: str, name: str, **more: Any) -> dict[str, Any]:
    """Return a trace of points, lines or both."""
    return {"type": "scatter", "mode": mode, "name": name, **more}


def error_bars(high: npt.ArrayLike, low: npt.ArrayLike, colour: str, thickness: int) -> dict[str, Any]:
    """Return intervals that reach so far above and below their values."""
    return {
        "type": "data",
        "symmetric": False,
        "array": rounded(np.maximum(high, 0.0)),
        "arrayminus": rounded(np.maximum(low, 0.0)),
        "thickness": thickness,
        "width": 0,
        "color": colour,
    }


def drawn(
    traces: Sequence[dict[str, Any]],
    names: Sequence[str] = (),
    views: dict[str, list[int]] | None = None,
    **layout_: Any,
) -> dict[str, Any]:
    """Return a figure of these traces: `layout_` as for `layout`, `names` those of its rows, `views` as of `Figure`."""
    spec = {"data": list(traces), **({} if views is None else {"views": views}), "layout": layout(**layout_)}
    return for_narrow_pages(spec, names)


def for_narrow_pages(spec: dict[str, Any], names: Sequence[str] = ()) -> dict[str, Any]:
    """Add what the page changes of the layout on a phone: fewer ticks, shorter row names, room for a tall legend."""
    shown = [trace for trace in spec["data"] if trace.get("showlegend", True) and trace.get("visible", True)]
    entries = len(shown) if spec["layout"]["showlegend"] else 0
    patch: dict[str, Any] = {"height": spec["layout"]["height"] + 16 * max(entries - 1, 0), "xaxis": {"nticks": 5}}
    if names:
        patch["yaxis"] = {"ticktext": [label(name, 14) for name in names]}
    return {**spec, "narrow": patch}


def vertical_line(x: float, *, dash: str = "dot") -> dict[str, Any]:
    """Return a line across the whole height at `x`."""
    line = {"color": NEUTRAL, "width": 1.5, "dash": dash}
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper", "line": line}


def rows_axis(labels: Sequence[str]) -> dict[str, Any]:
    """Return a vertical axis with one row per label, the first on top.

    Positions are numbers, not categories: plotly would merge equal labels and read "10" as a quantity.
    """
    texts = [label(text) for text in labels]
    return {
        "tickvals": list(range(len(texts))),
        "ticktext": texts,
        "range": [len(texts) - 0.5, -0.5],
        "showgrid": False,
        "ticklen": 0,
    }
