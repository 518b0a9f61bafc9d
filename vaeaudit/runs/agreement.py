"""Whether the files of a run agree with each other: each is sound by itself when it gets here.

Every function raises ValueError, in one line, where they do not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.config import FitConfig, Objective
from vaeaudit.data.encoding.image_encoding import ImageEncoding
from vaeaudit.data.encoding.rows import AnyEncoding
from vaeaudit.data.images.measured_columns import MEANINGS
from vaeaudit.data.schema.columns import Column, Kind, Schema
from vaeaudit.outputs.beta_trials import BetaTrials
from vaeaudit.outputs.changes import ROW_ORDER, Change
from vaeaudit.outputs.condition_swaps import ConditionSwaps
from vaeaudit.outputs.images import Pictures, usable_scales
from vaeaudit.outputs.label_predictions import LabelPredictions
from vaeaudit.outputs.ladder import Ladder
from vaeaudit.outputs.latents import CellExpectations, LatentCodes
from vaeaudit.outputs.record import FloatArray, IntArray
from vaeaudit.outputs.region_rules import Condition, RegionRule, latent_of
from vaeaudit.outputs.table_rules import TableRules
from vaeaudit.runs.documents import Architecture
from vaeaudit.scoring.state import ImageScoring, TableScore, TableScoring
from vaeaudit.scoring.vector_score import VectorScore

#: Seconds since 1970 that pandas can write as a date, on either side.
_FARTHEST = 9.2e9


def check_codes(codes: LatentCodes, encoding: AnyEncoding, schema: Schema) -> None:
    """Codes name the columns of the encoding."""
    if codes.columns != encoding.names:
        raise ValueError("its columns are not those of the encoding")
    has_statistics = codes.image_statistics is not None
    if has_statistics != isinstance(encoding, ImageEncoding):
        raise ValueError("expected image_statistics of pictures, and of nothing else")
    if codes.surprises is None or codes.surprises.shape[1] != len(codes.questions):
        raise ValueError("expected surprises of every question")
    _check_positions(codes.reason_column, len(encoding.names), "reason_column")


def check_cells(cells: CellExpectations, n_rows: int, encoding: AnyEncoding, schema: Schema) -> None:
    """Cells lie in the table, and expect what their columns can hold."""
    n_columns = len(encoding.names)
    for name, size in (("row", n_rows), ("column", n_columns), ("partner", n_columns)):
        _check_positions(getattr(cells, name), size, name)
    for place, name in enumerate(encoding.names):
        of_column = cells.column == place
        _check_cells_of(cells.low[of_column], schema[name])
        _check_cells_of(cells.high[of_column], schema[name])


def check_cell_values(values: FloatArray, encoding: AnyEncoding, schema: Schema) -> None:
    """Values [..., C] are such as the modelled columns can hold; NaN for a level without a name, and what is given."""
    for place, name in enumerate(encoding.names):
        cells = values[..., place]
        may_lack = schema[name].kind.is_levelled or schema[name].given
        if np.isinf(cells).any() or (np.isnan(cells).any() and not may_lack):
            raise ValueError(f"expected finite numbers of {name!r}")
        _check_cells_of(cells, schema[name])


def _check_cells_of(values: FloatArray, column: Column) -> None:
    known = values[~np.isnan(values)]
    low, high = {True: (0.0, max(len(column.levels) - 1, 0)), False: (-np.inf, np.inf)}[column.kind.is_levelled]
    if column.kind is Kind.DATETIME:
        low, high = -_FARTHEST, _FARTHEST
    if ((known < low) | (known > high)).any():
        raise ValueError(f"a cell of {column.name!r} is expected to hold what it cannot")


def _check_positions(positions: IntArray, size: int, name: str) -> None:
    if positions.size and not -1 <= positions.min() <= positions.max() < size:
        raise ValueError(f"{name} must hold positions below {size:,}")


def check_swaps(swaps: ConditionSwaps, n_rows: int, schema: Schema) -> None:
    """Check that swaps are of the given columns, and speak of rows, columns and levels that there are."""
    if [swap.column for swap in swaps.columns] != [column.name for column in schema.given]:
        raise ValueError("its columns are not those that the model is given")
    for swap in swaps.columns:
        _check_positions(swap.group, len(swap.given), "group")
        _check_cells_of(swap.given, schema[swap.column])
        strange = sorted(set(swap.quantity) - {*schema.names, *MEANINGS})
        if len(swap.group) != n_rows or strange:
            raise ValueError(f"expected {n_rows:,} rows and columns of the run, found {len(swap.group):,}, {strange}")
        for name, level in zip(swap.quantity, swap.level, strict=True):
            if level >= 0 and level >= len(schema[name].levels):
                raise ValueError(f"{name!r} has no level {level}")


def check_pictures(pictures: Pictures, n_rows: int, encoding: AnyEncoding) -> None:
    """Pictures are of the run's rows, and of its size."""
    _check_positions(pictures.rows, n_rows, "rows")
    _check_positions(pictures.thumbnail_rows, n_rows, "thumbnail_rows")
    if isinstance(encoding, ImageEncoding):
        size = (encoding.height, encoding.width, encoding.channels)
        if pictures.originals.shape[1:] != size:
            raise ValueError(f"originals must be pictures of {size}, found {pictures.originals.shape[1:]}")


def check_rules(rules: Sequence[RegionRule], schema: Schema, n_latents: int) -> None:
    """Rules are over columns of the run, or its latents, and compare what can be compared."""
    for condition in (condition for rule in rules for condition in rule.rule):
        if condition.column in schema:
            _check_condition(condition, schema[condition.column])
        elif latent_of(condition.column, n_latents) is None:
            raise ValueError(f"{condition.column!r} is neither a column nor a latent of the run")
        elif condition.op != "between" or any(isinstance(bound, str) for bound in condition.value):
            raise ValueError(f"{condition.column}: a latent lies between two numbers")


def check_table_rules(rules: TableRules, schema: Schema, n_rows: int) -> None:
    """Rules of the table speak of its columns and rows."""
    named = {name for rule in rules.rules for name in rule.columns} | {name for tie in rules.ties for name in tie}
    strange = sorted(named - set(schema.names))
    if strange or tuple(rules.order) != schema.names:
        raise ValueError(f"the columns are not those of the run: {strange or list(rules.order)}")
    if any(not 0 <= row < n_rows for rule in rules.rules for row in rule.exception_rows):
        raise ValueError(f"a row that breaks a rule is not among the {n_rows} of the run")


def check_changes(changes: Sequence[Change], schema: Schema) -> None:
    """Check that changes speak of the table's columns."""
    for change in changes:
        named = {change.column, *change.alike, *({change.along} - {ROW_ORDER})}
        strange = sorted(named - set(schema.names))
        if strange:
            raise ValueError(f"the columns are not those of the run: {strange}")
        for condition in (change.rule, *change.within):
            if condition.column not in schema:
                raise ValueError(f"the columns are not those of the run: {[condition.column]}")
            _check_condition(condition, schema[condition.column])


def _check_condition(condition: Condition, column: Column) -> None:
    if condition.op != "between":
        return
    bounds = [bound for bound in condition.value if bound is not None]
    is_date = column.kind is Kind.DATETIME
    if not (column.kind.is_numeric or is_date) or any(isinstance(bound, str) != is_date for bound in bounds):
        raise ValueError(f"{column.name}: its values do not lie between {condition.value}")
    if is_date and any(pd.Timestamp(bound).tzinfo is not None for bound in bounds):
        raise ValueError(f"{column.name}: its values have no time zone")


def check_scoring(
    scoring: TableScoring | ImageScoring, encoding: AnyEncoding, schema: Schema, config: FitConfig
) -> None:
    """Scoring is of the same kind of data, the same features and the same network."""
    if isinstance(scoring, TableScoring) == isinstance(encoding, ImageEncoding):
        raise ValueError(f"{type(scoring).__name__} is not of this kind of data")
    if isinstance(scoring, TableScoring):
        _check_score(scoring.score, encoding, schema, config)
    elif isinstance(encoding, ImageEncoding):
        found = [(scale.factor, scale.side) for scale in scoring.patch.residual]
        if found != list(usable_scales(encoding.height, encoding.width)[: len(found)]):
            raise ValueError(f"patches of {found} are not those of pictures of this size")


def _check_score(score: TableScore | VectorScore, encoding: AnyEncoding, schema: Schema, config: FitConfig) -> None:
    if isinstance(score, VectorScore):
        if score.geometry.letters["F"] != len(encoding.names):
            raise ValueError("geometry is not of the columns of the run")
        return
    if not score.feature.fits(schema):
        raise ValueError("feature_sizes are not those of the columns")
    if score.typical.shape != (len(encoding.names),):
        raise ValueError("typical is not of the columns of the run")
    if score.network[0].shape[0] != score.n_folds:
        raise ValueError(f"the network must have {score.n_folds} members")
    if score.network[0].shape[-1] != config.conditionals.width:
        raise ValueError(f"the network must have layers of width {config.conditionals.width}")


def check_architecture(
    architecture: Architecture, weights: Mapping[str, npt.NDArray[Any]], encoding: AnyEncoding, config: FitConfig
) -> None:
    """Architecture, settings, columns and weights are those of one model."""
    if architecture.config != config.model:
        raise ValueError("its configuration is not that of the run")
    if architecture.columns != encoding.names:
        raise ValueError("its columns are not those of the run's schema")
    shapes = [values.shape for _, values in sorted(weights.items())]
    if shapes != [entry.shape for entry in architecture.weights]:
        raise ValueError("its weights are not those of weights.npz")


def check_beta_trials(trials: BetaTrials, beta: float) -> None:
    """Raise ValueError where trials are not of rising betas, or not of the one that the run has."""
    if np.any(np.diff(trials.beta) <= 0) or beta not in trials.beta:
        raise ValueError(f"expected rising values of beta, {beta:g} among them, found {trials.beta.tolist()}")


def check_label_predictions(told: LabelPredictions, frame: pd.DataFrame, schema: Schema) -> None:
    """Raise ValueError where rows are told that there are not, or have another label than the run's."""
    _check_positions(told.row, len(frame), "row")
    if schema.label is None or len(np.unique(told.row)) != len(told.row):
        raise ValueError("expected each row once, and a label")
    if list(frame[schema.label.name].iloc[told.row]) != [told.classes[code] for code in told.label]:
        raise ValueError("label must hold the classes of the run's rows")


def check_ladder(ladder: Ladder, n_rows: int) -> None:
    """Raise ValueError where models beside are of other objectives than there are, or shown at rows there are not."""
    unknown = set(ladder.objective) - set(Objective)
    if unknown:
        raise ValueError(f"objective {sorted(unknown)[0]!r} is none of {', '.join(Objective)}")
    _check_positions(ladder.shown, n_rows, "shown")
    _check_positions(ladder.axes, ladder.active.shape[1], "axes")
