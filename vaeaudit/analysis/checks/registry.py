"""All checks by code: those in the files beside this one, and those that installed packages bring along."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points

from vaeaudit.analysis import checks
from vaeaudit.analysis.checks.base import Check
from vaeaudit.errors import UsageError

#: Entry-point group of plug-ins; each entry names a `Check`.
GROUP = "vaeaudit.checks"
_FILE = re.compile(r"va\d{3}_\w+")
_CODE, _NAME = re.compile(r"[A-Z]{2,6}\d{3}"), re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")


@cache
def all_checks() -> Mapping[str, Check]:
    """Return every check by code, in the order of the codes, those of plug-ins last.

    Raises
    ------
    UsageError
        Where a plug-in cannot be loaded, is no check, or takes a code or a name that is in use.
    """
    found: dict[str, Check] = {}
    for module in sorted(pkgutil.iter_modules(checks.__path__), key=lambda each: each.name):
        if _FILE.fullmatch(module.name):
            check: Check = import_module(f"{checks.__name__}.{module.name}").CHECK
            found[check.code] = check
    for entry in sorted(entry_points(group=GROUP), key=lambda each: each.name):
        try:
            plugged = entry.load()
        except Exception as error:
            raise UsageError(f"The check {entry.value} cannot be loaded: {error}.") from error
        if not isinstance(plugged, Check) or not _CODE.fullmatch(plugged.code) or plugged.code.startswith("VA"):
            raise UsageError(
                f"The check {entry.value} cannot be used: expected a vaeaudit Check with a code such as ACME101."
            )
        if not _NAME.fullmatch(plugged.name):
            raise UsageError(f"The check {entry.value} cannot be used: expected a name such as rows-of-today.")
        for word, taken in ((plugged.code, set(found)), (plugged.name, {check.name for check in found.values()})):
            if word in taken:
                raise UsageError(f"The check {entry.value} is called {word}, as another check is.")
        found[plugged.code] = plugged
    return found


def find_check(word: str) -> Check:
    """Return the check of a code or a name.

    Parameters
    ----------
    word
        Such as `VA101`, `va101` or `group-short-of-population`.

    Raises
    ------
    UsageError
        Where there is none; the message says which is meant, if one is near.
    """
    known = all_checks()
    by_word = {**known, **{check.name: check for check in known.values()}}
    check = by_word.get(word.upper()) or by_word.get(word.lower())
    if check is None:
        near = get_close_matches(word.lower(), [key.lower() for key in by_word], n=1)
        hint = f"Did you mean {(by_word.get(near[0].upper()) or by_word[near[0]]).code}?" if near else None
        raise UsageError(f"There is no check {word!r}.", hint=hint or "`vaeaudit explain` lists them.")
    return check
