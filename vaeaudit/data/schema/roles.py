"""Which part each column plays: from what the user declared, and what folders or its name suggest."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from vaeaudit.config import ReadConfig
from vaeaudit.data.schema.columns import Column, Kind, Role, Schema
from vaeaudit.data.schema.doubts import FEW_CODES
from vaeaudit.data.schema.names import suggests_sensitive, words
from vaeaudit.data.schema.storage import Typed, category, n_distinct
from vaeaudit.data.tables.cells import Cells, as_text
from vaeaudit.data.tables.records import RawTable
from vaeaudit.errors import UsageError

_ARTICLES = {Kind.TEXT: "free text", Kind.CONSTANT: "constant", Kind.IDENTIFIER: "an identifier"}
#: Names of folders, and of levels, that say which part of the data is for learning and which for judging.
SPLIT_NAMES = frozenset(
    ["train", "training", "val", "valid", "validation", "dev", "test", "testing", "eval", "holdout"]
)
#: Levels of a column that a model is given, at most: what a level means is learned from its own rows alone.
MOST_GIVEN_LEVELS = 64
#: A column of more values is no split: the pairs of splits would be too many to read.
MAX_SPLITS = 20
#: The column that split folders make, see `folder_columns`.
_FOLDER_SPLIT = "split"
_SPLIT_WORDS = frozenset(["split", "splits", "subset", "partition", "fold", "folds"])


def require_columns(names: Sequence[str], config: ReadConfig) -> None:
    """Check that every column the configuration names exists and that its roles agree.

    Raises
    ------
    UsageError
        Naming the option.
    """
    known = Schema(tuple(Column(name, Kind.TEXT, in_model=False) for name in names))
    single = ("label", "id", "split", "prediction", "weight")
    several = ("group", "annotator", "sensitive", "exclude", "include", "condition")
    options = (*single, *several, "kinds", "levels")
    for option in options:
        named = getattr(config, option)
        for name in [named] if isinstance(named, str) else named or ():
            known.require(name, option="--kind-of" if option == "kinds" else f"--{option}")
    for name in config.probability.values():
        known.require(name, option="--probability")
    _require_one_role(config)


def _require_one_role(config: ReadConfig) -> None:
    if config.id is not None and config.id in (config.label, *config.sensitive):
        raise UsageError(f"--id {config.id}: the column is the label or a sensitive column already.")
    if config.split is not None and config.split in (config.label, config.id, *config.sensitive, *config.exclude):
        raise UsageError(f"--split {config.split}: the column is the label, an id, sensitive or excluded already.")
    for name in config.group:
        if name in (config.label, config.id, *config.sensitive, *config.exclude):
            raise UsageError(f"--group {name}: the column is the label, an id, sensitive or excluded already.")
    _require_opinions(config)
    _require_may_be_given(config)
    for name in config.exclude:
        if name == config.label:
            raise UsageError(f"--exclude {name}: the column is the label already.")
    for name in config.include:
        _require_may_enter(name, config)
    for name, kind in config.kinds.items():
        if name in config.levels and kind != Kind.ORDINAL.value:
            raise UsageError(
                f"--levels {name}: declares the column ordinal, but --kind-of {name}={kind} was given too."
            )


def _require_opinions(config: ReadConfig) -> None:
    options = {"--annotator": config.annotator, "--probability": config.probability.values()}
    options |= {f"--{option}": [name] for option in ("prediction", "weight") if (name := getattr(config, option))}
    named = [(option, name) for option, names in options.items() for name in names]
    taken = (config.label, config.id, config.split, *config.group, *config.sensitive, *config.exclude)
    for option, name in named:
        if name in taken or [other for _, other in named].count(name) > 1:
            raise UsageError(f"{option} {name}: the column has another part already.")
        if config.label is None and option != "--weight":
            raise UsageError(f"{option} {name}: says what the label is, but there is none: give --label COL.")


def _opinions(config: ReadConfig) -> tuple[str | None, ...]:
    return (*config.annotator, *config.probability.values(), config.prediction)


def _require_may_enter(name: str, config: ReadConfig) -> None:
    if name in config.exclude:
        raise UsageError(f"--include {name}: the column is excluded already.")
    if name == config.id:
        raise UsageError(f"--include {name}: an id column names the rows and cannot enter the model.")
    if name in config.group:
        raise UsageError(f"--include {name}: a group says which rows belong together and cannot enter the model.")
    if name in _opinions(config):
        raise UsageError(f"--include {name}: it says what the label is and cannot enter the model.")
    if name == config.weight:
        raise UsageError(f"--include {name}: a weight says how much a row counts and cannot enter the model.")
    if name == config.split:
        raise UsageError(f"--include {name}: a split says nothing about its rows and cannot enter the model.")


def _require_may_be_given(config: ReadConfig) -> None:
    parts = {
        "excluded": config.exclude,
        "asked into the model by --include": config.include,
        "an id": (config.id,),
        "a split": (config.split,),
        "a group": config.group,
        "an opinion on the label": _opinions(config),
        "a weight": (config.weight,),
    }
    for part, names in parts.items():
        for name in set(names) & set(config.condition):
            raise UsageError(f"--condition {name}: the column is {part} already.")


def _require_can_be_given(name: str, typed: Typed) -> None:
    if not typed.kind.can_be_modelled:
        raise UsageError(
            f"--condition {name}: the column is {_ARTICLES[typed.kind]}: the model cannot be given it.",
            hint=f"If it is something else, say so: --kind-of {name}=category",
        )
    if len(typed.levels) > MOST_GIVEN_LEVELS:
        raise UsageError(
            f"--condition {name}: the column has {len(typed.levels)} levels; a model can be given at most "
            f"{MOST_GIVEN_LEVELS}, of which each needs rows.",
            hint="Put rare levels together first.",
        )


def assign(
    name: str, typed: Typed, config: ReadConfig, name_problems: tuple[str, ...] = (), *, enters: bool = True
) -> Column:
    """Settle the role of a column and whether it enters the model; unless it `enters` by itself, only if included.

    Raises
    ------
    UsageError
        Where `--include` asks or `--condition` asks for a column that cannot be given to the model.
    """
    role, given = _role(name, typed, config), name in config.condition
    if given:
        _require_can_be_given(name, typed)
    if name in config.include and not typed.kind.can_be_modelled:
        raise UsageError(
            f"--include {name}: the column is {_ARTICLES[typed.kind]} and cannot enter the model.",
            hint=f"If it is something else, say so: --kind-of {name}=category",
        )
    # That an id column looks like an identifier is what it was declared for, not a problem.
    of_kind = () if role is Role.ID and typed.kind is Kind.IDENTIFIER else typed.problems
    asked_in = name in config.include and role is not Role.ID
    in_model = typed.kind.can_be_modelled and (asked_in or (enters and (given or role is Role.INPUT)))
    return Column(
        name=name,
        kind=typed.kind,
        role=role,
        in_model=in_model,
        missing=typed.missing,
        unique=typed.unique,
        levels=typed.levels,
        problems=(*name_problems, *of_kind, *_problems_of_role(name, typed, role)),
        suggested_sensitive=suggests_sensitive(name),
        convention=typed.convention,
        unit=typed.unit,
        personal=typed.personal,
        given=given,
        speaks_for=next((level for level, column in config.probability.items() if column == name), ""),
    )


def _role(name: str, typed: Typed, config: ReadConfig) -> Role:
    declared = {
        config.split: Role.SPLIT,
        config.id: Role.ID,
        config.label: Role.LABEL,
        config.prediction: Role.PREDICTION,
        config.weight: Role.WEIGHT,
    }
    if name in declared:
        return declared[name]
    named = (
        (config.sensitive, Role.SENSITIVE),
        (config.exclude, Role.EXCLUDED),
        (config.group, Role.GROUP),
        (config.annotator, Role.ANNOTATOR),
        (config.probability.values(), Role.PROBABILITY),
    )
    found = next((role for names, role in named if name in names), None)
    if found is not None:
        return found
    return Role.GROUP if typed.repeats else Role.INPUT


def _problems_of_role(name: str, typed: Typed, role: Role) -> tuple[str, ...]:
    present = len(typed.stored) - typed.missing
    if role is Role.ID and (typed.missing or typed.unique < present):
        return (f"the id is missing in {typed.missing:,} row(s) and repeated in {present - typed.unique:,}",)
    coded = role in (Role.LABEL, Role.SENSITIVE) and typed.kind is Kind.COUNT and typed.unique <= FEW_CODES
    if coded and not any("=category" in problem for problem in typed.problems):
        return (
            f"{typed.unique} distinct whole numbers are read as a count; if they are codes: --kind-of {name}=category",
        )
    return ()


# --- splits ---------------------------------------------------------------------------------------------------------


def store_split(name: str, cells: Cells, kind: str | None) -> Typed:
    """Store the column declared by `--split`: a category of 2 to `MAX_SPLITS` levels, whatever its values look like.

    Raises
    ------
    UsageError
        Where it has fewer or more, or was declared to be of another kind.
    """
    if kind not in (None, Kind.CATEGORY.value):
        raise UsageError(f"--split {name}: a split is read as a category, but --kind-of {name}={kind} was given too.")
    text = as_text(cells)
    found = n_distinct(text)
    if not 2 <= found <= MAX_SPLITS:
        raise UsageError(
            f"--split {name}: expected 2 to {MAX_SPLITS} splits, found {found:,} distinct value(s).",
            hint="Name the column that says train, val or test, or the number of the fold.",
        )
    return category(text)


def with_split_folders(
    table: RawTable, from_folders: Collection[str], config: ReadConfig
) -> tuple[RawTable, ReadConfig]:
    """Declare the column that split folders made to be the split, unless the user said something else about it.

    Parameters
    ----------
    table
        The pictures' columns.
    from_folders
        Those of them that folders gave.
    config
        What the user declared.
    """
    taken = (config.label, config.id, *config.sensitive, *config.exclude, *config.kinds, *config.levels)
    if config.split is not None or _FOLDER_SPLIT in taken or _FOLDER_SPLIT not in from_folders:
        return table, config
    found = n_distinct(as_text(table.cells[table.names.index(_FOLDER_SPLIT)]))
    if not 2 <= found <= MAX_SPLITS:
        return table, config
    said = f"the column {_FOLDER_SPLIT} has the role split: pictures that occur in more than one split are reported"
    return replace(table, notes=(*table.notes, said)), replace(config, split=_FOLDER_SPLIT)


def suggest_split(columns: Iterable[Column]) -> tuple[str, ...]:
    """Return a note for each column that looks like a split; a suggestion only.

    Examples
    --------
    >>> suggest_split([Column("subset", Kind.CATEGORY, levels=("train", "test"), unique=2)])
    ('the column subset could say which split a row belongs to: --split subset',)
    """
    return tuple(
        f"the column {column.name} could say which split a row belongs to: --split {column.name}"
        for column in columns
        if _looks_like_split(column)
    )


def _looks_like_split(column: Column) -> bool:
    named = set(words(column.name)) & _SPLIT_WORDS
    if not named or not 2 <= column.unique <= MAX_SPLITS:
        return False
    known = sum(level.lower() in SPLIT_NAMES for level in column.levels)
    return known >= 2 or bool(named & {"fold", "folds"})
