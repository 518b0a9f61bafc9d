"""Policies as TOML: a table per check that bears on the verdict, what counts as a finding, and what is set aside."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from math import isfinite
from pathlib import Path
from typing import Any, get_args

from vaeaudit.analysis.checks.registry import find_check
from vaeaudit.analysis.conclusions import PolicyRule, Severity
from vaeaudit.config import AnalysisConfig
from vaeaudit.errors import UsageError
from vaeaudit.wording.phrases import listed

_OWN = files("vaeaudit.analysis.audit").joinpath("policies")
_KEYS = tuple(entry.name for entry in fields(PolicyRule))
#: A policy is written by a person.
_LONGEST = 1_000_000


@dataclass(frozen=True)
class Policy:
    """How a verdict is drawn.

    Attributes
    ----------
    name
        That of the file.
    rules
        Code of a check -> how it bears on the verdict.
    analysis
        Settings that win over those of the run: what counts as a finding, and `mutes`.
    """

    name: str
    rules: Mapping[str, PolicyRule]
    analysis: Mapping[str, Any]


def own_policies() -> tuple[str, ...]:
    """Return the names of the policies that vaeaudit brings along, the default first."""
    names = sorted(entry.name.removesuffix(".toml") for entry in _OWN.iterdir() if entry.name.endswith(".toml"))
    return tuple(sorted(names, key=lambda name: name != "default"))


def policy_text(name: str) -> str:
    """Return one of them as it is written.

    Raises
    ------
    UsageError
        Where there is none of that name.
    """
    if name not in own_policies():
        raise UsageError(f"--policy {name}: expected a file, or one of {listed(own_policies(), most=20, last='or')}.")
    return _OWN.joinpath(f"{name}.toml").read_text(encoding="utf-8")


@cache
def policy_named(name: str) -> Policy:
    """Return one of the policies that vaeaudit brings along; their checks are its own, which need not be looked up."""
    document = tomllib.loads(policy_text(name))
    return Policy(name, {code: _rule(f"--policy {name}", code, table, str) for code, table in document.items()}, {})


def read_policy(given: str | Path) -> Policy:
    """Read a policy: a file, or the name of one that vaeaudit brings along.

    A table is called as its check, by code or name; `[analysis]` holds settings of the analysis, and `[analysis.mutes]`
    what is set aside, as in a settings file.

    Raises
    ------
    UsageError
        Where it cannot be read, names no check or one that there is not, or holds a value that cannot be used.
    """
    path = Path(given)
    if not path.is_file() and str(given) in own_policies():
        return policy_named(str(given))
    option = f"--policy {path}"
    try:
        if path.stat().st_size > _LONGEST:
            raise UsageError(f"{option}: expected TOML, found {path.stat().st_size:,} bytes.")
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        names = listed(own_policies(), most=20, last="or")
        raise UsageError(f"{option}: there is no such file.", hint=f"Or give one of {names}.") from error
    except OSError as error:
        raise UsageError(f"{option}: cannot be read: {(error.strerror or str(error)).lower()}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{option}: expected TOML: {error}.") from error
    analysis = document.pop("analysis", {})
    rules: dict[str, PolicyRule] = {}
    for word, table in document.items():
        code = find_check(word).code
        if code in rules:
            raise UsageError(f"{option}: the check {code} has two tables.")
        rules[code] = _rule(option, word, table, lambda other: find_check(other).code)
    if not rules:
        raise UsageError(f"{option}: names no check; nothing could fail.", hint="See `vaeaudit explain --policy`.")
    _require_settings(option, analysis)
    return Policy(path.name, rules, analysis)


def _require_settings(option: str, analysis: Any) -> None:
    if not isinstance(analysis, dict):
        raise UsageError(f"{option}: expected a table [analysis], found {analysis!r}.")
    try:
        AnalysisConfig.from_dict(analysis)
    except UsageError as error:
        raise UsageError(f"{option}: {error.message}", hint=error.hint) from error


def _rule(option: str, word: str, table: Any, code_of: Callable[[str], str]) -> PolicyRule:
    if not isinstance(table, dict):
        raise UsageError(f"{option}: expected a table [{word}], found {table!r}.")
    unknown = sorted(set(table) - set(_KEYS))
    if unknown:
        raise UsageError(
            f"{option}: [{word}] has the unknown key {unknown[0]!r}.", hint=f"It takes {', '.join(_KEYS)}."
        )
    limits = {
        name: _limits(f"{option}: [{word}] {name}", table[name]) for name in ("at_most", "at_least") if name in table
    }
    if limits and "fail_from" in table:
        raise UsageError(f"{option}: [{word}] has limits and fail_from: give one of them.")
    severities = get_args(Severity)
    if table.get("fail_from", "medium") not in severities:
        raise UsageError(f"{option}: [{word}] fail_from: expected one of {listed(severities, most=9, last='or')}.")
    if not isinstance(table.get("required", False), bool):
        raise UsageError(f"{option}: [{word}] required: expected true or false.")
    if not isinstance(table.get("about", ""), str):
        raise UsageError(f"{option}: [{word}] about: expected text.")
    instead = table.get("instead", [])
    if not isinstance(instead, list) or not all(isinstance(other, str) for other in instead):
        raise UsageError(f"{option}: [{word}] instead: expected a list of codes of checks.")
    about = table.get("about", f"what {word} asks" if table.get("required") else "")
    return PolicyRule(**{**table, **limits, "instead": tuple(map(code_of, instead)), "about": about})


def _limits(what: str, given: Any) -> dict[str, float]:
    numbers = isinstance(given, dict) and all(
        isinstance(limit, (int, float)) and not isinstance(limit, bool) and isfinite(limit) for limit in given.values()
    )
    if not numbers or not given:
        raise UsageError(f"{what}: expected a table of numbers, such as {{ ratio = 0.8 }}, found {given!r}.")
    return {name: float(limit) for name, limit in given.items()}
