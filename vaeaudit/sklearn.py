"""vaeaudit's outlier score as a scikit-learn outlier detector."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from vaeaudit.config import FitConfig, Preset, ReadConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.reading.assemble import MIN_ROWS
from vaeaudit.data.reading.load import load
from vaeaudit.data.reading.load_like import load_like
from vaeaudit.data.schema.columns import Kind
from vaeaudit.errors import VaeauditError
from vaeaudit.statistics.multiplicity import benjamini_hochberg
from vaeaudit.workflow.builder import learn_detector


class BetaVAEDetector(OutlierMixin, BaseEstimator):
    """The outlier score of `vaeaudit fit`, for arrays and DataFrames in memory.

    It keeps the name that it had when the score was a beta-VAE's. Now it is made of five questions
    (`vaeaudit.scoring.table_score`), of which only the network that tells each cell from the others is learned: no
    beta-VAE takes part, and none is trained.

    An array is read as real numbers, as `vaeaudit fit X.npy` reads it. The columns of a DataFrame keep their kinds:
    categories, booleans and dates are modelled as such. Missing values are allowed in both.

    Parameters
    ----------
    preset
        How long the network may train: `quick`, `standard` (as `vaeaudit fit` by default) or `thorough`.
    fdr
        False-discovery rate at which rows of the training data are called outliers (Benjamini, Hochberg 1995).
    contamination
        Share of the training data to call outliers instead, whatever their p-values say; `"auto"`: as `fdr` says.
    config
        All other settings; its rate and seed are overruled by those given here.
    random_state
        Seed, or a source of one. An int gives the scores of `vaeaudit fit --seed` with the same int.

    Attributes
    ----------
    detector_ : vaeaudit.workflow.trained.table.Detector
        Columns, and what rows are compared with.
    offset_ : float
        `decision_function` is `score_samples - offset_`: below 0, a row is called an outlier.
    n_features_in_, feature_names_in_
        As everywhere in scikit-learn.

    Examples
    --------
    >>> from vaeaudit.sklearn import BetaVAEDetector
    >>> labels = BetaVAEDetector(random_state=0).fit_predict(X)  # doctest: +SKIP
    """

    def __init__(
        self,
        *,
        preset: str = Preset.QUICK.value,
        fdr: float = 0.05,
        contamination: float | str = "auto",
        config: FitConfig | None = None,
        random_state: Any = None,
    ) -> None:
        self.preset = preset
        self.fdr = fdr
        self.contamination = contamination
        self.config = config
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the rows.

        Parameters
        ----------
        X
            [N, C] array or DataFrame, N >= 20.
        y
            Ignored.

        Raises
        ------
        ValueError
            Where the rows cannot be read, or are too few.
        """
        if not self._is_auto and not (isinstance(self.contamination, float) and 0 < self.contamination <= 0.5):
            raise ValueError(f"contamination: expected a share in (0, 0.5] or 'auto', found {self.contamination!r}.")
        frame = self._frame(X, reset=True)
        if len(frame) < MIN_ROWS:
            raise ValueError(f"n_samples = {len(frame)}: at least {MIN_ROWS} rows are needed.")
        kinds = {} if isinstance(X, pd.DataFrame) else _real_where_it_varies(frame)
        try:
            dataset = load(frame, ReadConfig(kinds=kinds))
            _require_all(dataset, len(frame))
            detector = learn_detector(dataset, self._config())
        except VaeauditError as error:
            raise ValueError(str(error)) from error
        self.detector_ = detector
        self.offset_ = self._offset(detector.training_score, detector.training_p)
        return self

    def score_samples(self, X: Any) -> npt.NDArray[np.float64]:
        """Return minus the outlier score [N], in nats: the lower, the more atypical.

        Parameters
        ----------
        X
            [N, C]; rows that `fit` was given get the scores that they got there.

        Raises
        ------
        ValueError
            Where the rows do not fit those of `fit`.
        """
        check_is_fitted(self)
        frame = self._frame(X, reset=False)
        try:
            rows = load_like(frame, self.detector_.schema, ReadConfig())
            _require_all(rows.dataset, len(frame))
            return -self.detector_.score(rows)
        except VaeauditError as error:
            raise ValueError(str(error)) from error

    def decision_function(self, X: Any) -> npt.NDArray[np.float64]:
        """Return `score_samples(X) - offset_` [N]: below 0 for outliers.

        Parameters
        ----------
        X
            [N, C].
        """
        return np.asarray(self.score_samples(X) - self.offset_)

    def predict(self, X: Any) -> npt.NDArray[np.int64]:
        """Return -1 for outliers and 1 for all other rows [N].

        Parameters
        ----------
        X
            [N, C].
        """
        return np.where(self.decision_function(X) < 0, -1, 1)

    def __sklearn_tags__(self) -> Tags:
        """Say that missing values are welcome, and that a fit is random without a seed."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.non_deterministic = self.random_state is None
        return tags

    def _config(self) -> FitConfig:
        base = self.config or FitConfig(preset=Preset(self.preset))
        seed = self.random_state
        if not isinstance(seed, int | np.integer):
            seed = check_random_state(seed).randint(2**31)
        return replace(
            base,
            analysis=replace(base.analysis, fdr=self.fdr),
            seed=int(seed),
        )

    @property
    def _is_auto(self) -> bool:
        return self.contamination == "auto"

    def _offset(self, score: npt.NDArray[np.float64], p_value: npt.NDArray[np.float64]) -> float:
        """Return minus the score from which on a row is called an outlier.

        As many rows of the training data are as are flagged among them, those of highest score; where none is, none.
        """
        if not self._is_auto:
            return float(np.percentile(-score, 100 * float(self.contamination)))
        flagged = int((benjamini_hochberg(p_value) <= self.fdr).sum())
        ordered = np.sort(score)[::-1]
        if flagged in {0, len(ordered)}:
            return float(
                -np.nextafter(ordered[0] if flagged == 0 else ordered[-1], np.inf if flagged == 0 else -np.inf)
            )
        return float(-(ordered[flagged - 1] + ordered[flagged]) / 2)

    def _frame(self, X: Any, *, reset: bool) -> pd.DataFrame:
        """Check X as scikit-learn does; kinds of a DataFrame's columns are ours to check."""
        if isinstance(X, pd.DataFrame):
            validate_data(self, X, skip_check_array=True, reset=reset)
            return X.rename(columns=str)
        values = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=reset)
        return pd.DataFrame(values, columns=[f"x{place}" for place in range(values.shape[1])])


def _real_where_it_varies(frame: pd.DataFrame) -> dict[str, str]:
    """Declare every column real that is not constant: what holds one value has no kind of its own."""
    varying = frame.columns[(frame.min() < frame.max()).to_numpy()]
    return dict.fromkeys(varying, Kind.REAL.value)


def _require_all(dataset: Dataset, n_rows: int) -> None:
    if len(dataset) != n_rows:
        raise ValueError(f"{n_rows - len(dataset):,} of {n_rows:,} rows hold no value at all: leave them out.")
