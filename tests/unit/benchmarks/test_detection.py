"""How detectors are compared: a failure is counted and is nobody's win; means and intervals are what they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.detection import (
    AUROC,
    OURS,
    Run,
    Table,
    allowed_time,
    allowed_time_summary,
    bootstrap_interval,
    by_set,
    failures,
    judge,
    means,
    paired,
    per_set,
    seconds_per_set,
    spread_over_seeds,
)

TABLES = [Table("a", 100, 3, 5), Table("b", 200, 4, 20)]


def run(
    table: str,
    detector: str,
    auroc: float | None,
    *,
    seed: int = 0,
    measured: str = "today",
    seconds: float | None = 1.0,
    process_s: float | None = None,
    import_s: float | None = None,
) -> Run:
    """Return a run; its average precision is half its AUROC, and it failed where it has none."""
    return Run(
        table=table,
        detector=detector,
        seed=seed,
        software="some 1.0",
        measured=measured,
        load=0.5,
        seconds=seconds,
        auroc=auroc,
        average_precision=None if auroc is None else auroc / 2,
        failure="it broke" if auroc is None else "",
        process_s=process_s,
        import_s=import_s,
    )


def test_a_run_has_figures_or_says_why_it_has_none() -> None:
    for auroc, failure in ((None, ""), (0.5, "it broke")):
        with pytest.raises(ValueError, match="expected either figures or why there are none"):
            Run(
                table="a",
                detector="KNN",
                seed=0,
                software="some 1.0",
                measured="today",
                load=0.0,
                auroc=auroc,
                average_precision=auroc,
                failure=failure,
            )


def test_scores_are_judged_by_the_labels_and_those_that_are_no_numbers_fail() -> None:
    outlier = np.array([False, False, True, True])
    assert judge(np.array([0.0, 1.0, 2.0, 3.0]), outlier) == {"auroc": 1.0, "average_precision": 1.0}
    # Ranks from the top: sound, outlier, outlier, sound: precisions 1/2 and 2/3 where an outlier is found.
    found = judge(np.array([3.0, 0.0, 2.0, 1.0]), outlier)
    assert found["auroc"] == 0.5
    assert found["average_precision"] == pytest.approx((1 / 2 + 2 / 3) / 2)
    for wrong in (np.nan, np.inf):
        assert judge(np.array([0.0, 1.0, 2.0, wrong]), outlier) == {"failure": "scores hold NaN or infinity"}
    assert judge(np.zeros(3), outlier) == {"failure": "scores of shape (3,) for 4 rows"}


def test_a_set_counts_with_the_seeds_that_finished() -> None:
    runs = [run("a", "CBLOF", 0.6), run("a", "CBLOF", None, seed=1), run("a", "CBLOF", 0.8, seed=2)]
    assert by_set([*runs, run("b", "CBLOF", None)], "CBLOF", AUROC) == {"a": pytest.approx(0.7)}


def test_the_mean_of_a_detector_that_failed_stands_beside_ours_on_the_same_sets() -> None:
    runs = [run("a", OURS, 0.6), run("b", OURS, 1.0), run("a", "PCA", 0.7), run("b", "PCA", None)]
    ours, pca = means(runs)
    assert (ours["detector"], ours["sets"], ours["AUROC"], ours["of these failed"]) == (OURS, 2, 0.8, 0)
    assert (pca["sets"], pca["runs"], pca["of these failed"]) == (1, 2, 1)
    assert (pca["AUROC"], pca["AUROC, vaeaudit on the same sets"]) == (0.7, 0.6)
    assert pca["average precision"] == 0.35


def test_a_failure_is_no_win_of_the_other_side() -> None:
    runs = [run("a", OURS, 0.6), run("b", OURS, 1.0), run("a", "PCA", 0.7), run("b", "PCA", None)]
    (row,) = paired(runs)
    assert row["sets"] == 1
    assert row["AUROC, vaeaudit minus peer"] == pytest.approx(-0.1)
    assert row["sets where vaeaudit has the higher AUROC"] == 0
    assert row["95 % interval of AUROC"] == "-"

    turned = [run("a", OURS, None), run("b", OURS, 0.9), run("a", "PCA", 0.1), run("b", "PCA", 0.8)]
    assert paired(turned)[0]["sets"] == 1
    assert means(turned)[0]["of these failed"] == 1


def test_detectors_that_share_no_set_are_not_compared() -> None:
    assert paired([run("a", OURS, 0.6), run("b", "PCA", 0.7)]) == []
    assert paired([run("a", "PCA", 0.6)]) == []
    assert means([run("a", "PCA", 0.6)])[0]["AUROC, vaeaudit on the same sets"] == "-"


def test_the_spread_over_seeds_is_that_of_the_mean_over_sets() -> None:
    values = {"a": (0.1, 0.5, 0.3), "b": (0.3, 0.5, 0.9)}
    runs = [run(table, OURS, value, seed=seed) for table, row in values.items() for seed, value in enumerate(row)]
    assert spread_over_seeds(runs, OURS, AUROC) == pytest.approx(np.std([0.2, 0.5, 0.6], ddof=1))
    # A set at which a seed failed would mix which sets with which seed.
    partly = [*runs, *(run("c", OURS, value, seed=seed) for seed, value in enumerate((0.0, None, 1.0)))]
    assert spread_over_seeds(partly, OURS, AUROC) == spread_over_seeds(runs, OURS, AUROC)
    assert spread_over_seeds(runs[:1], OURS, AUROC) is None
    assert spread_over_seeds([run("a", OURS, None), run("a", OURS, 0.5, seed=1)], OURS, AUROC) is None


def test_without_randomness_there_is_no_spread_not_even_of_rounding() -> None:
    runs = [run(str(k), "ECOD", value, seed=seed) for seed in range(3) for k, value in enumerate((0.867, 0.734, 0.1))]
    assert spread_over_seeds(runs, "ECOD", AUROC) == 0


def test_the_interval_covers_the_mean_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    covered = 0
    for k in range(200):
        interval = bootstrap_interval(rng.normal(0.02, 0.1, 30).tolist(), seed=k)
        assert interval is not None
        covered += interval[0] <= 0.02 <= interval[1]
    # The percentile interval of 30 values covers a little less than 95 %; two binomial deviations are 0.03.
    assert 0.89 <= covered / 200 <= 0.98


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=30))
def test_the_interval_lies_within_the_differences_and_turns_with_them(differences: list[float]) -> None:
    interval, turned = bootstrap_interval(differences), bootstrap_interval([-value for value in differences])
    assert interval is not None
    assert turned is not None
    assert min(differences) - 1e-12 <= interval[0] <= interval[1] <= max(differences) + 1e-12
    np.testing.assert_allclose(turned, (-interval[1], -interval[0]), atol=1e-12)


def test_one_difference_has_no_interval() -> None:
    assert bootstrap_interval([0.3]) is None


def test_a_failed_cell_is_a_dash_and_ours_stands_first() -> None:
    runs = [run("a", "PCA", None), run("b", "PCA", 0.7), run("a", OURS, 0.6), run("b", OURS, 0.9)]
    first, second = per_set(runs, TABLES, AUROC)
    assert list(first) == ["set", "rows", "columns", "outliers %", OURS, "PCA"]
    assert (first["outliers %"], first["PCA"], second["PCA"]) == (5.0, "-", 0.7)


def test_seconds_are_medians_over_the_seeds() -> None:
    runs = [run("a", "PCA", 0.5, seed=seed, seconds=seconds) for seed, seconds in enumerate((9.0, 1.0, 2.0))]
    runs.append(run("b", "PCA", None, seconds=0.1))  # to fail takes no time
    assert [row["PCA"] for row in seconds_per_set(runs, TABLES)] == [2.0, "-"]


def test_our_process_is_held_against_five_forests_and_the_start() -> None:
    runs = [run("a", OURS, 0.6, process_s=6.0, import_s=4.0), run("a", "IForest", 0.6, seconds=0.2)]
    (row,) = allowed_time(runs, TABLES)
    assert row["allowed"] == pytest.approx(5.0)
    assert row["ratio to allowed"] == pytest.approx(1.2)
    (summary,) = allowed_time_summary([row, {"ratio to allowed": 1.0}])
    assert (summary["sets"], summary["within what is allowed"]) == (2, 1)
    assert (summary["median ratio"], summary["largest ratio"]) == (pytest.approx(1.1), pytest.approx(1.2))


def test_seconds_of_different_days_are_not_compared() -> None:
    ours = run("a", OURS, 0.6, process_s=6.0, import_s=4.0)
    assert allowed_time([ours, run("a", "IForest", 0.6, measured="yesterday")], TABLES) == []
    assert allowed_time([ours], TABLES) == []
    assert allowed_time([run("a", OURS, None, import_s=4.0), run("a", "IForest", 0.6)], TABLES) == []
    assert allowed_time_summary([]) == []


def test_failures_are_listed_with_their_seeds_and_reasons() -> None:
    runs = [run("a", "CBLOF", None, seed=1), run("a", "CBLOF", None), run("a", "PCA", 0.5)]
    assert failures(runs) == [{"detector": "CBLOF", "set": "a", "seeds": "0, 1", "why": "it broke"}]
