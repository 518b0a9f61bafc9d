"""What settings are called outside, by options of the command line and by keywords in Python, and what each sets.

An option is called as its keyword, with hyphens. `None` leaves a setting as it is. Imports the standard library alone.
"""

from __future__ import annotations

import getpass
import inspect
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from difflib import get_close_matches
from os import PathLike, fspath
from typing import Any, Literal, TypedDict, TypeVar

from vaeaudit.config import (
    AnalysisConfig,
    DateOrder,
    DecimalMark,
    Density,
    FitConfig,
    ModelConfig,
    Objective,
    Preset,
    Rarity,
    ReadConfig,
    SourceKind,
    TrainConfig,
    preset_values,
)
from vaeaudit.errors import UsageError


class OtherReadSettings(TypedDict, total=False):
    """How data is read whose columns a run knows; a single text stands for a list of one."""

    id: str | None
    kind: SourceKind | str | None
    array_key: str | None
    cache: str | PathLike[str] | None
    na: Sequence[str] | None
    keep: Sequence[str] | None
    delimiter: str | None
    encoding: str | None
    date_order: DateOrder | str | None
    decimal: DecimalMark | str | None


class ReadSettings(OtherReadSettings, total=False):
    """How data is read, and which part its columns play; a single text stands for a list of one."""

    label: str | None
    sensitive: Sequence[str] | None
    exclude: Sequence[str] | None
    include: Sequence[str] | None
    condition: Sequence[str] | None
    split: str | None
    group: Sequence[str] | None
    annotator: Sequence[str] | None
    probability: Mapping[str, str] | None
    prediction: str | None
    weight: str | None
    image_size: int | None
    kind_of: Mapping[str, str] | None
    levels: Mapping[str, Sequence[str]] | None


class ReportSettings(TypedDict, total=False):
    """What a report may judge by other than its run does."""

    fdr: float | None
    uniform: bool | None
    factors: Sequence[str] | None
    mute: Mapping[str, str] | None
    bands: Mapping[str, Sequence[float]] | None
    control: Sequence[str] | None
    favourable: Sequence[str] | str | float | None
    threshold: float | None
    min_cell: int | None


class RebalanceSettings(TypedDict, total=False):
    """What weights may be made by other than their run says."""

    alpha: float | None
    cap: float | None


class FitSettings(ReadSettings, ReportSettings, total=False):
    """Everything that `fit` takes by name; `vaeaudit.FitConfig` holds these settings and all others."""

    preset: Preset | str | None
    objective: Objective | str | None
    beta: float | Literal["auto"] | None
    capacity: float | None
    latents: int | None
    epochs: int | None
    members: int | None
    debias: bool | None
    power: bool | None
    ladder: bool | None
    rarity: Rarity | str | None
    density: Density | str | None
    seed: int | None


SectionT = TypeVar("SectionT", ReadConfig, ModelConfig, TrainConfig, AnalysisConfig)

_SECTIONS: tuple[type, ...] = (ReadConfig, ModelConfig, TrainConfig, AnalysisConfig)
#: Settings that are called otherwise outside.
_CALLED = {
    "kinds": "kind_of",
    "mutes": "mute",
    "weight_alpha": "alpha",
    "weight_cap": "cap",
    "smallest_group": "min_cell",
}
_NAMES = {**FitSettings.__annotations__, **RebalanceSettings.__annotations__}


def _word_for(section: type) -> str:
    return section.__name__.removesuffix("Config").lower()


#: Name -> section and field that it sets; `preset` and `seed` belong to no section.
PLACES: dict[str, tuple[str, str]] = {
    name: (_word_for(section), entry.name)
    for section in _SECTIONS
    for entry in fields(section)
    if (name := _CALLED.get(entry.name, entry.name)) in _NAMES
}


_LISTS = ("sensitive", "exclude", "include", "condition", "group", "annotator", "na", "keep", "factors", "control")


def with_settings(config: FitConfig, given: Mapping[str, Any]) -> FitConfig:
    """Lay settings over a configuration: the preset with all that it decides, then the others.

    Parameters
    ----------
    config
        What holds where nothing is given.
    given
        By the names of `FitSettings`; other names are ignored.

    Raises
    ------
    UsageError
        Where a value cannot be used, or contradicts another.
    """
    if given.get("preset") is not None:
        config = replace(config, preset=given["preset"])
        config = replace(config, train=replace(config.train, **preset_values(config.preset)))
    return replace(
        config,
        read=section_with(config.read, given),
        model=section_with(config.model, given),
        train=section_with(config.train, given),
        analysis=section_with(config.analysis, given),
        seed=config.seed if given.get("seed") is None else given["seed"],
    )


def section_with(base: SectionT, given: Mapping[str, Any]) -> SectionT:
    """Lay over a section of the configuration those settings that belong to it.

    Parameters
    ----------
    base
        What holds where nothing is given; kinds, levels and mutes are replaced one by one.
    given
        By the names of this module; those of other sections are ignored.

    Raises
    ------
    UsageError
        Where a value cannot be used, or contradicts another.
    """
    own = {name: field for name, (section, field) in PLACES.items() if section == _word_for(type(base))}
    changes = {field: _stored(name, given[name]) for name, field in own.items() if given.get(name) is not None}
    if isinstance(base, ReadConfig):
        kinds, levels = changes.get("kinds", {}), changes.get("levels", {})
        # A new declaration of either sort takes the place of the earlier declaration of the other.
        changes["kinds"] = {**{name: kind for name, kind in base.kinds.items() if name not in levels}, **kinds}
        changes["levels"] = {**{name: entry for name, entry in base.levels.items() if name not in kinds}, **levels}
    if isinstance(base, AnalysisConfig) and "mutes" in changes:
        changes |= {"mutes": {**base.mutes, **changes["mutes"]}, "muted_by": _user()}
    return replace(base, **changes)


def _user() -> str:
    """Return the name of the account, in whose name checks are set aside; empty where the system has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def _stored(name: str, value: Any) -> Any:
    """Return a value as the configuration holds it; what does not fit is left for the configuration to refuse."""
    if name in _LISTS:
        return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, Iterable) else value
    if name == "favourable":
        several = isinstance(value, Iterable) and not isinstance(value, str)
        return tuple(map(str, value if several else (value,)))
    if name in ("kind_of", "levels", "mute", "probability", "bands") and not isinstance(value, Mapping):
        keys = {"mute": "checks", "probability": "levels of the label"}.get(name, "columns")
        raise UsageError(f"{name}: expected a mapping from {keys}, found {value!r}.")
    if name == "levels":
        return {
            column: [*levels] if isinstance(levels, Sequence) and not isinstance(levels, str) else levels
            for column, levels in value.items()
        }
    if name == "bands":
        return {column: [*bounds] if isinstance(bounds, Iterable) else bounds for column, bounds in value.items()}
    return fspath(value) if name == "cache" else value


def refuse_unknown(call: Callable[..., Any], given: Collection[str], known: type) -> None:
    """Raise UsageError for a keyword that a function does not take, with the one that was probably meant.

    Parameters
    ----------
    call, given
        The function, and the settings that it was given by name.
    known
        The settings that it takes: one of the classes of this module.
    """
    names = sorted({*known.__annotations__, *inspect.signature(call).parameters} - {"settings"})
    for name in sorted(set(given) - set(known.__annotations__)):
        near = get_close_matches(name, names, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"It takes {', '.join(names)}."
        raise UsageError(f"{call.__name__}: there is no setting {name!r}.", hint=hint)
