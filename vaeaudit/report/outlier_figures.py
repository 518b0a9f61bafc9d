"""The score curve, as a plotly specification; nothing is computed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from vaeaudit.analysis.results.outliers import OutlierSummary, ScoreCurve
from vaeaudit.report import numbers
from vaeaudit.report.theme import NEUTRAL, PALETTE, for_narrow_pages, hover, layout, rounded, vertical_line

Spec = dict[str, Any]


def score_curve(outliers: OutlierSummary, curve: ScoreCurve) -> Spec:
    """Draw the share of rows that score at least as high, beside the share that would if all belonged.

    The axis of shares is logarithmic, since the rows that matter are few. The axis of scores ends as far beyond the
    threshold as the middle row lies below it: single scores may be a hundred times as high, and would flatten the rest.
    """
    floor = 0.6 / outliers.n
    observed = {
        "type": "scatter",
        "mode": "lines+markers",
        "name": "rows",
        "x": rounded(curve.scores, 6),
        "y": rounded(curve.observed),
        "line": {"color": PALETTE[0], "width": 2},
        "marker": {"color": PALETTE[0], "size": 4},
        "hoverinfo": "text",
        "hovertext": [
            _point(outliers, *point) for point in zip(curve.scores, curve.observed, curve.expected, strict=True)
        ],
    }
    expected = {
        "type": "scatter",
        "mode": "lines",
        "name": "at most, if all belonged",
        "x": rounded(curve.scores, 6),
        "y": rounded(np.maximum(curve.expected, floor / 10)),
        "line": {"color": NEUTRAL, "width": 2, "dash": "dash"},
        "hoverinfo": "skip",
    }
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
        text = f"flagged from<br>{numbers.number(outliers.threshold)} {outliers.unit}"
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
        more["annotations"] = [{"text": text, "align": side, "showarrow": False, **place}]
    spec = {
        "data": [observed, expected],
        "layout": layout(
            height=340, x=f"outlier score ({outliers.unit})", y="rows that score as high", legend=True, **more
        ),
    }
    return for_narrow_pages(spec)


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
    rows = numbers.plural(round(observed * outliers.n), "row")
    return hover(
        f"{rows} ({numbers.percent(observed)}) score {numbers.number(score)} {outliers.unit} or more",
        f"at most {numbers.percent(expected)} would if all belonged",
    )
