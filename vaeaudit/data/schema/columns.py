"""The schema of a table: what each column is, and which part it plays in the audit."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from vaeaudit.errors import UsageError


class Kind(StrEnum):
    """What the values of a column are; it decides the likelihood (shared with `schema.json`)."""

    REAL = "real"
    POSITIVE = "positive"
    COUNT = "count"
    ORDINAL = "ordinal"
    CATEGORY = "category"
    BOOLEAN = "boolean"
    DATETIME = "datetime"
    TEXT = "text"
    CONSTANT = "constant"
    IDENTIFIER = "identifier"

    @property
    def is_numeric(self) -> bool:
        """Whether values of this kind are stored as float64 in `Dataset.frame`."""
        return self in (Kind.REAL, Kind.POSITIVE, Kind.COUNT)

    @property
    def is_levelled(self) -> bool:
        """Whether values of this kind are stored as a pandas Categorical over `Column.levels`."""
        return self in (Kind.ORDINAL, Kind.CATEGORY, Kind.BOOLEAN)

    @property
    def can_be_modelled(self) -> bool:
        """Whether a likelihood exists for this kind."""
        return self not in (Kind.TEXT, Kind.CONSTANT, Kind.IDENTIFIER)


class Role(StrEnum):
    """Which part a column plays in the audit."""

    INPUT = "input"
    LABEL = "label"
    SENSITIVE = "sensitive"
    EXCLUDED = "excluded"
    ID = "id"
    GROUP = "group"
    SPLIT = "split"
    ANNOTATOR = "annotator"
    PROBABILITY = "probability"
    PREDICTION = "prediction"
    WEIGHT = "weight"


#: Roles of columns that say which row it is, where it was put, or what somebody thinks of it, and not what it is.
ABOUT_ROWS = (Role.ID, Role.SPLIT, Role.GROUP, Role.ANNOTATOR, Role.PROBABILITY, Role.PREDICTION, Role.WEIGHT)


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name
        Unique within the schema.
    kind, role
        See `Kind` and `Role`.
    in_model
        Whether the column enters the model. Labels and sensitive columns do so only when asked in, splits never.
    missing, unique
        Number of missing cells, and of distinct values among the others.
    levels
        The values of a levelled column, as text: by falling frequency for a category, in rising order for an
        ordinal, `("false", "true")`-like pairs for a boolean. Empty for all other kinds.
    problems
        What a reader of the data should know, one sentence each ("12 infinite values were read as missing").
    suggested_sensitive
        Whether the name suggests a sensitive attribute. A suggestion only: it changes nothing.
    convention
        How its numbers or dates were read where there was a choice (`decimal comma`, `%d/%m/%Y` …): other data of the
        same kind is read likewise. Empty where there was none.
    derived
        Whether it was computed from the pictures, and is no column of the source.
    unit
        What stands before or behind its numbers (`$`, `kg`, `%`); empty where nothing does.
    same_as
        The column that says the same and stands for it in the model; empty for none.
    personal
        What personal data it holds ("names of people"); empty for none. Its values are never shown.
    speaks_for
        The level of the label whose probability it is, by the user's own model; empty for none.
    bands
        Of a numeric column, the rising bounds of the groups into which it is cut wherever groups are shown; empty where
        nobody said any.
    given
        Whether the model is given it beside the latents instead of decoding it. Of a table such a column is `in_model`
        too: its cells are judged like those of any other.
    """

    name: str
    kind: Kind
    role: Role = Role.INPUT
    in_model: bool = True
    missing: int = 0
    unique: int = 0
    levels: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    suggested_sensitive: bool = False
    convention: str = ""
    derived: bool = False
    unit: str = ""
    personal: str = ""
    same_as: str = ""
    speaks_for: str = ""
    given: bool = False
    bands: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.in_model and not self.kind.can_be_modelled:
            raise ValueError(f"column {self.name!r} is {self.kind.value}: no likelihood exists for it")
        if self.levels and not self.kind.is_levelled:
            raise ValueError(f"column {self.name!r} is {self.kind.value} but has {len(self.levels)} levels")


@dataclass(frozen=True)
class Schema:
    """The columns of a table, in the order of the source."""

    columns: tuple[Column, ...]

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        if len(set(names)) != len(names):
            repeated = sorted({name for name in names if names.count(name) > 1})
            raise ValueError(f"column names must be unique, found twice: {repeated}")

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return any(column.name == name for column in self.columns)

    @property
    def names(self) -> tuple[str, ...]:
        """All column names."""
        return tuple(column.name for column in self.columns)

    @property
    def modelled(self) -> tuple[Column, ...]:
        """The columns that enter the model."""
        return tuple(column for column in self.columns if column.in_model)

    @property
    def given(self) -> tuple[Column, ...]:
        """The columns that the model is given beside the latents."""
        return tuple(column for column in self.columns if column.given)

    @property
    def sensitive(self) -> tuple[Column, ...]:
        """The columns declared sensitive."""
        return tuple(column for column in self.columns if column.role is Role.SENSITIVE)

    @property
    def label(self) -> Column | None:
        """The label, where one was declared."""
        return next((column for column in self.columns if column.role is Role.LABEL), None)

    @property
    def groups(self) -> tuple[Column, ...]:
        """The columns that say which rows belong together: to one person, one household, one animal."""
        return tuple(column for column in self.columns if column.role is Role.GROUP)

    @property
    def annotators(self) -> tuple[Column, ...]:
        """The columns in which single annotators say what the label is."""
        return tuple(column for column in self.columns if column.role is Role.ANNOTATOR)

    @property
    def probabilities(self) -> tuple[Column, ...]:
        """The columns in which the user's own model says how probable a level of the label is."""
        return tuple(column for column in self.columns if column.role is Role.PROBABILITY)

    @property
    def prediction(self) -> Column | None:
        """The column in which the user's own model predicts the label, where there is one."""
        return next((column for column in self.columns if column.role is Role.PREDICTION), None)

    @property
    def weight(self) -> Column | None:
        """The column that says how many of the population a row stands for, where there is one."""
        return next((column for column in self.columns if column.role is Role.WEIGHT), None)

    @property
    def split(self) -> Column | None:
        """The column that says which split a row belongs to, where there is one."""
        return next((column for column in self.columns if column.role is Role.SPLIT), None)

    def require(self, name: str, *, option: str) -> Column:
        """Return the column called `name`, or say which columns there are.

        Raises
        ------
        UsageError
            Where there is no such column; `option` names the option that asked for it.
        """
        if name in self:
            return self[name]
        known = ", ".join(self.names[:12]) + (", …" if len(self) > 12 else "")
        folded = {_folded(other): other for other in reversed(self.names)}
        near = get_close_matches(_folded(name), folded, n=1)
        meant = f"Did you mean {folded[near[0]]!r}? " if near else ""
        raise UsageError(f"{option}: the data has no column {name!r}.", hint=f"{meant}Its columns are: {known}")


def _folded(name: str) -> str:
    """Return what is left of a name where case, Unicode form and separators do not count."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", name).casefold()))
