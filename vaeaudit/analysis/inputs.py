"""What an analysis needs: the rows, what the model knows about them, and the facts of the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit import __version__
from vaeaudit.config import Objective, Stopped
from vaeaudit.data.dataset import RowAccounting
from vaeaudit.data.schema.columns import Schema
from vaeaudit.outputs.beta_trials import BetaTrials
from vaeaudit.outputs.changes import Change
from vaeaudit.outputs.condition_swaps import ConditionSwaps
from vaeaudit.outputs.images import Pictures
from vaeaudit.outputs.judgements import Judgement
from vaeaudit.outputs.label_doubts import LabelDoubts
from vaeaudit.outputs.label_predictions import LabelPredictions
from vaeaudit.outputs.ladder import Ladder
from vaeaudit.outputs.latents import CellExpectations, LatentCodes, LatentSpace
from vaeaudit.outputs.plantings import Plantings
from vaeaudit.outputs.record import BoolArray, FloatArray
from vaeaudit.outputs.row_pairs import RowPairs
from vaeaudit.outputs.row_scores import RowScores
from vaeaudit.outputs.table_rules import NO_RULES, TableRules
from vaeaudit.scoring.rarity.rareness import Rareness
from vaeaudit.statistics.measures import Count, NonNegative


@dataclass(frozen=True)
class SourceFacts:
    """What was audited; `fingerprint` is the SHA-256 of the source."""

    name: str
    kind: str
    fingerprint: str


@dataclass(frozen=True)
class RunFacts:
    """Which run it was: `created` in UTC, all settings as resolved, versions of packages, seconds per phase.

    `commands` make run and report again; empty where nobody was asked for them.
    """

    id: str
    created: str
    seed: Count
    config: Mapping[str, Any]
    data: SourceFacts
    versions: Mapping[str, str]
    timings: Mapping[str, NonNegative]
    commands: str = ""


@dataclass(frozen=True)
class Tool:
    """What wrote the document."""

    name: Literal["vaeaudit"] = "vaeaudit"
    version: str = __version__


@dataclass(frozen=True)
class ModelFacts:
    """What training left behind, as plain values.

    Attributes
    ----------
    objective, beta
        As in `ModelConfig`.
    epochs, stopped, seconds
        How long training took, and why it ended: `converged` or `epochs`.
    baseline_nats
        Held-out mean log-likelihood of the same rows under independent columns fitted to the training rows, in the
        same units as `LatentCodes.log_likelihood`.
    gain_sd
        Standard deviation, over these rows, of what the model's ELBO gains on it.
    history
        One array [epochs] per curve: `loss`, `val_loss`, `kl`, `val_elbo`, `active`.
    traversals, traversal_positions
        [L, T, C]: what the decoder expects of each modelled column (numbers, seconds, or positions of levels) while
        latent l stands at the position [T] and all others at 0.
    iwae_samples
        S of `LatentCodes.iwae`; 0 where it is not known.
    """

    objective: Objective
    beta: float
    epochs: int
    stopped: Stopped
    seconds: float
    baseline_nats: float
    gain_sd: float
    history: Mapping[str, FloatArray]
    traversals: FloatArray
    traversal_positions: FloatArray
    iwae_samples: int = 0


@dataclass(frozen=True)
class Reference:
    """Another dataset that the rows are compared with, as the run's model sees it; all have its M rows.

    Attributes
    ----------
    name, fingerprint
        What its source is called, and the SHA-256 of its bytes.
    frame
        [M, C]; columns and kinds are those of the audited table, and so are levels, behind which stand those that only
        the reference has. A column that the reference lacks is all missing, and named in `lacking`.
    codes
        Of its rows under the run's model; none of them was trained on.
    outlier
        [M]; rows that are set aside before anything is counted.
    lacking
        Columns of the audited table that the reference does not have.
    notes
        What was met while it was read (columns that only it has, levels that the audited table does not know …).
    """

    name: str
    fingerprint: str
    frame: pd.DataFrame
    codes: LatentCodes
    outlier: BoolArray
    lacking: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, size in (("codes", len(self.codes)), ("outlier", len(self.outlier))):
            if size != len(self.frame):
                raise ValueError(f"{name} must have {len(self.frame)} rows like the frame, found {size}")


@dataclass(frozen=True)
class AuditInputs:
    """Everything an audit starts from; `frame`, `row_ids`, `codes` and `scores` share their N rows.

    Attributes
    ----------
    frame, schema, row_ids
        [N, C] rows, stored as `Dataset.frame` is; their columns; their names [N].
    codes, scores
        What the model knows about each row, and what follows from it.
    model
        What training left behind.
    accounting, quarantine, notes
        Of the reading, as in `Dataset`.
    run
        id, created, seed, config, data{name, kind, fingerprint}, versions and timings, as `report.json` shows them.
    pictures
        The pictures that the run kept; None for tables.
    aspects
        [N] text; what about each picture is most atypical; None for tables.
    latent_space
        What the run measured of continuity and completeness; None where it did not.
    swaps
        What the decoder expects of held-out rows under other conditions; None where the model is given none.
    pairs
        Rows that occur more than once, as the run found them; None where it did not look.
    reference
        The dataset to compare with; None where none was given.
    member_means
        [K, N, L]; posterior means of the rows under K refits from other seeds; None where there were none.
    decoded_regions
        Tables: by `region_key`, [P, C] what the decoder expects of each modelled column at P points of a region, as
        in `traversals`.
    rules
        What holds in the table by construction.
    changes
        What changes along a date, or depends on the order of the rows.
    rareness
        What rarity and weights are made from; None where it is not known.
    label_doubts
        What the rest of the data says of each row's label; None without a label, and where nothing could tell it.
    cells
        What is expected in the cells of a table that surprise; None for pictures and embeddings.
    plantings
        What became of faults planted in copies of the rows; None where none were.
    judgements
        The last word of each reader on each thing of a list.
    beta_trials
        What short trainings said of each beta; None where it was not chosen by them.
    label_predictions
        What a classifier on the latents says of held-out rows; None where none was trained.
    """

    frame: pd.DataFrame
    schema: Schema
    row_ids: npt.NDArray[np.object_]
    codes: LatentCodes
    scores: RowScores
    model: ModelFacts
    accounting: RowAccounting
    quarantine: pd.DataFrame
    notes: tuple[str, ...]
    run: RunFacts
    pictures: Pictures | None = None
    aspects: npt.NDArray[np.object_] | None = None
    latent_space: LatentSpace | None = None
    swaps: ConditionSwaps | None = None
    pairs: RowPairs | None = None
    reference: Reference | None = None
    member_means: FloatArray | None = None
    decoded_regions: Mapping[str, FloatArray] = field(default_factory=dict)
    rules: TableRules = NO_RULES
    changes: tuple[Change, ...] = ()
    rareness: Rareness | None = None
    cells: CellExpectations | None = None
    plantings: Plantings | None = None
    label_doubts: LabelDoubts | None = None
    judgements: tuple[Judgement, ...] = ()
    ladder: Ladder | None = None
    beta_trials: BetaTrials | None = None
    label_predictions: LabelPredictions | None = None

    @property
    def weight(self) -> FloatArray | None:
        """[N]; how much each row counts, the largest as 1, so that no sum is too large; None where nobody said."""
        column = self.schema.weight
        if column is None:
            return None
        held = self.frame[column.name].to_numpy(np.float64)
        scaled: FloatArray = held / held.max(initial=np.finfo(np.float64).tiny)
        return scaled

    def __post_init__(self) -> None:
        n_rows = len(self.frame)
        sizes = {"row_ids": len(self.row_ids), "codes": len(self.codes), "scores": len(self.scores.outlier_score)}
        optional = {name: getattr(self, name) for name in ("pairs", "aspects", "label_doubts")}
        sizes |= {name: len(value) for name, value in optional.items() if value is not None}
        for name, size in sizes.items():
            if size != n_rows:
                raise ValueError(f"{name} must have {n_rows} rows like the frame, found {size}")
