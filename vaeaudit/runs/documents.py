"""The JSON files of a run: what each holds, checked by pydantic, every key named and no number infinite."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from vaeaudit.config import FitConfig, ModelConfig
from vaeaudit.data.dataset import RowAccounting
from vaeaudit.data.encoding.column_encoding import ColumnEncoding, Likelihood
from vaeaudit.data.encoding.condition_encoding import GivenColumn
from vaeaudit.data.encoding.image_encoding import ImageEncoding
from vaeaudit.data.encoding.rows import AnyEncoding
from vaeaudit.data.encoding.table_encoding import Encoding
from vaeaudit.data.population_shares import Population
from vaeaudit.data.schema.columns import Column, Kind, Schema
from vaeaudit.outputs.changes import Changes
from vaeaudit.outputs.judgements import Judgements
from vaeaudit.outputs.plantings import Plantings
from vaeaudit.outputs.region_rules import RegionRule
from vaeaudit.outputs.table_rules import TableRules

T = TypeVar("T")
Count = Annotated[int, Field(ge=0)]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Document(Generic[T]):
    """A JSON object that holds a dataclass.

    Parameters
    ----------
    kind
        The dataclass.
    exact
        Whether keys that it does not have are refused; keys that are missing always are.
    """

    def __init__(self, kind: type[T], *, exact: bool = False) -> None:
        self._adapter = TypeAdapter(kind)
        self._exact = exact

    def parse(self, text: str) -> T:
        """Return what the text holds.

        Raises
        ------
        ValueError
            Where it is no such object; in one line.
        """
        document = json.loads(text, parse_constant=_refuse)
        if not isinstance(document, dict):
            raise ValueError(f"expected an object, found {type(document).__name__}")  # noqa: TRY004 - of a file
        try:
            value = self._adapter.validate_json(text, strict=True)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            raise ValueError(f"{place}: {first['msg']}" if place else str(first["msg"])) from error
        self._require_keys(document, self._adapter.dump_python(value, mode="json", warnings=False), "")
        return value

    def _require_keys(self, found: Any, expected: Any, place: str) -> None:
        """Refuse what a file has lost, which a default would stand in for, and infinity for a number."""
        if isinstance(expected, Mapping):
            lost = sorted(set(expected) - set(found))
            if lost:
                raise ValueError(f"{place}{lost[0]} is missing")
            unknown = sorted(set(found) - set(expected)) if self._exact else []
            if unknown:
                raise ValueError(f"{place}{unknown[0]} is not known")
            for key in expected.keys() & found.keys():
                self._require_keys(found[key], expected[key], f"{place}{key}.")
        elif isinstance(expected, list):
            for number, (one, other) in enumerate(zip(found, expected, strict=True)):
                self._require_keys(one, other, f"{place}{number}.")
        elif isinstance(found, float) and not math.isfinite(found):
            raise ValueError(f"{place.rstrip('.')} must be finite")


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


# --- what the files hold --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SourceFacts:
    """A dataset that was read: its name, kind, source as given, and fingerprint."""

    name: str
    kind: Literal["table", "images"]
    source: str
    fingerprint: Digest


@dataclass(frozen=True)
class TrainingFacts:
    """How the training ended; see `vaeaudit.analysis.inputs.ModelFacts`."""

    stopped: str
    epochs: Count
    seconds: Seconds
    baseline_nats: Finite
    gain_sd: Seconds


@dataclass(frozen=True)
class GivenFacts:
    """What `fit` was given; see `vaeaudit.runs.commands.describe_given`."""

    config: FitConfig
    population: str | None


@dataclass(frozen=True)
class StartFacts:
    """What `metadata.json` holds before training."""

    id: str
    created: str
    versions: dict[str, str]
    seed: Count
    data: SourceFacts
    rows: RowAccounting
    notes: tuple[str, ...]
    population: Population | None
    reference: SourceFacts | None
    given: GivenFacts

    def __post_init__(self) -> None:
        datetime.fromisoformat(self.created)


@dataclass(frozen=True)
class RunFacts(StartFacts):
    """What `metadata.json` holds of a complete run; `timings` are seconds by phase."""

    timings: dict[str, Seconds]
    training: TrainingFacts


@dataclass(frozen=True)
class StateFacts:
    """Where an interrupted training stands; see `vaeaudit.models.fitting.training.TrainingState`."""

    epoch: Count
    best_loss: Finite
    waited: Count
    seconds: Seconds
    history: dict[str, list[Finite]]


@dataclass(frozen=True)
class ReferenceFacts:
    """What `reference.json` holds; see `StoredReference`."""

    name: str
    fingerprint: Digest
    lacking: tuple[str, ...]
    notes: tuple[str, ...]
    rows: RowAccounting


@dataclass(frozen=True)
class WeightFacts:
    """Name and shape of one of the model's weights."""

    name: str
    shape: tuple[Count, ...]


@dataclass(frozen=True)
class Architecture:
    """What `architecture.json` holds; see `vaeaudit.models.fitting.persistence.architecture`."""

    format: str
    config: ModelConfig
    columns: tuple[str, ...]
    weights: tuple[WeightFacts, ...]
    n_classes: Count

    def __post_init__(self) -> None:
        # A network is built before its weights are compared: one that these weights cannot be of is never built.
        sizes = {size for weight in self.weights for size in weight.shape}
        widths = {*self.config.hidden, self.config.latents} if self.columns else {self.config.latents}
        widths |= {self.n_classes} if self.n_classes else set()
        if not widths <= sizes or len(self.config.hidden) > len(self.weights):
            raise ValueError("the configuration is not that of the weights")


@dataclass(frozen=True)
class Manifest:
    """What `manifest.json` holds: name of a file -> SHA-256, as hex."""

    format: Literal[1]
    sha256: dict[str, Digest]


@dataclass(frozen=True)
class Regions:
    """What `regions.json` holds: what places rows in the regions that were found, by rank."""

    format: Literal[1]
    regions: tuple[RegionRule, ...]

    def __post_init__(self) -> None:
        if len({region.id for region in self.regions}) != len(self.regions):
            raise ValueError("regions: an id occurs twice")


@dataclass(frozen=True)
class PixelEncoding:
    """Of pictures."""

    images: ImageEncoding


@dataclass(frozen=True)
class KeptAnswer:
    """What became of a check when the run was made."""

    code: str
    name: str
    state: Literal["finding", "passed", "inconclusive", "not_applicable", "not_asked", "muted"]
    why: str


@dataclass(frozen=True)
class Answers:
    """What the run was judged to be when it was made, with its own settings."""

    verdict: Literal["pass", "fail", "inconclusive"]
    sentence: str
    checks: tuple[KeptAnswer, ...]


@dataclass(frozen=True)
class SchemaFacts:
    """What `schema.json` holds: the columns, and how those that are modelled, or the pixels, become numbers."""

    columns: tuple[Column, ...]
    encoding: Encoding | PixelEncoding

    def __post_init__(self) -> None:
        schema, condition = self.schema, self.coding.condition
        given = {column.name: len(column.levels) for column in schema.given}
        encoded_as = {} if condition is None else {entry.name: entry.n_levels for entry in condition.columns}
        if encoded_as != given or not all(map(_can_be_given, () if condition is None else condition.columns)):
            raise ValueError("encoding: its condition is not that of the columns that are given")
        if isinstance(self.encoding, PixelEncoding):
            if schema.modelled:
                raise ValueError(f"encoding: of pictures, but the column {schema.modelled[0].name!r} is modelled")
            pixels = self.encoding.images
            low, high = pixels.value_range or (0.0, 1.0)
            if pixels.height != pixels.width or pixels.height > 512 or not pixels.scale >= 0 or not low < high:
                raise ValueError("encoding: the size, scale or value range of the pictures cannot be")
            return
        encoded = self.encoding
        if sorted(encoded.names) != sorted(column.name for column in schema.modelled) or not encoded.names:
            raise ValueError("encoding: its columns are not those that are modelled")
        for entry in encoded.columns:
            if not _fits(entry, schema[entry.name]):
                raise ValueError(f"encoding: that of {entry.name!r} does not fit the column")

    @property
    def schema(self) -> Schema:
        """Columns, kinds and roles."""
        return Schema(self.columns)

    @property
    def coding(self) -> AnyEncoding:
        """How columns or pictures become numbers."""
        return self.encoding.images if isinstance(self.encoding, PixelEncoding) else self.encoding


CONFIG = Document(FitConfig, exact=True)
SCHEMA = Document(SchemaFacts, exact=True)
METADATA = Document(RunFacts)
STARTED = Document(StartFacts)
TRAINING = Document(StateFacts, exact=True)
REFERENCE = Document(ReferenceFacts)
ARCHITECTURE = Document(Architecture)
MANIFEST = Document(Manifest)
REGIONS = Document(Regions)
ANSWERS = Document(Answers)
RULES = Document(TableRules)
CHANGES = Document(Changes)
POWER = Document(Plantings)
JUDGEMENTS = Document(Judgements, exact=True)


def _can_be_given(entry: GivenColumn) -> bool:
    is_known = 0 <= entry.usual < max(entry.n_levels, 1)
    return is_known and math.isfinite(entry.location) and 0 < entry.scale < math.inf


def _fits(entry: ColumnEncoding, column: Column) -> bool:
    """Whether a column's encoding is one that the column can have."""
    bins = (*entry.edges, entry.scale, *entry.tails)
    if entry.kind is not column.kind or entry.n_codes < 0 or not entry.scale > 0 or min(entry.tails) <= 0:
        return False
    if not all(map(math.isfinite, (*bins, entry.location, *entry.atoms, *entry.centres))):
        return False
    n_levels = len(column.levels)
    match entry.likelihood:
        case Likelihood.CATEGORICAL:
            fits = column.kind is Kind.CATEGORY and entry.n_codes <= n_levels + 1
            return fits and entry.n_codes - 1 + entry.shared_levels in (n_levels, n_levels + 1)
        case Likelihood.BERNOULLI | Likelihood.ORDERED_LOGISTIC:
            return column.kind in (Kind.BOOLEAN, Kind.ORDINAL) and entry.n_codes == n_levels
        case Likelihood.QUANTISED:
            rising = all(list(values) == sorted(set(values)) for values in (entry.atoms, entry.edges))
            n_codes = len(entry.atoms) + len(entry.edges) + 1
            return not column.kind.is_levelled and rising and entry.n_codes == n_codes == len(entry.centres)
        case _:
            return not column.kind.is_levelled
