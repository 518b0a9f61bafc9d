"""Every setting and its default, once, with the reason or the source beside it.

Frozen and validated; nothing here imports more than the standard library, so that `--help` stays fast.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from itertools import pairwise
from math import isfinite
from typing import Any, Literal, Self

from vaeaudit.errors import UsageError


class Objective(StrEnum):
    """What training minimises: the words of `vaeaudit.models.objectives`, and what can be said without TensorFlow.

    Attributes
    ----------
    model_name
        What people call a model that was trained so.
    weighs
        What beta is the weight of; nothing for `ae`, whose latents are not drawn towards N(0, I).
    usual_beta
        Beta where none is given.
    """

    AE = "ae", "autoencoder", ""
    BETA = "beta", "beta-VAE"
    BETA_TC = "beta-tc", "beta-TCVAE", "the total correlation", 4.0
    CAPACITY = "capacity", "capacity-annealed VAE", "the distance of the KL from the capacity", 3.0
    DIP = "dip", "DIP-VAE", "the covariance of the latents", 1.0
    DENOISING = "denoising", "denoising beta-VAE"
    FALLING = "falling", "beta-VAE of falling beta"
    DB_VAE = "db-vae", "DB-VAE"

    model_name: str
    weighs: str
    usual_beta: float

    def __new__(cls, word: str, model_name: str = "", weighs: str = "the KL term", usual_beta: float = 1.0) -> Self:
        """Make a word; `Objective("ae")`, a look-up, has no more than that."""
        member = str.__new__(cls, word)
        member._value_, member.model_name = word, model_name
        member.weighs, member.usual_beta = weighs, usual_beta
        return member

    @property
    def has_prior(self) -> bool:
        """Whether its latents were drawn towards N(0, I)."""
        return bool(self.weighs)

    @property
    def reads_label(self) -> bool:
        """Whether a classifier of the label is trained together with the latents."""
        return self is Objective.DB_VAE

    @property
    def given_up(self) -> float:
        """Share of the best held-out gain that a larger beta may cost where beta is chosen (`auto`).

        None where it weighs the whole KL: more of it takes latents away. Of `beta-tc` a larger one parts the latents at
        hardly any cost, which the ELBO, best at 1, does not see; docs/methods.md has the figures.
        """
        return 0.1 if self is Objective.BETA_TC else 0.0


#: Why training ended: no better held-out loss for a while, the most epochs allowed, or an interruption.
Stopped = Literal["converged", "epochs", "interrupted"]


class SourceKind(StrEnum):
    """What DATA is read as."""

    AUTO = "auto"
    TABLE = "table"
    IMAGES = "images"
    ARRAY = "array"


class DateOrder(StrEnum):
    """Which comes first in a date of numbers, where nothing in the column says it; `auto` takes the month."""

    AUTO = "auto"
    DAY_FIRST = "day-first"
    MONTH_FIRST = "month-first"


class DecimalMark(StrEnum):
    """What a comma or a point means where a column's numbers allow for both; `auto` takes commas for thousands."""

    AUTO = "auto"
    COMMA = "comma"
    POINT = "point"


class Rarity(StrEnum):
    """What `rarity`, and with it `weight`, is computed from."""

    JOINT = "joint"
    DBVAE_PRODUCT = "dbvae-product"
    DBVAE_MAX = "dbvae-max"


class LatentSource(StrEnum):
    """Where the latents of generated rows come from."""

    #: A Gaussian mixture fitted to posteriors of the rows.
    MIXTURE = "mixture"
    #: The posterior of a row, each as likely: nearest to the rows, and where posteriors are tight a copy of them.
    POSTERIOR = "posterior"
    #: N(0, I), which training only draws the rows towards.
    PRIOR = "prior"


class Weighting(StrEnum):
    """How `rebalance` weights rows: by the rarity of their latents, towards shares of groups, or by their labels."""

    JOINT = "joint"
    DBVAE_PRODUCT = "dbvae-product"
    DBVAE_MAX = "dbvae-max"
    TARGETS = "targets"
    CLASS_BALANCED = "class-balanced"
    REWEIGHING = "reweighing"


class Density(StrEnum):
    """The family of the joint density of the latents."""

    AUTO = "auto"
    GMM = "gmm"
    KNN = "knn"


#: What `Density.AUTO` chooses among.
DensityFamily = Literal["gmm", "knn"]


class Preset(StrEnum):
    """How much time training may take."""

    QUICK = "quick"
    STANDARD = "standard"
    THOROUGH = "thorough"


def _checked(default: Any, expected: str, holds: Callable[[Any], bool], option: str = "") -> Any:
    """Return a field whose value must be as `expected` says; `option` is what people call it, where it has one."""
    return field(default=default, metadata={"expected": expected, "holds": holds, "option": option})


def _rises(bounds: list[Any]) -> bool:
    numbers = all(isinstance(bound, (int, float)) and not isinstance(bound, bool) for bound in bounds)
    return bool(bounds) and numbers and all(map(isfinite, bounds)) and all(a < b for a, b in pairwise(bounds))


def _at_least(least: int, default: float) -> Any:
    return _checked(default, f"at least {least}", lambda found: found >= least)


def _auto_or_more() -> Any:
    return _checked(0, "0 (auto) or more", lambda found: found >= 0)


def _share(default: float) -> Any:
    return _checked(default, "a share in [0, 1]", lambda found: 0 <= found <= 1)


@dataclass(frozen=True)
class _Section:
    """A part of the configuration that can be written to JSON and read back."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types, a fixed word as its text: what is shown of them is Python or TOML that works."""
        return asdict(self, dict_factory=_plain)

    def __post_init__(self) -> None:
        """Check every value; make texts the fixed words that they name, lists tuples, and numbers of NumPy Python's."""
        for entry in fields(self):
            found = getattr(self, entry.name)
            if isinstance(entry.default, StrEnum):
                words = type(entry.default)
                choices = [word.value for word in words]
                _require(found in choices, f"--{entry.name}: expected one of {choices}, found {found!r}.")
                object.__setattr__(self, entry.name, words(found))
                continue
            if isinstance(found, list) or getattr(found, "shape", None) == ():  # the latter a number of NumPy's
                found = tuple(found) if isinstance(found, list) else found.item()
                object.__setattr__(self, entry.name, found)
            _require_type(f"{type(self).__name__}: {entry.name}", str(entry.type), found)
            if entry.metadata:
                table = type(self).__name__.removesuffix("Config").lower()
                called, expected = entry.metadata["option"] or f"{table}.{entry.name}", entry.metadata["expected"]
                _require(entry.metadata["holds"](found), f"{called}: expected {expected}, found {found!r}.")

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Rebuild the section; an unknown key is an error, so that a typing slip is not read as a default."""
        known = {entry.name for entry in fields(cls)}
        unknown = sorted(set(document) - known)
        if unknown:
            raise UsageError(
                f"configuration: unknown key(s) {unknown} in the section of {cls.__name__}.",
                hint=f"Known keys: {sorted(known)}",
            )
        return cls(**document)


def _plain(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value.value if isinstance(value, StrEnum) else value for name, value in pairs}


#: What a value of a declared type must be an instance of, and how that is called; True is not a number here.
_TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    "str": ((str,), "text"),
    "str | None": ((str, type(None)), "text"),
    "int": ((int,), "a whole number"),
    "float": ((int, float), "a number"),
    "float | None": ((int, float, type(None)), "a number"),
    'float | Literal["auto"] | None': ((int, float, str, type(None)), "a number or auto"),
    "tuple[str, ...]": ((list, tuple), "a list of texts"),
    "tuple[int, ...]": ((list, tuple), "a list of whole numbers"),
    "dict[str, str]": ((dict,), "a table of texts"),
    "dict[str, list[str]]": ((dict,), "a table of lists of texts"),
    "dict[str, list[float]]": ((dict,), "a table of lists of numbers"),
    "bool": ((bool,), "true or false"),
}
_ITEMS: dict[str, type] = {
    "tuple[str, ...]": str,
    "tuple[int, ...]": int,
    "dict[str, str]": str,
    "dict[str, list[str]]": list,
    "dict[str, list[float]]": list,
}


def _require_type(what: str, declared: str, value: Any) -> None:
    if declared not in _TYPES:
        return  # a section, which checks its own values
    types, called = _TYPES[declared]
    fits = isinstance(value, types) and (declared == "bool" or not isinstance(value, bool))
    if fits and declared in _ITEMS:
        items = value.values() if isinstance(value, dict) else value
        fits = all(isinstance(item, _ITEMS[declared]) for item in items)
    _require(fits, f"configuration: {what}: expected {called}, found {value!r}.")


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise UsageError(message)


@dataclass(frozen=True)
class ReadConfig(_Section):
    """How a source is read and which part its columns play.

    Attributes
    ----------
    kind
        `auto`, `table`, `images` (a folder of pictures, or an array of them) or `array` (`.npy`, `.npz`).
    na
        Further tokens that mean "missing", beside the usual ones; `COL=TOKEN` does so in one column.
    keep
        Tokens, such as NA, that are values in columns of text although they usually mean "missing".
    delimiter, encoding
        `None`: found from the data.
    label, id
        Column names.
    sensitive, exclude, include
        Column names. Sensitive columns and the label stay out of the model unless included.
    condition
        Column names. Encoder and decoder are given their cells beside the latents, which then need not hold them:
        p(x|y) (Sohn 2015). The label and sensitive columns may be given; what is given is not modelled.
    kinds
        Column name -> kind, where the inferred kind is to be overridden.
    levels
        Column name -> levels in rising order; declares the column ordinal.
    split
        Name of the column that says which split (train, val, test) each row belongs to. It stays out of the model;
        rows that occur in more than one split are reported. `None`: split folders of pictures, where there are any.
    group
        Names of columns that say which rows belong together (one person, one household). They stay out of the model;
        every fold keeps their rows on one side. Identifiers that repeat are taken for such columns unasked.
    annotator
        Names of columns in which single annotators say what the label is. They stay out of the model.
    probability
        Level of the label -> name of the column that holds its probability, by a model that never saw the row. They
        stay out of the model and judge the labels in place of vaeaudit's own models.
    prediction
        Name of the column in which a model that exists already predicts the label, as one of its levels or as a score.
        It stays out of the model; how it errs on each sensitive group is reported.
    weight
        Name of the column that says how many of the population a row stands for (a survey's weight). It stays out of
        the model; shares and rates of sensitive groups are weighted by it.
    date_order, decimal
        See `DateOrder` and `DecimalMark`.
    image_size
        Side in pixels of the square that pictures are brought to, or 0: chosen from the data.
    array_key
        Name of the array to read from an `.npz` file that holds several.
    cache
        Folder that keeps resized pictures between reads; `None`: `runs/.cache`.
    """

    kind: SourceKind = SourceKind.AUTO
    na: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    delimiter: str | None = _checked(
        None, "one character", lambda found: found is None or len(found) == 1, "--delimiter"
    )
    encoding: str | None = None
    label: str | None = None
    id: str | None = None
    sensitive: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    condition: tuple[str, ...] = ()
    kinds: dict[str, str] = field(default_factory=dict)
    levels: dict[str, list[str]] = field(default_factory=dict)
    split: str | None = None
    group: tuple[str, ...] = ()
    annotator: tuple[str, ...] = ()
    probability: dict[str, str] = field(default_factory=dict)
    prediction: str | None = None
    weight: str | None = None
    date_order: DateOrder = DateOrder.AUTO
    decimal: DecimalMark = DecimalMark.AUTO
    image_size: int = _checked(
        0,
        "a multiple of 4 from 8 to 512, or 0 to choose from the data",
        lambda found: found == 0 or (8 <= found <= 512 and found % 4 == 0),
        "--image-size",
    )
    array_key: str | None = None
    cache: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in self.sensitive:
            _require(name != self.label, f"--sensitive {name}: the column is the label already.")
            _require(name not in self.exclude, f"--sensitive {name}: the column is excluded already.")


@dataclass(frozen=True)
class ModelConfig(_Section):
    """The beta-VAE.

    Attributes
    ----------
    objective
        `beta` (beta = 1 is the VAE), `ae`, the deterministic bottleneck, or another of `vaeaudit.models.objectives`.
    beta
        Weight of the KL term, or of what the objective weighs in its place; None: `Objective.usual_beta`. That is 1 for
        `beta`: with learned scales it means what it says, and on Adult beta = 2 left 2 of 11 latents active where
        beta = 1 left 11. `auto`: chosen over short trainings, see `vaeaudit.statistics.beta_choice`.
    capacity
        `capacity`: nats that the KL rises to, or 0 for "auto": see `vaeaudit.models.fitting.build.resolve`.
    corruption
        `denoising`: share of a row's cells or pixels that are hidden from the encoder by those of other rows.
    label_weight
        `db-vae`: weight of the label's cross-entropy, or 0 for "auto": see `vaeaudit.models.fitting.build.resolve`.
    latents
        Number of latents L, or 0 for "auto": see `vaeaudit.models.fitting.build.resolve`.
    hidden
        Tables: widths of the encoder's hidden layers; the decoder mirrors them. Pictures have convolutions instead.
    embed_levels
        A category keeps this many levels apart; the others share one level whose probability they split.
    """

    objective: Objective = Objective.BETA
    beta: float | Literal["auto"] | None = _checked(
        None,
        "a number above 0 and up to 1000, or auto",
        lambda found: found in (None, "auto") or (not isinstance(found, str) and 0 < found <= 1000),
        "--beta",
    )
    latents: int = _checked(0, "auto or 1 to 512", lambda found: 0 <= found <= 512, "--latents")
    hidden: tuple[int, ...] = _checked((128, 128), "widths above 0", lambda found: len(found) > 0 and min(found) > 0)
    embed_levels: int = _at_least(1, 255)
    capacity: float = _checked(0.0, "auto or a number up to 10000", lambda found: 0 <= found <= 10_000, "--capacity")
    corruption: float = _checked(0.2, "a share in [0, 1)", lambda found: 0 <= found < 1)
    label_weight: float = _checked(0.0, "0 (auto) or a number up to 1000000", lambda found: 0 <= found <= 1e6)

    def __post_init__(self) -> None:
        super().__post_init__()
        is_used = self.objective is Objective.CAPACITY
        _require(is_used or not self.capacity, "--capacity: goes with --objective capacity only.")
        is_weighed = self.objective.reads_label or not self.label_weight
        _require(is_weighed, "model.label_weight: goes with --objective db-vae only.")
        has_weight = self.objective.has_prior or self.beta != "auto"
        _require(has_weight, f"--beta auto: the objective {self.objective.value} weighs nothing that could be chosen.")

    @property
    def weight(self) -> float:
        """Beta, or what it is where none is given, and as long as none is chosen."""
        return self.beta if isinstance(self.beta, (int, float)) else self.objective.usual_beta


@dataclass(frozen=True)
class TrainConfig(_Section):
    """Optimisation. The figures of the presets stand in `PRESETS`.

    Attributes
    ----------
    epochs, patience
        Most epochs, and epochs without a better held-out objective after which training stops.
    fewest_steps, most_steps
        Optimiser steps of an epoch: one pass over the rows (two, where one has fewer steps than `fewest_steps`), and
        no more than `most_steps`, so that a large table costs no more than it needs.
    batch_size
        B, rows per step, or 0 for "auto": see `vaeaudit.models.fitting.build.resolve`.
    learning_rate
        Of Adam at the start, or 0 for "auto"; it falls to a twentieth along a cosine.
    warmup_epochs
        The KL weight rises linearly from 0 to beta over these epochs. (Of `falling` it falls, over 3/4 of all epochs.)
    trim
        Tables: share of each batch, the rows that contradict the model most, that takes no part in the step: rows that
        do not belong must not be learned. Rare levels do not count as a contradiction. On generated people with 1 %
        broken rows, 0.02 moved rows with a height in inches from 13 to 157 nats beyond the median row; on clean rows
        the held-out ELBO changed by less than 0.1 nats.
    held_out
        Share of rows kept from training, for early stopping and for held-out figures.
    iwae_samples
        S of the importance-weighted bound, or 0 for "auto".
    members
        Trainings from other seeds, a third as long, that say how stable each latent is, and each region over latents;
        0 leaves it unsaid.
    debias
        Whether rows are drawn for training by how rare their latents are (DB-VAE, Amini 2019), by histograms that are
        made anew before each epoch; the objective `db-vae` switches it on.
    debias_alpha
        Smoothing of those histograms' densities: the smaller, the more often rare rows are drawn. 0.01 is the value
        of the paper's headline figure.
    power
        Tables: whether gaps and wrong cells are planted in copies of the rows, to say what the audit could have seen.
    ladder
        Whether an auto-encoder, a VAE and a beta-VAE are trained beside, and the report shows what each makes of the
        rows.

    What is not given here, the preset of `FitConfig` decides.
    """

    epochs: int = _at_least(1, 30)
    patience: int = _at_least(1, 6)
    fewest_steps: int = _at_least(1, 100)
    most_steps: int = 400
    batch_size: int = _auto_or_more()
    learning_rate: float = _checked(0.0, "0 (auto) or in (0, 1)", lambda found: 0 <= found < 1)
    warmup_epochs: int = _checked(5, "0 or more", lambda found: found >= 0)
    trim: float = _checked(0.02, "a share in [0, 0.5)", lambda found: 0 <= found < 0.5)
    held_out: float = _checked(0.1, "a share in (0, 0.5)", lambda found: 0 < found < 0.5)
    iwae_samples: int = _auto_or_more()
    members: int = _checked(1, "0 to 100", lambda found: 0 <= found <= 100, "--members")
    debias: bool = False
    debias_alpha: float = _checked(0.01, "above 0, at most 10", lambda found: 0 < found <= 10)
    power: bool = False
    ladder: bool = False

    def __new__(cls, *values: Any, **named: Any) -> Self:
        """Remember which settings were given."""
        made = super().__new__(cls)
        made.__dict__["given"] = {*named, *(entry.name for entry in fields(cls)[: len(values)])}
        return made

    def with_preset(self, preset: str) -> Self:
        """Return a copy in which the preset decides what was not given."""
        given = vars(self).get("given", vars(self))  # pydantic, which reads runs, makes it without: all is given there
        return replace(self, **{name: value for name, value in preset_values(preset).items() if name not in given})

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(self.most_steps >= self.fewest_steps, "train.most_steps: expected no less than train.fewest_steps.")


@dataclass(frozen=True)
class ConditionalsConfig(_Section):
    """Tables: the network that says of each cell what the other cells of its row let one expect.

    Chosen on seven tables with planted errors, none of which is in the figures of the benchmarks. There 300 steps were
    worse by .01 AUROC, two folds by .02, layers half as wide by .04, a bottleneck of latents by .05; twice as wide or
    deep layers, and batches twice as large, were no better.

    Attributes
    ----------
    steps, batch_size
        Optimiser steps (0: 600; 300 with the preset `quick`, 1,200 with `thorough`), and rows per step and member.
    learning_rate
        Of Adam at the start; it falls to a fiftieth along a cosine.
    width
        Of the hidden layers.
    folds
        Parts of the rows, each of which is judged by a member that was trained on the others.
    hidden
        Least and largest share of the cells of a row that are hidden at a time.
    """

    steps: int = _auto_or_more()
    batch_size: int = _at_least(1, 128)
    learning_rate: float = _checked(2e-3, "in (0, 1)", lambda found: 0 < found < 1)
    width: int = _at_least(1, 128)
    folds: int = _checked(3, "1 to 20", lambda found: 1 <= found <= 20)
    hidden: tuple[float, float] = _checked(
        (0.02, 0.3), "two shares in [0, 1), the smaller first", lambda found: 0 <= found[0] < found[1] < 1
    )


@dataclass(frozen=True)
class AnalysisConfig(_Section):
    """What counts as a finding.

    Attributes
    ----------
    confidence
        Level of every interval.
    fdr
        False-discovery rate for flags and for tests (Benjamini-Hochberg 1995).
    min_ratio, max_ratio
        Tolerance: a share is "under" only if its whole interval lies below `min_ratio` times the reference share.
        0.8 is the four-fifths convention; it is a convention, not a law of nature.
    bins
        Bins of a histogram.
    max_regions
        Regions listed in the report.
    smallest_group
        Groups of fewer rows are listed but too small to judge: `inconclusive`, never fair.
    bands
        Column of numbers -> rising bounds of the groups into which it is cut wherever groups are shown.
    control
        Names of columns within whose groups the label is compared too: how much of a difference they explain.
    favourable
        Levels of the label that are good for the person; of a label of numbers one bound, from which on it is good.
    threshold
        From which value on a score in the column `prediction` predicts the outcome of the label.
    bootstraps
        Resamples of the rows that say how stable each region is; 0 leaves it unsaid.
    min_stability
        A region that comes back in a smaller share of them is marked unstable and fails no gate.
    uniform
        Whether groups are also compared with an even spread over the product of the sensitive columns and the label.
    density
        Family of the joint density of the latents, or `auto`: the one of highest held-out log-likelihood.
    rarity
        `joint` (that density), or DB-VAE's product or maximum over latents of single histograms (Amini 2019: the
        paper's text and its published code).
    weight_alpha, weight_cap
        Weights are 1 / (density + alpha), the density as a multiple of the median row's, and at most cap times the
        median weight.
    max_outlier_share, max_quarantined_share
        What is tolerated before a finding is grave.
    factors
        Names of columns that are known to be the factors that generated the data: latents are compared with them.
    mutes
        Checks that are set aside: code, or code and subject joined by a colon (`VA501:sex`) -> reason.
    muted_by
        Who set them aside.
    """

    confidence: float = _checked(0.95, "a level in [0.5, 1)", lambda found: 0.5 <= found < 1, "confidence")
    fdr: float = _checked(0.05, "a rate in (0, 1)", lambda found: 0 < found < 1, "--fdr")
    min_ratio: float = 0.8
    max_ratio: float = 1.25
    bins: int = _at_least(2, 30)
    max_regions: int = _at_least(1, 20)
    smallest_group: int = _checked(30, "at least 1", lambda found: found >= 1, "--min-cell")
    bands: dict[str, list[float]] = field(default_factory=dict)
    control: tuple[str, ...] = ()
    favourable: tuple[str, ...] = ()
    threshold: float | None = _checked(
        None, "a finite number", lambda found: found is None or isfinite(found), "--threshold"
    )
    bootstraps: int = _checked(20, "0 to 1000", lambda found: 0 <= found <= 1000)
    min_stability: float = _share(0.5)
    uniform: bool = False
    density: Density = Density.AUTO
    rarity: Rarity = Rarity.JOINT
    weight_alpha: float = _checked(0.1, "above 0", lambda found: found > 0)
    weight_cap: float = _at_least(1, 10.0)
    max_outlier_share: float = _share(0.02)
    max_quarantined_share: float = _share(0.01)
    factors: tuple[str, ...] = ()
    mutes: dict[str, str] = field(default_factory=dict)
    muted_by: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(
            0 < self.min_ratio <= 1 <= self.max_ratio,
            f"tolerance: expected min_ratio <= 1 <= max_ratio, found {self.min_ratio} and {self.max_ratio}.",
        )
        for name, bounds in self.bands.items():
            _require(_rises(bounds), f"--bands {name}: expected one or more rising numbers, found {bounds!r}.")


@dataclass(frozen=True)
class FitConfig(_Section):
    """Everything that `fit` depends on; written to `config.json` as resolved.

    Attributes
    ----------
    read, model, train, conditionals, analysis
        The sections, each a dataclass of its own; a table of settings, as a file has it, becomes one.
    preset
        How long training may take: decides what `train` was not given.
    seed
        Of everything random.
    """

    read: ReadConfig = field(default_factory=ReadConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    conditionals: ConditionalsConfig = field(default_factory=ConditionalsConfig)
    analysis: AnalysisConfig = field(default_factory=AnalysisConfig)
    preset: Preset = Preset.STANDARD
    seed: int = _checked(0, "0 to 2**32 - 1", lambda found: 0 <= found < 2**32, "--seed")

    def __post_init__(self) -> None:
        for entry in fields(self):
            section, found = entry.default_factory, getattr(self, entry.name)
            if not (isinstance(section, type) and issubclass(section, _Section)) or isinstance(found, section):
                continue
            expected = f"expected a table of settings or {section.__name__}"
            _require(isinstance(found, Mapping), f"configuration: {entry.name}: {expected}, found {found!r}.")
            object.__setattr__(self, entry.name, section.from_dict(found))
        super().__post_init__()
        object.__setattr__(self, "train", self.train.with_preset(self.preset))

    @property
    def network_steps(self) -> int:
        """Steps of the network that judges cells."""
        return self.conditionals.steps or _NETWORK_STEPS[self.preset]

    def with_overrides(self, overrides: Mapping[str, Mapping[str, Any]]) -> Self:
        """Return a copy with `{section: {field: value}}` replaced."""
        changed = {name: replace(getattr(self, name), **dict(values)) for name, values in overrides.items()}
        return replace(self, **changed)


#: Steps of the network that judges cells, by preset.
_NETWORK_STEPS = {Preset.QUICK.value: 300, Preset.STANDARD.value: 600, Preset.THOROUGH.value: 1200}
#: What the presets change of `TrainConfig`.
PRESETS: dict[str, dict[str, Any]] = {
    Preset.QUICK.value: {"epochs": 10, "warmup_epochs": 2, "patience": 3, "members": 0},
    Preset.STANDARD.value: {},
    Preset.THOROUGH.value: {
        "epochs": 150,
        "patience": 20,
        "fewest_steps": 200,
        "most_steps": 2000,
        "members": 4,
        "power": True,
        "ladder": True,
    },
}


def preset_values(preset: str) -> dict[str, Any]:
    """Return every field of `TrainConfig` that some preset sets, as `preset` has it; the defaults where it has none."""
    touched = {name for values in PRESETS.values() for name in values}
    return {**{name: getattr(TrainConfig(), name) for name in touched}, **PRESETS[preset]}
