"""What a run holds: name of the file -> what is in it -> which step of `fit` writes it -> which runs have it.

Writer and reader both go through this table; the names of files are spelled nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from vaeaudit.config import FitConfig
from vaeaudit.errors import RunError
from vaeaudit.outputs.beta_trials import BetaTrials
from vaeaudit.outputs.condition_swaps import ConditionSwaps
from vaeaudit.outputs.images import Pictures
from vaeaudit.outputs.label_doubts import LabelDoubts
from vaeaudit.outputs.label_predictions import LabelPredictions
from vaeaudit.outputs.ladder import Ladder
from vaeaudit.outputs.latents import CellExpectations, LatentCodes, LatentSpace, Members
from vaeaudit.outputs.record import Array, FloatArray, Record
from vaeaudit.outputs.row_pairs import RowPairs
from vaeaudit.runs import documents, store
from vaeaudit.runs.documents import Document
from vaeaudit.scoring.state import ImageScoring, TableScoring

T = TypeVar("T")
R = TypeVar("R", bound=Record)
Read = Callable[[Path], T]


class Step(StrEnum):
    """The part of `fit` that writes a file."""

    START = "before training"
    TRAIN = "while training"
    LEARN = "after training"
    COMPARE = "where there is a reference"
    JUDGE = "when rows are judged"
    COMPLETE = "last"
    REVIEW = "afterwards, by readers: no manifest lists it"


class Has(StrEnum):
    """Which runs have a file."""

    ALL = "all"
    TABLES = "tables"
    IMAGES = "images"
    SOME = "some"


@dataclass(frozen=True)
class Artifact(Generic[T]):
    """One file of a run.

    Attributes
    ----------
    name
        Its path in the run's folder.
    read
        Reads and checks it; raises RunError where it is not what it must be.
    step, has
        Who writes it, and which runs have it.
    """

    name: str
    read: Read[T]
    step: Step
    has: Has = Has.ALL

    def is_required(self, kind: str) -> bool:
        """Whether every complete run of this kind of data (`table` or `images`) has it."""
        return self.has is Has.ALL or self.has is {"table": Has.TABLES, "images": Has.IMAGES}[kind]


# --- how files are read ---------------------------------------------------------------------------------------------


def _json(document: Document[T]) -> Read[T]:
    def read(path: Path) -> T:
        with store.decoding(path, "a JSON file"):
            return document.parse(path.read_text(encoding="utf-8"))

    return read


def _record(*kinds: type[R]) -> Read[R]:
    """One of several kinds is found by the arrays that are there."""

    def read(path: Path) -> R:
        arrays = store.read_arrays(path)
        kind = max(kinds, key=lambda kind: kind.share_in(arrays))
        with store.decoding(path, "arrays"):
            return kind.from_arrays(arrays)

    return read


def _weights(path: Path) -> dict[str, npt.NDArray[Any]]:
    arrays = store.read_arrays(path)
    with store.decoding(path, "arrays"):
        for name, values in arrays.items():
            Array("*").check_values(name, values)
    return arrays


def _table(columns: Mapping[str, Array]) -> Read[pd.DataFrame]:
    """Further columns may stand beside those that are declared."""

    def read(path: Path) -> pd.DataFrame:
        table = store.read_table(path)
        for name, declared in columns.items():
            store.check_column(path, table, name, declared)
        return table

    return read


# --- records that are only files ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Traversals(Record):
    """`values` [L, T, C] and `positions` [T]; of pictures the values are pictures, kept elsewhere, and T = 0 here.

    A value is NaN where the decoder expects a code that many rare levels share: none of them can be named.
    """

    values: Annotated[FloatArray, Array("L _ C", finite=False)]
    positions: Annotated[FloatArray, Array("T")]

    def __post_init__(self) -> None:
        super().__post_init__()
        n_steps = self.values.shape[1]
        if n_steps not in (0, len(self.positions)) or (n_steps == 0) != (self.values.shape[2] == 0):
            raise ValueError(f"values must be [L, T, C] with T = {len(self.positions)}, found {self.values.shape}")


@dataclass(frozen=True)
class DecodedRegions(Record):
    """What the model decodes in regions of a table: `keys` [Q], and for each [P, C] in `values`.

    By number, since a rule is no name for an array. NaN as in `Traversals`.
    """

    JOINT = "/"

    keys: Annotated[tuple[str, ...], Array("Q", "text")]
    values: Annotated[tuple[FloatArray, ...], Array("_ C", finite=False)]

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.keys) != len(self.values):
            raise ValueError(f"expected one array per key, found {len(self.values)} for {len(self.keys)} keys")

    @classmethod
    def of(cls, decoded: Mapping[str, FloatArray]) -> DecodedRegions:
        """Take what is decoded by key of a region."""
        return cls(tuple(decoded), tuple(decoded.values()))

    @property
    def by_key(self) -> dict[str, FloatArray]:
        """Key of a region -> [P, C]."""
        return dict(zip(self.keys, self.values, strict=True))


@dataclass(frozen=True)
class ReferenceScores(Record):
    """`p_value` [N]; of the rows of a reference."""

    p_value: Annotated[npt.NDArray[np.float64], Array("N", least=0, most=1)]


# --- the table ------------------------------------------------------------------------------------------------------

_NUMBERS, _WHOLE, _TEXT = Array("N"), Array("N", "whole numbers"), Array("N", "text")
_SHARES = Array("N", least=0, most=1)
ROW_COLUMNS = {
    "row_id": _TEXT,
    "outlier_score": _NUMBERS,
    "outlier_p_value": _SHARES,
    "outlier": Array("N", "true or false"),
    "rarity": _NUMBERS,
    "region": Array("N", "text", finite=False),
    "weight": Array("N", least=0),
    "duplicate_of": Array("N", "text", finite=False),
}
#: Of a run whose labels were judged.
LABEL_SUSPICION = Array("N", least=0, most=1, finite=False)
QUARANTINE_COLUMNS = {"file": Array("N", "text", finite=False), "row": _WHOLE, "reason": _TEXT}
HISTORY_COLUMNS = {"epoch": Array("N", "whole numbers", least=1)}

CONFIG: Artifact[FitConfig] = Artifact("config.json", _json(documents.CONFIG), Step.START)
SCHEMA = Artifact("schema.json", _json(documents.SCHEMA), Step.START)
RULES = Artifact("rules.json", _json(documents.RULES), Step.START)
METADATA = Artifact("metadata.json", _json(documents.METADATA), Step.START)
COLUMNS = Artifact("columns.parquet", store.read_table, Step.START)
QUARANTINE = Artifact("quarantine.csv", _table(QUARANTINE_COLUMNS), Step.START)
BETA_TRIALS = Artifact("beta_trials.npz", _record(BetaTrials), Step.START, Has.SOME)
TRAINING = Artifact("training.npz", store.read_arrays, Step.TRAIN, Has.SOME)
ARCHITECTURE = Artifact("model/architecture.json", _json(documents.ARCHITECTURE), Step.LEARN)
WEIGHTS = Artifact("model/weights.npz", _weights, Step.LEARN)
SCORING: Artifact[TableScoring | ImageScoring] = Artifact(
    "model/scoring.npz", _record(TableScoring, ImageScoring), Step.LEARN
)
HISTORY = Artifact("history.csv", _table(HISTORY_COLUMNS), Step.LEARN)
LATENTS = Artifact("latents.npz", _record(LatentCodes), Step.LEARN)
TRAVERSALS = Artifact("traversals.npz", _record(Traversals), Step.LEARN)
MEMBERS = Artifact("members.npz", _record(Members), Step.LEARN, Has.SOME)
LABEL_PREDICTIONS = Artifact("label_predictions.npz", _record(LabelPredictions), Step.LEARN, Has.SOME)
LADDER = Artifact("ladder.npz", _record(Ladder), Step.LEARN, Has.SOME)
REFERENCE_FACTS = Artifact("reference/reference.json", _json(documents.REFERENCE), Step.COMPARE, Has.SOME)
REFERENCE_COLUMNS = Artifact("reference/columns.parquet", store.read_table, Step.COMPARE, Has.SOME)
REFERENCE_LATENTS = Artifact("reference/latents.npz", _record(LatentCodes), Step.COMPARE, Has.SOME)
REFERENCE_SCORES = Artifact("reference/scores.npz", _record(ReferenceScores), Step.COMPARE, Has.SOME)
LATENT_SPACE = Artifact("latent_space.npz", _record(LatentSpace), Step.JUDGE)
SWAPS = Artifact("condition_swaps.npz", _record(ConditionSwaps), Step.JUDGE, Has.SOME)
PAIRS = Artifact("pairs.npz", _record(RowPairs), Step.JUDGE)
CELLS = Artifact("cells.npz", _record(CellExpectations), Step.JUDGE, Has.SOME)
LABEL_DOUBTS = Artifact("label_doubts.npz", _record(LabelDoubts), Step.JUDGE, Has.SOME)
CHANGES = Artifact("changes.json", _json(documents.CHANGES), Step.JUDGE)
REGIONS = Artifact("regions.json", _json(documents.REGIONS), Step.JUDGE)
POWER = Artifact("power.json", _json(documents.POWER), Step.JUDGE, Has.SOME)
ANSWERS = Artifact("checks.json", _json(documents.ANSWERS), Step.JUDGE)
PICTURES = Artifact("pictures.npz", _record(Pictures), Step.JUDGE, Has.IMAGES)
DECODED_REGIONS = Artifact("decoded_regions.npz", _record(DecodedRegions), Step.JUDGE, Has.TABLES)
ROWS = Artifact("rows.parquet", _table(ROW_COLUMNS), Step.JUDGE)
MANIFEST = Artifact("manifest.json", _json(documents.MANIFEST), Step.COMPLETE)
JUDGEMENTS = Artifact("judgements.json", _json(documents.JUDGEMENTS), Step.REVIEW, Has.SOME)

#: Name -> its entry.
ARTIFACTS: dict[str, Artifact[Any]] = {
    entry.name: entry for entry in list(globals().values()) if isinstance(entry, Artifact)
}
#: Files that say which model a run has.
MODEL = (ARCHITECTURE.name, WEIGHTS.name, SCORING.name)


def listed_file(folder: Path, name: str) -> Path:
    """Return a file that a manifest lists, which must be a plain one inside the folder.

    Raises
    ------
    RunError
        Where it leads out of the folder, is a link, or is missing.
    """
    parts = Path(name).parts
    if Path(name).is_absolute() or not parts or ".." in parts or "\0" in name:
        raise RunError(f"{folder}: {MANIFEST.name} lists {name!r}, which leads out of the run.")
    places = [folder.joinpath(*parts[: depth + 1]) for depth in range(len(parts))]
    try:
        if any(place.is_symlink() for place in places):
            raise RunError(f"{folder}: {name} is a link; a run holds plain files only.")
        if not places[-1].exists():
            raise RunError(f"{folder}: {name} is missing.", hint="Run `vaeaudit fit` again.")
        if not places[-1].is_file():
            raise RunError(f"{folder}: {name} is no plain file.", hint="Run `vaeaudit fit` again.")
    except OSError as error:
        raise RunError(
            f"{folder}: {name!r}, which {MANIFEST.name} lists, cannot be read ({error.strerror})."
        ) from error
    return places[-1]
