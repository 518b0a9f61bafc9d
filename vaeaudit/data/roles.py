"""Which part each column plays, from what the user declared."""

from __future__ import annotations

from collections.abc import Sequence

from vaeaudit.config import ReadConfig
from vaeaudit.data.naming import suggests_sensitive
from vaeaudit.data.schema import Column, Kind, Role, Schema
from vaeaudit.data.storage import Typed
from vaeaudit.errors import UsageError

#: A label or sensitive column of this few distinct integers is probably coded levels.
_FEW_CODES = 12


def require_columns(names: Sequence[str], config: ReadConfig) -> None:
    """Check that every column the configuration names exists and that its roles agree.

    Raises
    ------
    UsageError
        Naming the option.
    """
    known = Schema(tuple(Column(name, Kind.TEXT, in_model=False) for name in names))
    single = (("--label", config.label), ("--id", config.id), ("--split", config.split))
    many = (
        ("--sensitive", config.sensitive),
        ("--exclude", config.exclude),
        ("--include", config.include),
        ("--kind-of", config.kinds),
        ("--levels", config.levels),
    )
    for option, name in single:
        if name is not None:
            known.require(name, option=option)
    for option, group in many:
        for name in group:
            known.require(name, option=option)
    _require_one_role(config)


def _require_one_role(config: ReadConfig) -> None:
    if config.id is not None and config.id in (config.label, *config.sensitive):
        raise UsageError(f"--id {config.id}: the column is the label or a sensitive column already.")
    if config.split is not None and config.split in (config.label, config.id, *config.sensitive, *config.exclude):
        raise UsageError(f"--split {config.split}: the column is the label, an id, sensitive or excluded already.")
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


def _require_may_enter(name: str, config: ReadConfig) -> None:
    if name in config.exclude:
        raise UsageError(f"--include {name}: the column is excluded already.")
    if name == config.id:
        raise UsageError(f"--include {name}: an id column names the rows and cannot enter the model.")
    if name == config.split:
        raise UsageError(f"--include {name}: a split says nothing about its rows and cannot enter the model.")


def assign(
    name: str, typed: Typed, config: ReadConfig, name_problems: tuple[str, ...] = (), *, enters: bool = True
) -> Column:
    """Settle the role of a column and whether it enters the model; unless it `enters` by itself, only if included.

    Raises
    ------
    UsageError
        Where `--include` asks for a column that no likelihood exists for.
    """
    role = _role(name, config)
    if name in config.include and not typed.kind.can_be_modelled:
        raise UsageError(
            f"--include {name}: the column is {_article(typed.kind)} and cannot enter the model.",
            hint=f"If it is something else, say so: --kind-of {name}=category",
        )
    # That an id column looks like an identifier is what it was declared for, not a problem.
    of_kind = () if role is Role.ID and typed.kind is Kind.IDENTIFIER else typed.problems
    asked_in = name in config.include and role is not Role.ID
    in_model = typed.kind.can_be_modelled and (asked_in or (enters and role is Role.INPUT))
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
    )


def _role(name: str, config: ReadConfig) -> Role:
    if name == config.label:
        return Role.LABEL
    if name == config.id:
        return Role.ID
    if name == config.split:
        return Role.SPLIT
    if name in config.sensitive:
        return Role.SENSITIVE
    return Role.EXCLUDED if name in config.exclude else Role.INPUT


def _problems_of_role(name: str, typed: Typed, role: Role) -> tuple[str, ...]:
    present = len(typed.stored) - typed.missing
    if role is Role.ID and (typed.missing or typed.unique < present):
        return (f"the id is missing in {typed.missing:,} row(s) and repeated in {present - typed.unique:,}",)
    if role in (Role.LABEL, Role.SENSITIVE) and typed.kind is Kind.COUNT and typed.unique <= _FEW_CODES:
        return (f"{typed.unique} distinct integers are read as a count; if they are codes: --kind-of {name}=category",)
    return ()


def _article(kind: Kind) -> str:
    return {Kind.TEXT: "free text", Kind.CONSTANT: "constant", Kind.IDENTIFIER: "an identifier"}[kind]
