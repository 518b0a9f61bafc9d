"""A trained model, and what scoring rows by it needs: of a table or of pictures; who holds one need not ask which."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, Self, TypeVar, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.analysis.coverage.results import Region
from vaeaudit.analysis.grouping.together import rows_held_together
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.config import FitConfig, ModelConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.encoding.label_encoding import RowLabels, row_labels
from vaeaudit.data.encoding.rows import AnyEncoding, Rows
from vaeaudit.data.reading.load_like import OtherData
from vaeaudit.data.schema.columns import Schema
from vaeaudit.errors import InconclusiveError, RunError
from vaeaudit.models.condition_swaps import Expected, swap_conditions
from vaeaudit.models.fitting.betas import try_betas
from vaeaudit.models.fitting.build import architecture, rebuild, resolve, weights
from vaeaudit.models.fitting.ladder import climb
from vaeaudit.models.fitting.members import train_members
from vaeaudit.models.fitting.training import Training, TrainingState, split_held_out, train
from vaeaudit.models.inference import class_probabilities
from vaeaudit.models.latent_space import measure_latent_space
from vaeaudit.models.vae import BetaVAE
from vaeaudit.outputs.beta_trials import BetaTrials
from vaeaudit.outputs.condition_swaps import ConditionSwaps
from vaeaudit.outputs.images import Pictures
from vaeaudit.outputs.label_predictions import LabelPredictions
from vaeaudit.outputs.ladder import Ladder
from vaeaudit.outputs.latents import CellExpectations, LatentCodes, LatentSpace, Members
from vaeaudit.outputs.record import BoolArray, FloatArray, IntArray, PixelArray
from vaeaudit.outputs.row_scores import RowScores
from vaeaudit.progress import Listener
from vaeaudit.runs.artifacts import Traversals
from vaeaudit.runs.directory import PartialRun
from vaeaudit.runs.reading import Run
from vaeaudit.scoring.rarity.rareness import LatentDensities, fit_density
from vaeaudit.scoring.state import ImageScoring, TableScoring

OnRows = Callable[[int], None]
RowsT = TypeVar("RowsT", bound=Rows)
ScoringT = TypeVar("ScoringT", TableScoring, ImageScoring)


@dataclass(frozen=True)
class Prepared(Generic[RowsT]):
    """The rows of a dataset as a model reads them.

    Attributes
    ----------
    encoding, rows
        How rows become numbers, and all N of them as numbers.
    held_out
        [N]; rows that training does not see.
    config
        All settings, as resolved.
    labels
        Classes of the rows, for an objective that reads them; None for any other.
    """

    encoding: AnyEncoding
    rows: RowsT
    held_out: BoolArray
    config: FitConfig
    labels: RowLabels | None = None

    def try_betas(self, **how: Any) -> BetaTrials | None:
        """Train on a few rows with each beta and seed; see `models.fitting.betas.try_betas` for `how`."""
        return try_betas(self.encoding, self.rows, self.held_out, self.config, labels=self.labels, **how)

    def with_beta(self, beta: float) -> Self:
        """Return a copy whose settings have this beta."""
        return replace(self, config=self.config.with_overrides({"model": {"beta": beta}}))

    def train(self, partial: PartialRun | None = None, **how: Any) -> Training:
        """Train a model, from where a partial run was interrupted if there is one; see `models.train` for `how`."""
        config = self.config
        return train(
            self.encoding,
            self.rows,
            self.held_out,
            config.model,
            config.train,
            seed=config.seed,
            labels=self.labels,
            resume_from=TrainingState(arrays=partial.arrays, **partial.facts) if partial else None,
            **how,
        )

    def refit(self, listener: Listener) -> Members:
        """Train `config.train.members` models from other seeds."""
        return train_members(
            self.encoding,
            self.rows,
            held_out=self.held_out,
            model_config=self.config.model,
            config=self.config.train,
            seed=self.config.seed,
            labels=self.labels,
            on_progress=listener,
        )

    def tell_labels(self, labels: RowLabels, model: BetaVAE, listener: Listener) -> LabelPredictions:
        """Have this model, and one that was trained alike but draws its rows evenly, tell the label of held-out rows.

        `labels` are those that both learned from.
        """
        even = replace(self, config=self.config.with_overrides({"train": {"debias": False}}))
        before = even.train(on_progress=listener).model
        row = np.flatnonzero(self.held_out & (labels.codes >= 0))
        asked, label = self.rows.take(row), labels.codes[row]
        told = (class_probabilities(each, asked) for each in (before, model))
        return LabelPredictions(labels.classes, row, label, *told)

    def climb(self, model: BetaVAE, listener: Listener) -> Ladder:
        """Train the other models of the ladder as this one was, and measure all of them on the same rows."""

        def train_other(config: ModelConfig) -> BetaVAE:
            other = replace(self, config=replace(self.config, model=config), labels=None)
            return other.train(on_progress=listener).model

        return climb(train_other, model, self.rows, self.held_out, seed=self.config.seed)


@dataclass(frozen=True)
class Shown:
    """What a report shows of rows, made while the model is there; None where rows are not of that kind.

    Attributes
    ----------
    pictures
        Of pictures: originals, reconstructions, what is decoded in regions.
    decoded_regions
        Of a table: by key of a region, [P, C] what the decoder expects of each modelled column at P points.
    """

    pictures: Pictures | None = None
    decoded_regions: dict[str, FloatArray] | None = None


@dataclass(frozen=True)
class Sample:
    """A rows that the model made: the columns that it decodes, or those computed from pictures, and the pictures."""

    frame: pd.DataFrame
    pictures: PixelArray | None = None


#: Makes a row at each of some latents [A, L] that are given [A, E], or nothing.
Sampler = Callable[[FloatArray, FloatArray | None, np.random.Generator], Sample]


@dataclass(frozen=True)
class Trained(ABC, Generic[RowsT, ScoringT]):
    """A trained model.

    Attributes
    ----------
    model, schema, config
        With its weights; the columns of its rows; all settings, as resolved.
    scoring
        What rows are compared with.
    """

    model: BetaVAE
    schema: Schema
    config: FitConfig
    scoring: ScoringT

    # --- learning ---

    @classmethod
    def prepare(cls, dataset: Dataset, config: FitConfig) -> Prepared[RowsT]:
        """Encode the rows of a dataset, replace every "auto" of the settings, and choose the held-out rows.

        Raises
        ------
        InconclusiveError
            Where there are too few rows.
        UsageError
            Where the objective is to learn a label that cannot be told.
        """
        labels = row_labels(dataset.frame, dataset.schema) if config.model.objective.reads_label else None
        encoding, rows = cls.encode(dataset, config)
        config = resolve(config, encoding)
        together = rows_held_together(dataset)
        held_out = split_held_out(len(dataset), config.train.held_out, config.seed, together)
        return Prepared(encoding, rows, held_out, config, labels)

    @classmethod
    @abstractmethod
    def encode(cls, dataset: Dataset, config: FitConfig) -> tuple[AnyEncoding, RowsT]:
        """Return how the rows of a dataset become numbers, and all of them as numbers."""

    @classmethod
    @abstractmethod
    def learn(
        cls, training: Training, dataset: Dataset, prepared: Prepared[RowsT], on_rows: OnRows
    ) -> tuple[Self, LatentCodes, Training]:
        """Score the rows [N] that a model was trained on, and keep what other rows are to be compared with.

        The training comes back with its figures in the units of the rows.

        Raises
        ------
        InconclusiveError
            Where no latent carries information.
        """

    @classmethod
    def rebuild(cls, run: Run) -> Self:
        """Return what a complete run holds.

        Raises
        ------
        RunError
            Where its model cannot be used.
        """
        try:
            model = rebuild(*run.model_files, run.encoding, seed=run.config.seed)
        except RunError as error:
            raise RunError(f"{run.path}/{error.message}", hint=error.hint) from error
        return cls(model, run.schema, run.config, cast(ScoringT, run.scoring))  # of this kind, as the run has checked

    # --- scoring ---

    @abstractmethod
    def codes(self, other: OtherData, on_rows: OnRows) -> LatentCodes:
        """Return what the model knows about other rows; those it was trained on get the codes that they got then."""

    def row_scores(self, codes: LatentCodes) -> RowScores:
        """Return what follows for each row."""
        config = self.config.analysis
        score, rareness = self.scoring.score, self.scoring.densities.rareness(config)
        return score.joined.row_scores(codes, rareness, fdr=config.fdr, definition=score.definition)

    @abstractmethod
    def cells(self, frame: pd.DataFrame, codes: LatentCodes, scores: RowScores) -> CellExpectations | None:
        """Return what is expected in the cells that surprise; None where rows have no cells."""

    # --- showing ---

    @property
    def architecture(self) -> dict[str, Any]:
        """What the network is, as plain JSON."""
        return architecture(self.model)

    @property
    def weights(self) -> dict[str, npt.NDArray[Any]]:
        """Of the network, by name."""
        return weights(self.model)

    @abstractmethod
    def traversals(self) -> Traversals:
        """Return what the decoder expects of each modelled column along each latent; of no column for pictures."""

    def latent_space(self, rows: RowsT, codes: LatentCodes) -> LatentSpace:
        """Measure how the decoder fills the space between and around the rows."""
        return measure_latent_space(self.model, rows, codes, seed=self.config.seed)

    def given_to(self, inputs: AuditInputs, rows: IntArray) -> FloatArray | None:
        """Return what the model is given beside the latents of some rows [A, E]; None where it is given nothing."""
        return self.condition_of(inputs.frame.iloc[rows])

    def condition_of(self, frame: pd.DataFrame) -> FloatArray | None:
        """Return what the model is given beside the latents [A, E] where the cells are these; None for nothing."""
        condition = self.model.condition
        return None if condition is None else condition.encode(frame)

    def swaps(self, frame: pd.DataFrame, codes: LatentCodes) -> ConditionSwaps | None:
        """Return what the decoder expects of held-out rows under other conditions; None where it is given nothing."""
        condition = self.model.condition
        if condition is None:
            return None
        return swap_conditions(condition, frame, codes, self.expected, seed=self.config.seed, draw=self.draw)

    @abstractmethod
    def expected(self, z: FloatArray, condition: FloatArray) -> Expected:
        """Return what the decoder expects at latents [A, L] that are given [A, E]."""

    @property
    def draw(self) -> Callable[[FloatArray, FloatArray], PixelArray] | None:
        """What decodes pictures at latents [A, L] that are given [A, E]; None where rows are none."""
        return None

    @abstractmethod
    def sampler(self, frame: pd.DataFrame, z: FloatArray) -> Sampler:
        """Return what makes rows; what values occur is taken from the rows [N] of a frame, and a z [N, L] of each."""

    def posterior_means(self, pictures: PixelArray, condition: FloatArray | None) -> FloatArray:
        """Return posterior means [A, L] of pictures that are in no store, which are given [A, E]."""
        raise NotImplementedError

    @abstractmethod
    def shown(self, rows: RowsT, inputs: AuditInputs, regions: Sequence[Region]) -> Shown:
        """Return what a report shows of the rows that the model was trained on, and of what is missing among them."""

    @abstractmethod
    def decoded_in(self, inputs: AuditInputs, regions: Sequence[Region]) -> AuditInputs:
        """Return the inputs with what the model decodes in these regions, instead of those that the run knew."""


def fit_densities(codes: LatentCodes, config: FitConfig, parts: str) -> LatentDensities:
    """Fit the densities of the latents that rarity and weights follow.

    Parameters
    ----------
    codes
        Of the run's rows.
    config
        As resolved.
    parts
        What rows are made of, for the message.

    Raises
    ------
    InconclusiveError
        Where no latent carries information.
    """
    if not codes.active.any():
        raise InconclusiveError(
            f"No latent learned anything (mean KL {codes.kl.mean():.4f} nats) from {len(codes):,} rows: the {parts} "
            "look independent, the rows are too few, or beta is too high.",
            hint="Try a lower --beta or --preset thorough; `vaeaudit inspect` shows what enters the model.",
        )
    density = fit_density(codes.mean, codes.active, seed=config.seed, family=config.analysis.density)
    return LatentDensities.of(density, codes.mean)
