"""Planted data and the summary of the calibration benchmark."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.outlier_calibration import DATA, SHARES, figures


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("share", SHARES)
def test_as_many_rows_are_planted_as_said(data: str, share: float) -> None:
    frame, planted = DATA[data](300, share, 0)
    assert len(frame) == len(planted) == 300
    assert planted.sum() == round(300 * share)
    again, same = DATA[data](300, share, 0)
    assert frame.equals(again)
    np.testing.assert_array_equal(planted, same)


def test_rates_are_means_over_data_sets_and_no_flags_are_no_false_flags() -> None:
    def fit(seed: int, share: float, flagged: int, outliers: int, found: int) -> dict[str, object]:
        counts = {"rows": 100, "flagged": flagged, "outliers": outliers, "found": found}
        return {"data": "people", "planted": share, "seed": seed, **counts}

    tables = figures([fit(0, 0.0, 0, 0, 0), fit(1, 0.0, 8, 0, 0), fit(0, 0.05, 4, 5, 3), fit(1, 0.05, 0, 5, 0)])
    (clean,) = tables["clean rows"]
    assert (clean["mean % flagged"], clean["data sets with any flag"], clean["data sets above 5%"]) == (4, 1, 1)
    (planted,) = tables["planted rows"]
    assert planted["false-discovery rate"] == pytest.approx(0.125)
    assert planted["recall"] == pytest.approx(0.3)
    assert planted["data sets without flags"] == 1
    assert tables["clean rows, percent flagged by seed"][1] == {"seed": 1, "people": 8.0, "mixture of Gaussians": "-"}
