"""What is known of a table's rows is the same when they are scored again, and tells wrong cells from the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from vaeaudit.config import ConditionalsConfig, FitConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.encoding.table_encoding import Encoding, fit_encoding
from vaeaudit.data.schema.columns import Kind
from vaeaudit.outputs.latents import CellExpectations, LatentCodes
from vaeaudit.outputs.row_scores import RowScores
from vaeaudit.scoring.cells import find_cells, named_partner
from vaeaudit.scoring.joined import row_p_values
from vaeaudit.scoring.state import TableScore
from vaeaudit.statistics.multiplicity import benjamini_hochberg
from vaeaudit.workflow.trained.cells import check_cells
from vaeaudit.workflow.trained.table_score import REASONS, RowEvidence, folds_of, judge_other, judge_own, network_of

N = 1200
BROKEN = np.arange(8)


def columns_of(n_rows: int = N) -> dict[str, tuple[Any, Kind]]:
    """Weight follows height, class follows age; the first rows are tall people with the weight of small ones."""
    generator = np.random.default_rng(0)
    height, age = generator.normal(170, 10, n_rows), generator.uniform(5, 18, n_rows)
    height[BROKEN] = 184 + BROKEN
    weight = 0.9 * height - 80 + generator.normal(0, 2, n_rows)
    weight[BROKEN] -= 25
    return {
        "height": (height, Kind.REAL),
        "weight": (weight, Kind.REAL),
        "age": (age, Kind.REAL),
        "class": (np.array(list("abcd"), object)[np.digitize(age, [8, 11, 14])], Kind.ORDINAL),
        "town": (generator.choice(list("uvw"), n_rows), Kind.CATEGORY),
        "noise": (generator.normal(size=n_rows), Kind.REAL),
    }


@dataclass(frozen=True)
class Scored:
    """A table, and what is known about its rows."""

    dataset: Dataset
    encoding: Encoding
    config: FitConfig
    judged: RowEvidence
    score: TableScore

    @property
    def codes(self) -> LatentCodes:
        """As of a beta-VAE that learned nothing."""
        n_rows = len(self.dataset)
        flat, nothing = np.zeros(n_rows), np.zeros((n_rows, 1))
        latents = {"mean": nothing, "stddev": nothing + 1, "kl": nothing}
        bounds = {"log_likelihood": flat, "iwae": flat, "unit_correction": flat}
        reasons = {"reason_column": nothing.astype(int), "reason_nats": nothing, "reason_p": nothing}
        held_out = np.zeros(n_rows, bool)
        return self.judged.join(
            LatentCodes(**latents, **bounds, **reasons, held_out=held_out, columns=self.encoding.names)
        )

    @property
    def rows(self) -> RowScores:
        score = self.score.joined.score(self.judged.surprises)
        p_value = row_p_values(score, self.judged.surprises)
        outlier, ones = benjamini_hochberg(p_value) <= 0.05, np.ones(len(score))
        return RowScores(score, p_value, outlier, ones, ones, "", 0.05)

    def again(self, frame: Any) -> RowEvidence:
        return judge_other(self.encoding, frame, self.dataset.schema, self.score, self.config)


def scored_of(dataset: Dataset) -> Scored:
    encoding = fit_encoding(dataset, max_levels=255)
    config = FitConfig(conditionals=ConditionalsConfig(steps=500, width=48))
    return Scored(dataset, encoding, config, *judge_own(encoding, dataset.frame, dataset.schema, config))


@pytest.fixture(scope="module")
def scored(dataset_of: Callable[..., Dataset]) -> Scored:
    return scored_of(dataset_of(columns_of()))


@pytest.fixture(scope="module")
def cells(scored: Scored) -> CellExpectations:
    fold = folds_of(scored.score.feature.encode(scored.dataset.frame, scored.dataset.schema), scored.score)
    network = network_of(scored.encoding, scored.score, scored.config)
    frame, typical = scored.dataset.frame, scored.score.typical
    return check_cells(network, frame, scored.codes, scored.rows, fold=fold, typical=typical)


def test_the_codes_say_five_surprises_and_the_cells_that_tell_most(scored: Scored) -> None:
    codes = scored.codes
    assert codes.surprises is not None
    assert codes.surprises.shape == (N, 5)
    assert np.isfinite(codes.surprises).all()
    assert codes.reason_column.shape == codes.reason_nats.shape == codes.reason_p.shape == (N, REASONS)
    assert all(len(set(row)) == REASONS for row in codes.reason_column.tolist())
    assert scored.score.n_folds == 3
    assert scored.score.typical.shape == scored.score.tail.shape[1:] == (6,)


def test_broken_cells_are_the_first_reasons_of_their_rows_and_improbable(scored: Scored) -> None:
    codes = scored.codes
    assert set(np.array(codes.columns)[codes.reason_column[BROKEN, :2]].ravel()) == {"weight", "height"}
    assert codes.reason_p[BROKEN, 0].max() < np.quantile(codes.reason_p[8:, 0], 0.01)
    assert scored.rows.outlier_score[BROKEN].min() > np.quantile(scored.rows.outlier_score[8:], 0.98)


def test_rows_scored_again_get_what_they_got(scored: Scored) -> None:
    again = scored.again(scored.dataset.frame)
    for name in ("surprises", "reason_column", "reason_nats", "reason_p"):
        np.testing.assert_array_equal(getattr(again, name), getattr(scored.judged, name), err_msg=name)


def test_a_few_rows_scored_alone_get_what_they_got_among_the_others(scored: Scored) -> None:
    some = np.array([0, 3, 40, 777, 1100])
    alone = scored.again(scored.dataset.frame.iloc[some])
    score = scored.score.joined.score
    np.testing.assert_allclose(score(alone.surprises), score(scored.judged.surprises)[some], atol=0.05)
    np.testing.assert_allclose(alone.reason_nats[:, 0], scored.judged.reason_nats[some, 0], atol=2e-3)


def test_what_a_score_keeps_is_enough_to_score_by(scored: Scored) -> None:
    kept = TableScore.from_arrays(scored.score.to_arrays())
    codes = judge_other(scored.encoding, scored.dataset.frame, scored.dataset.schema, kept, scored.config)
    np.testing.assert_array_equal(codes.surprises, scored.judged.surprises)


def test_the_broken_cells_are_looked_at_with_the_p_value_that_they_have_as_reasons(
    scored: Scored, cells: CellExpectations
) -> None:
    codes = scored.codes
    place = find_cells(cells, BROKEN, codes.reason_column[BROKEN, 0], 6)
    assert (place >= 0).all()
    np.testing.assert_allclose(cells.p_value[place], codes.reason_p[BROKEN, 0])
    np.testing.assert_allclose(cells.nats[place], codes.reason_nats[BROKEN, 0], atol=2e-3)
    assert len(np.unique(cells.row * 6 + cells.column)) == len(cells)


def test_a_broken_cell_is_expected_to_hold_what_it_held_and_contradicts_one_other(
    scored: Scored, cells: CellExpectations
) -> None:
    frame, weight = scored.dataset.frame, scored.codes.columns.index("weight")
    place = find_cells(cells, BROKEN, np.full(len(BROKEN), weight), 6)
    assert (place >= 0).all()
    held = frame["weight"].iloc[BROKEN] + 25
    assert np.mean((cells.low[place] <= held) & (held <= cells.high[place])) > 0.7
    assert np.all(cells.low[place] > frame["weight"].iloc[BROKEN])
    partners = named_partner(cells)[place]
    assert np.mean(partners == scored.codes.columns.index("height")) > 0.7


def test_rows_that_come_first_by_one_question_have_their_reasons_looked_at(
    scored: Scored, cells: CellExpectations
) -> None:
    codes = scored.codes
    assert codes.surprises is not None
    first = np.unique(codes.surprises.argmax(axis=0))
    assert np.all(np.isin(first, cells.row) | (codes.reason_nats[first].max(axis=1) < 0.5))


def test_where_no_question_was_asked_no_cells_are_checked(scored: Scored) -> None:
    network = network_of(scored.encoding, scored.score, scored.config)
    with pytest.raises(ValueError, match="surprises"):
        check_cells(
            network,
            scored.dataset.frame,
            replace(scored.codes, surprises=None),
            scored.rows,
            fold=np.zeros(N, int),
            typical=scored.score.typical,
        )


def test_too_few_rows_for_folds_are_judged_by_one_member(dataset_of: Callable[..., Dataset]) -> None:
    few = scored_of(dataset_of(columns_of(24)))
    assert few.score.n_folds == 1
    assert len(few.score.network[0]) == 1
    again = few.again(few.dataset.frame)
    np.testing.assert_array_equal(again.surprises, few.judged.surprises)
