"""Plotly figures as plain dictionaries: results in, `{"data", "layout"[, "views"]}` out; nothing is computed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vaeaudit.analysis.coverage.results import Region
from vaeaudit.analysis.latents.results import BetaChoice, LatentSpaceSummary
from vaeaudit.analysis.outliers.results import OutlierSummary, ScoreCurve
from vaeaudit.outputs.changes import Change
from vaeaudit.report.parts.theme import (
    DASHES,
    NEUTRAL,
    PALETTE,
    STATUS_STYLE,
    drawn,
    error_bars,
    hover,
    label,
    percent_ticks,
    rounded,
    rows_axis,
    scatter,
    vertical_line,
)
from vaeaudit.statistics.measures import FloatArray, Interval
from vaeaudit.wording import numbers, phrases

Spec = dict[str, Any]

#: Rows of a dot figure.
MOST_DOTS = 30
#: Where 0 stands on a logarithmic axis of counts.
_ZERO = 0.4


@dataclass(frozen=True)
class Dot:
    """One row of a dot figure: a value, its interval, and what one learns on pointing at it."""

    name: str
    value: float
    ci: Interval
    status: str
    hover: tuple[str, ...]
    reference: float | None = None


def dots(items: Sequence[Dot], *, x: str, percent: bool, lines: Sequence[float] = (), reference_name: str = "") -> Spec:
    """Draw one row per item: a dot, its interval, and a tick where its reference lies."""
    shown = items[:MOST_DOTS]
    known = [value for item in shown for value in _positions(item)] + list(lines)
    low, high = min(known), max(known)
    pad = 0.06 * (high - low) or 0.5
    bounds = (0.0 if percent and low >= 0 else low - pad, high + pad)
    statuses = [status for status in STATUS_STYLE if any(item.status == status for item in shown)]
    traces = [_dot_trace(shown, status, bounds) for status in statuses]
    if any(item.reference is not None for item in shown):
        traces.append(_reference_trace(shown, reference_name))
    legend = len(traces) > 1
    axis = {"range": list(bounds), "tickformat": percent_ticks(bounds[1] - bounds[0]) if percent else ""}
    names, shapes = [item.name for item in shown], [vertical_line(value) for value in lines]
    height = 30 * len(shown) + 66 + (26 if legend else 0)
    return drawn(traces, names, height=height, x=x, legend=legend, xaxis=axis, yaxis=rows_axis(names), shapes=shapes)


def _positions(item: Dot) -> list[float]:
    return [value for value in (item.value, item.ci.low, item.ci.high, item.reference) if value is not None]


def _dot_trace(items: Sequence[Dot], status: str, bounds: tuple[float, float]) -> Spec:
    colour, symbol, name = STATUS_STYLE[status]
    chosen = [(row, item) for row, item in enumerate(items) if item.status == status]
    upper = [(bounds[1] if item.ci.high is None else item.ci.high) - item.value for _, item in chosen]
    lower = [item.value - (bounds[0] if item.ci.low is None else item.ci.low) for _, item in chosen]
    return scatter(
        "markers",
        name,
        cliponaxis=False,
        x=rounded([item.value for _, item in chosen]),
        y=[row for row, _ in chosen],
        error_x=error_bars(upper, lower, colour, 2),
        marker={"color": colour, "symbol": symbol, "size": 11},
        hoverinfo="text",
        hovertext=[hover(item.name, *item.hover) for _, item in chosen],
    )


def _reference_trace(items: Sequence[Dot], name: str) -> Spec:
    chosen = [(row, item.reference) for row, item in enumerate(items) if item.reference is not None]
    x, y = rounded([value for _, value in chosen]), [row for row, _ in chosen]
    marker = {"symbol": "line-ns", "size": 18, "color": NEUTRAL, "line": {"width": 3, "color": NEUTRAL}}
    return scatter("markers", name, x=x, y=y, marker=marker, hoverinfo="skip")


def observed_and_expected(regions: Sequence[Region]) -> Spec:
    """Draw, per region, the rows there are and the rows that its baseline leads one to expect, on a log scale."""
    shown = regions[:MOST_DOTS]
    joins_x = [x for one in shown for x in (_on_log_scale(one.observed), _on_log_scale(one.expected), None)]
    joins_y = [y for row in range(len(shown)) for y in (row, row, None)]
    join = {"type": "scatter", "mode": "lines", "x": joins_x, "y": joins_y, "hoverinfo": "skip", "showlegend": False}
    largest = max(max(region.observed, region.expected) for region in shown)
    powers = [10**power for power in range(len(str(int(largest))) + 1)]
    axis = {"type": "log", "tickvals": [_ZERO, *powers], "ticktext": ["0", *(numbers.count(power) for power in powers)]}
    return drawn(
        [
            {**join, "line": {"color": NEUTRAL, "width": 2}},
            _region_points(shown, "rows there are", [region.observed for region in shown], PALETTE[5], "circle"),
            _region_points(shown, "rows expected", [region.expected for region in shown], NEUTRAL, "circle-open"),
        ],
        height=28 * len(shown) + 92,
        x="rows (each step is ten times as many)",
        legend=True,
        xaxis={**axis, "range": [math.log10(_ZERO) - 0.05, math.log10(max(largest, 1)) + 0.1]},
        yaxis=rows_axis([region.id for region in shown]),
    )


def _on_log_scale(rows: float) -> float:
    return max(float(f"{rows:.4g}"), _ZERO)


def _region_points(regions: Sequence[Region], name: str, rows: Sequence[float], colour: str, symbol: str) -> Spec:
    said = [f"{region.id}: {numbers.expected(value)} {name}" for region, value in zip(regions, rows, strict=True)]
    return scatter(
        "markers",
        name,
        cliponaxis=False,
        x=[_on_log_scale(value) for value in rows],
        y=list(range(len(regions))),
        marker={"color": colour, "symbol": symbol, "size": 11, "line": {"width": 2, "color": colour}},
        hoverinfo="text",
        hovertext=[hover(line) for line in said],
    )


def distances(space: LatentSpaceSummary) -> Spec:
    """Draw which share of the prior samples, and of the held-out reconstructions, lies within each distance."""
    curves = {
        "drawn from the prior": space.prior_distances,
        "reconstructions of held-out rows": space.held_out_distances,
    }
    traces = []
    for style, (name, values) in enumerate(curves.items()):
        said = [
            hover(f"{numbers.share(share)} {name} within {numbers.number(value)} of a row")
            for share, value in zip(space.distance_shares, values, strict=True)
        ]
        trace = _curve(name, rounded(values), rounded(space.distance_shares), style)
        traces.append({**trace, "hoverinfo": "text", "hovertext": said})
    return drawn(
        traces,
        height=300,
        x="distance to the nearest row",
        y="share within it",
        legend=True,
        xaxis={"rangemode": "tozero"},
        yaxis={"tickformat": ".0%", "range": [0, 1.01]},
        shapes=[vertical_line(space.yardstick)],
    )


def _curve(name: str, x: Sequence[float], y: Sequence[float], style: int) -> Spec:
    line = {"color": PALETTE[style], "width": 2.5, "dash": DASHES[style]}
    return scatter("lines", name, x=x, y=y, line=line)


def along_order(change: Change) -> Spec:
    """Draw the share that changes along its date, with the interval of where it does."""
    said = [
        hover(f"{part.start} to {part.end}", f"{numbers.share(part.value)} of {phrases.plural(part.n, 'row')}")
        for part in change.curve
    ]
    share = scatter(
        "lines+markers",
        "share",
        x=[part.start for part in change.curve],
        y=rounded([part.value for part in change.curve]),
        line={"color": PALETTE[0], "width": 2, "shape": "hv"},
        marker={"color": PALETTE[0], "size": 4},
        hoverinfo="text",
        hovertext=said,
    )
    band = {"type": "rect", "x0": change.ci[0], "x1": change.ci[1], "y0": 0, "y1": 1, "yref": "paper"}
    edge = {"color": PALETTE[5], "width": 2}
    shares = {"tickformat": ".0%", "range": [-0.02, 1.02]}
    shapes = [{**band, "fillcolor": PALETTE[5], "opacity": 0.4, "line": edge}]
    y = "share of the rows"
    return drawn([share], height=260, x=label(change.along), y=y, xaxis={"type": "date"}, yaxis=shares, shapes=shapes)


#: Curve in the history -> its name in the figure; others (counts, rates) have other units.
_CURVES = {"loss": "training loss", "val_loss": "held-out loss", "kl": "KL"}


def history(curves: Mapping[str, FloatArray]) -> Spec | None:
    """Draw the training curves, or return None where none was kept."""
    kept = [(name, curves[key]) for key, name in _CURVES.items() if key in curves and len(curves[key]) > 0]
    if not kept:
        return None
    traces = [
        _curve(name, list(range(1, len(values) + 1)), rounded(values, 5), style)
        for style, (name, values) in enumerate(kept)
    ]
    return drawn(traces, height=300, x="epoch", y="nats per row", legend=True, hovermode="x unified")


def beta_curve(choice: BetaChoice) -> Spec:
    """Draw, along beta, how much less than the best each trial gains, and how many latents it leaves in use."""
    lost = [trial.lost for trial in choice.tried]
    upper = [0.0 if each.ci.low is None else each.value - each.ci.low for each in lost]
    lower = [0.0 if each.ci.high is None else each.ci.high - each.value for each in lost]
    marks = [(PALETTE[5], "diamond") if trial.taken else (PALETTE[0], "circle") for trial in choice.tried]
    trace = scatter(
        "lines+markers+text",
        "gain",
        cliponaxis=False,
        x=[trial.beta for trial in choice.tried],
        y=rounded([-each.value for each in lost]),
        error_y=error_bars(upper, lower, NEUTRAL, 2),
        text=[f"{numbers.count(trial.active_latents)} in use" for trial in choice.tried],
        textposition="top right",
        line={"color": NEUTRAL, "width": 1.5},
        marker={"color": [colour for colour, _ in marks], "symbol": [symbol for _, symbol in marks], "size": 11},
        hoverinfo="text",
        hovertext=[hover(f"beta {t.beta:g}: gains {numbers.nats(t.gain.value)} nats") for t in choice.tried],
    )
    ticks = [trial.beta for trial in choice.tried]
    ends = [math.log10(ticks[0]) - 0.05, math.log10(ticks[-1]) + 0.12]
    axis = {"type": "log", "tickvals": ticks, "ticktext": [f"{tick:g}" for tick in ticks], "range": ends}
    return drawn([trace], height=300, x="beta", y="nats per row, beside the best", xaxis=axis)


def score_curve(outliers: OutlierSummary, curve: ScoreCurve) -> Spec:
    """Draw the share of rows that score at least as high, beside the share that would if all belonged.

    The axis of shares is logarithmic, since the rows that matter are few. The axis of scores ends as far beyond the
    threshold as the middle row lies below it: single scores may be a hundred times as high, and would flatten the rest.
    """
    floor = 0.6 / outliers.n
    x = rounded(curve.scores, 6)
    observed = scatter(
        "lines+markers",
        "rows",
        x=x,
        y=rounded(curve.observed),
        line={"color": PALETTE[0], "width": 2},
        marker={"color": PALETTE[0], "size": 4},
        hoverinfo="text",
        hovertext=[_point(outliers, *at) for at in zip(curve.scores, curve.observed, curve.expected, strict=True)],
    )
    y, line = rounded(np.maximum(curve.expected, floor / 10)), {"color": NEUTRAL, "width": 2, "dash": "dash"}
    expected = scatter("lines", "at most, if all belonged", x=x, y=y, line=line, hoverinfo="skip")
    powers = range(math.ceil(math.log10(floor)), 1)
    shares = {
        "type": "log",
        "range": [math.log10(floor), 0.08],
        "tickvals": [10.0**power for power in powers],
        "ticktext": [numbers.rate(10.0**power) for power in powers],
    }
    shown = _scores_shown(outliers, curve)
    more: Spec = {"xaxis": {"range": shown}, "yaxis": shares}
    if outliers.threshold is not None:
        text = f"flagged from<br>{numbers.number(outliers.threshold)} nats"
        # Towards the middle, so that a narrow page does not cut it.
        side, shift = ("right", -4) if outliers.threshold > sum(shown) / 2 else ("left", 4)
        place = {
            "x": outliers.threshold,
            "xanchor": side,
            "xshift": shift,
            "y": 0.99,
            "yref": "paper",
            "yanchor": "top",
        }
        more["shapes"] = [vertical_line(outliers.threshold, dash="dot")]
        more["annotations"] = [
            {"text": text, "align": side, "showarrow": False, **place, "y": 0.99, "yref": "paper", "yanchor": "top"}
        ]
    x_title, y_title = "outlier score (nats)", "rows that score as high"
    return drawn([observed, expected], height=340, x=x_title, y=y_title, legend=True, **more)


def beyond_the_edge(outliers: OutlierSummary, curve: ScoreCurve) -> int:
    """Return how many rows score beyond the right edge of the figure."""
    edge = _scores_shown(outliers, curve)[1]
    beyond = curve.observed[curve.scores > edge]
    return round(float(beyond[0]) * outliers.n) if beyond.size else 0


def _scores_shown(outliers: OutlierSummary, curve: ScoreCurve) -> list[float]:
    low, high = float(curve.scores[0]), float(curve.scores[-1])
    if outliers.threshold is not None:
        middle = float(outliers.score_quantiles[len(outliers.score_quantiles) // 2])
        high = min(high, 2 * outliers.threshold - middle)
    pad = 0.02 * (high - low) or 0.5
    return [low - pad, high + pad]


def _point(outliers: OutlierSummary, score: float, observed: float, expected: float) -> str:
    rows = phrases.plural(round(observed * outliers.n), "row")
    return hover(
        f"{rows} ({numbers.share(observed)}) score {numbers.number(score)} nats or more",
        f"at most {numbers.share(expected)} would if all belonged",
    )
