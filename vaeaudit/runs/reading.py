"""A complete run, as it is read: only what its manifest lists, and only where it is of the right shape."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy.typing as npt
import pandas as pd

from vaeaudit.config import FitConfig
from vaeaudit.data.encoding.image_encoding import ImageEncoding
from vaeaudit.data.encoding.rows import AnyEncoding
from vaeaudit.data.schema.columns import Schema
from vaeaudit.data.sources.image_store import PictureForm
from vaeaudit.data.sources.listing import sha256
from vaeaudit.errors import RunError
from vaeaudit.outputs.beta_trials import BetaTrials
from vaeaudit.outputs.changes import Change
from vaeaudit.outputs.condition_swaps import ConditionSwaps
from vaeaudit.outputs.images import Pictures
from vaeaudit.outputs.judgements import NO_JUDGEMENTS, Judgements
from vaeaudit.outputs.label_doubts import LabelDoubts
from vaeaudit.outputs.label_predictions import LabelPredictions
from vaeaudit.outputs.ladder import Ladder
from vaeaudit.outputs.latents import CellExpectations, LatentCodes, LatentSpace, Members
from vaeaudit.outputs.plantings import Plantings
from vaeaudit.outputs.record import Array, FloatArray, Record
from vaeaudit.outputs.region_rules import RegionRule
from vaeaudit.outputs.row_pairs import RowPairs
from vaeaudit.outputs.table_rules import TableRules
from vaeaudit.runs import agreement, artifacts, store
from vaeaudit.runs.artifacts import Artifact, Traversals
from vaeaudit.runs.directory import RUNS
from vaeaudit.runs.documents import Answers, SchemaFacts
from vaeaudit.scoring.state import AnyScoring

T = TypeVar("T")
R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Run:
    """A run in the folder `path`; its files are read, and compared with each other, when asked for.

    Only files that its manifest lists are read.
    """

    path: Path

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.path.resolve().name

    @cached_property
    def _listed(self) -> Mapping[str, str]:
        """Name -> SHA-256 of the files that may be read."""
        return artifacts.MANIFEST.read(self.path / artifacts.MANIFEST.name).sha256

    def read(self, artifact: Artifact[T]) -> T:
        """Return what a file holds.

        Raises
        ------
        RunError
            Where the run has no such file, or it is not what it must be.
        """
        if artifact.name not in self._listed:
            raise RunError(
                f"{self.path}: {artifacts.MANIFEST.name} lists no {artifact.name}: the run is not whole.",
                hint="Run `vaeaudit fit` again.",
            )
        return artifact.read(artifacts.listed_file(self.path, artifact.name))

    def read_optional(self, artifact: Artifact[T]) -> T | None:
        """Return the same, or None where this kind of run need not have the file, and has not."""
        has = artifact.name in self._listed or artifact.is_required(self.kind)
        return self.read(artifact) if has else None

    def refuse(self, artifact: Artifact[Any], reason: str) -> RunError:
        """Return the error that says what is wrong with a file."""
        return RunError(f"{self.path / artifact.name}: {reason}.")

    @cached_property
    def config(self) -> FitConfig:
        """The resolved configuration."""
        config = self.read(artifacts.CONFIG)
        if min(config.model.latents, config.train.iwae_samples) < 1:
            raise self.refuse(artifacts.CONFIG, "expected all settings as resolved, found 0 for auto")
        return config

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """Versions, seed, data, row accounting, timings, facts of the training."""
        self.read(artifacts.METADATA)
        return store.read_json(self.path / artifacts.METADATA.name)

    @property
    def kind(self) -> Literal["table", "images"]:
        """What the run was made of."""
        return "images" if isinstance(self.encoding, ImageEncoding) else "table"

    @cached_property
    def schema(self) -> Schema:
        """Columns, kinds and roles."""
        return self._columns.schema

    @cached_property
    def encoding(self) -> AnyEncoding:
        """How columns or pictures become numbers."""
        return self._columns.coding

    @property
    def form(self) -> PictureForm | None:
        """What pictures are brought to; None for a table."""
        return self.encoding.form if isinstance(self.encoding, ImageEncoding) else None

    @cached_property
    def _columns(self) -> SchemaFacts:
        return self.read(artifacts.SCHEMA)

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Letter -> size, of those that all files of the run share: rows N, modelled columns C, latents L."""
        n_rows = self.metadata["rows"]["scored"]
        return {"N": n_rows, "C": len(self.encoding.names), "L": self.config.model.latents}

    def _record(self, artifact: Artifact[R], **sizes: int) -> R:
        return self._agreed(artifact, self.read(artifact), **sizes)

    def _optional_record(self, artifact: Artifact[R]) -> R | None:
        record = self.read_optional(artifact)
        return None if record is None else self._agreed(artifact, record)

    def _agreed(self, artifact: Artifact[R], record: R, **sizes: int) -> R:
        for letter, size in {**self.sizes, **sizes}.items():
            found = record.letters.get(letter, size)
            if found != size:
                raise self.refuse(artifact, f"expected {letter} = {size:,} as in the rest of the run, found {found:,}")
        return record

    # --- rows ---------------------------------------------------------------------------------------------------------

    @cached_property
    def frame(self) -> pd.DataFrame:
        """[N, C]; the scored rows, typed as in `Dataset.frame`."""
        return self.frame_of(artifacts.COLUMNS, self.sizes["N"])

    def frame_of(self, artifact: Artifact[pd.DataFrame], n_rows: int, *, more_levels: bool = False) -> pd.DataFrame:
        """Return typed columns [n_rows, C] that a file holds; of other data they may have levels of their own."""
        path, stored = self.path / artifact.name, self.read(artifact)
        return store.read_frame(path, stored, self.schema, n_rows, more_levels=more_levels)

    @cached_property
    def rows(self) -> pd.DataFrame:
        """`rows.parquet`: one row per scored row, in input order."""
        rows = self.read(artifacts.ROWS)
        if len(rows) != self.sizes["N"]:
            raise self.refuse(artifacts.ROWS, f"expected {self.sizes['N']:,} rows, found {len(rows):,}")
        for latent in range(self.sizes["L"]):
            store.check_column(self.path / artifacts.ROWS.name, rows, f"z_{latent}", Array("N"))
        if self.label_doubts is not None:
            path = self.path / artifacts.ROWS.name
            store.check_column(path, rows, "label_suspicion", artifacts.LABEL_SUSPICION)
        return rows

    @cached_property
    def codes(self) -> LatentCodes:
        """What the model knows about each row."""
        return self.codes_of(artifacts.LATENTS, self.sizes["N"])

    def codes_of(self, artifact: Artifact[LatentCodes], n_rows: int) -> LatentCodes:
        """Return codes of n_rows rows, of the run's own columns."""
        codes = self._record(artifact, N=n_rows)
        with store.decoding(self.path / artifact.name, "codes of the run's rows"):
            agreement.check_codes(codes, self.encoding, self.schema)
        return codes

    @cached_property
    def pairs(self) -> RowPairs | None:
        """Rows that occur more than once."""
        return self._optional_record(artifacts.PAIRS)

    @cached_property
    def label_doubts(self) -> LabelDoubts | None:
        """What the rest of the data says of each row's label; None without a label, and where nothing tells it."""
        return self._optional_record(artifacts.LABEL_DOUBTS)

    @cached_property
    def cells(self) -> CellExpectations | None:
        """What is expected in the cells that surprise; None for pictures and embeddings."""
        cells = self._optional_record(artifacts.CELLS)
        if cells is not None:
            with store.decoding(self.path / artifacts.CELLS.name, "cells of the run's rows"):
                agreement.check_cells(cells, self.sizes["N"], self.encoding, self.schema)
        return cells

    @cached_property
    def quarantine(self) -> pd.DataFrame:
        """Every row or file that was left out, with the reason."""
        return self.read(artifacts.QUARANTINE)

    @property
    def judgements(self) -> Judgements:
        """What readers have judged so far; read anew each time, since no manifest holds it and it may grow."""
        path = self.path / artifacts.JUDGEMENTS.name
        if not (path.exists() or path.is_symlink()):
            return NO_JUDGEMENTS
        return artifacts.JUDGEMENTS.read(artifacts.listed_file(self.path, artifacts.JUDGEMENTS.name))

    # --- regions ------------------------------------------------------------------------------------------------------

    @cached_property
    def regions(self) -> tuple[RegionRule, ...]:
        """The rules of the regions that were found, by rank."""
        rules = self.read(artifacts.REGIONS).regions
        with store.decoding(self.path / artifacts.REGIONS.name, "rules over the run's columns"):
            agreement.check_rules(rules, self.schema, self.sizes["L"])
        return rules

    @cached_property
    def table_rules(self) -> TableRules:
        """What holds in the table by construction."""
        rules = self.read(artifacts.RULES)
        with store.decoding(self.path / artifacts.RULES.name, "rules of the run's table"):
            agreement.check_table_rules(rules, self.schema, self.sizes["N"])
        return rules

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """What changes along a date, or depends on the order of the rows."""
        found = self.read(artifacts.CHANGES).changes
        with store.decoding(self.path / artifacts.CHANGES.name, "changes of the run's columns"):
            agreement.check_changes(found, self.schema)
        return found

    @cached_property
    def plantings(self) -> Plantings | None:
        """What became of faults planted in copies of the rows; None where none were."""
        return self.read_optional(artifacts.POWER)

    @cached_property
    def answers(self) -> Answers:
        """The state of every check when the run was made."""
        return self.read(artifacts.ANSWERS)

    @cached_property
    def decoded_regions(self) -> dict[str, FloatArray]:
        """Key of a region -> [P, C] what the model decodes there; none for pictures."""
        decoded = self._optional_record(artifacts.DECODED_REGIONS)
        if decoded is None:
            return {}
        with store.decoding(self.path / artifacts.DECODED_REGIONS.name, "cells of the run's columns"):
            for values in decoded.values:
                agreement.check_cell_values(values, self.encoding, self.schema)
        return decoded.by_key

    # --- the model ----------------------------------------------------------------------------------------------------

    @cached_property
    def scoring(self) -> AnyScoring:
        """What scoring rows needs besides the weights."""
        scoring = self._record(artifacts.SCORING)
        with store.decoding(self.path / artifacts.SCORING.name, "what scoring needs"):
            agreement.check_scoring(scoring, self.encoding, self.schema, self.config)
        return scoring

    @cached_property
    def traversals(self) -> Traversals:
        """What the decoder shows along each latent."""
        traversals = self._record(artifacts.TRAVERSALS)
        with store.decoding(self.path / artifacts.TRAVERSALS.name, "cells of the run's columns"):
            agreement.check_cell_values(traversals.values, self.encoding, self.schema)
        return traversals

    @cached_property
    def latent_space(self) -> LatentSpace | None:
        """What continuity and completeness are computed from."""
        return self._optional_record(artifacts.LATENT_SPACE)

    @cached_property
    def swaps(self) -> ConditionSwaps | None:
        """What the decoder expects of held-out rows under other conditions; None where the model is given none."""
        swaps = self._optional_record(artifacts.SWAPS)
        if swaps is not None:
            with store.decoding(self.path / artifacts.SWAPS.name, "conditions of the run's rows"):
                agreement.check_swaps(swaps, self.sizes["N"], self.schema)
        return swaps

    @cached_property
    def members(self) -> Members | None:
        """What refits found; None where there were none."""
        n_members = self.config.train.members
        return self._record(artifacts.MEMBERS, K=n_members) if n_members else None

    @cached_property
    def beta_trials(self) -> BetaTrials | None:
        """What short trainings said of each beta; None where it was not chosen by them."""
        if self.metadata["given"]["config"]["model"]["beta"] != "auto":
            return None
        trials = self._record(artifacts.BETA_TRIALS)
        with store.decoding(self.path / artifacts.BETA_TRIALS.name, "trials of the run's beta"):
            agreement.check_beta_trials(trials, self.config.model.weight)
        return trials

    @cached_property
    def label_predictions(self) -> LabelPredictions | None:
        """What a classifier on the latents says of held-out rows; None where none was trained."""
        if not self.config.model.objective.reads_label:
            return None
        told = self._record(artifacts.LABEL_PREDICTIONS)
        with store.decoding(self.path / artifacts.LABEL_PREDICTIONS.name, "labels of the run's rows"):
            agreement.check_label_predictions(told, self.frame, self.schema)
        return told

    @cached_property
    def ladder(self) -> Ladder | None:
        """What an auto-encoder, a VAE and a beta-VAE make of the rows; None where none was trained beside."""
        if not self.config.train.ladder:
            return None
        ladder = self._record(artifacts.LADDER)
        with store.decoding(self.path / artifacts.LADDER.name, "models of the run's rows"):
            agreement.check_ladder(ladder, self.sizes["N"])
        return ladder

    @cached_property
    def pictures(self) -> Pictures | None:
        """The pictures that a report shows; None for a table."""
        pictures = self._optional_record(artifacts.PICTURES)
        if pictures is not None:
            with store.decoding(self.path / artifacts.PICTURES.name, "pictures of the run's rows"):
                agreement.check_pictures(pictures, self.sizes["N"], self.encoding)
        return pictures

    @cached_property
    def history(self) -> pd.DataFrame:
        """One row per epoch."""
        history = self.read(artifacts.HISTORY)
        for name in history.columns:
            store.check_column(self.path / artifacts.HISTORY.name, history, str(name), Array("N"))
        if len(history) != self.metadata["training"]["epochs"]:
            raise self.refuse(artifacts.HISTORY, f"expected one row per epoch, found {len(history):,}")
        return history

    @cached_property
    def model_fingerprint(self) -> str:
        """SHA-256 over the digests of the model's files and of the schema, as hex."""
        digests, model = self._listed, (artifacts.SCHEMA.name, *artifacts.MODEL)
        named = {name: digest for name, digest in digests.items() if name in model}
        return hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()

    def require_usable(self) -> None:
        """Raise RunError where the model, or what scoring needs besides, cannot be used."""
        _ = self.model_files, self.scoring

    @cached_property
    def model_files(self) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
        """The architecture and the weights; read once, though they are asked for before the model is rebuilt, too."""
        architecture, weights = self.read(artifacts.ARCHITECTURE), self.read(artifacts.WEIGHTS)
        with store.decoding(self.path / artifacts.ARCHITECTURE.name, "the model"):
            agreement.check_architecture(architecture, weights, self.encoding, self.config)
        return store.read_json(self.path / artifacts.ARCHITECTURE.name), weights


def load_run(path: Path | str | None = None) -> Run:
    """Return a complete run whose files are those that its manifest lists.

    Parameters
    ----------
    path
        The run's folder; None for the newest complete run in `runs/`.

    Raises
    ------
    RunError
        Where there is no run, it is incomplete, or a file was altered since.
    """
    folder = Path(path) if path is not None else _newest()
    if not folder.is_dir():
        raise RunError(f"{folder}: there is no such run.", hint="`vaeaudit fit DATA` makes one and prints its path.")
    manifest = folder / artifacts.MANIFEST.name
    if not manifest.is_file():
        raise RunError(f"{folder}: not a complete run: it has no {manifest.name}.", hint="Run `vaeaudit fit` again.")
    if manifest.is_symlink():
        raise RunError(f"{folder}: {manifest.name} is a link; a run holds plain files only.")
    for name, digest in artifacts.MANIFEST.read(manifest).sha256.items():
        if sha256(artifacts.listed_file(folder, name)) != digest:
            raise RunError(f"{folder}: {name} was changed after the run.", hint="Run `vaeaudit fit` again.")
    return Run(folder)


def _newest() -> Path:
    complete = [folder for folder in RUNS.glob("*") if (folder / artifacts.MANIFEST.name).is_file()]
    if not complete:
        raise RunError(f"{RUNS}/: no complete run found here.", hint="`vaeaudit fit DATA` makes one; or name a RUN.")
    return max(complete, key=lambda folder: (folder / artifacts.MANIFEST.name).stat().st_mtime)
