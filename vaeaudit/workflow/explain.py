"""`explain`: the checks that there are, and the page of one."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from vaeaudit.analysis.checks.base import GIVE, Check
from vaeaudit.analysis.checks.registry import all_checks, find_check


def list_checks() -> list[dict[str, Any]]:
    """Return code, name, question and what must be given, for every check."""
    return [
        {"code": check.code, "name": check.name, "question": check.question, "give": _given(check)}
        for check in all_checks().values()
    ]


def checks_in_words() -> list[str]:
    """Return a line for each check."""
    lines = []
    for check in all_checks().values():
        given = f" (needs {', '.join(_given(check))})" if _given(check) else ""
        lines.append(f"{check.code}  {check.name}: {check.question}{given}")
    return lines


def _given(check: Check) -> list[str]:
    return [GIVE[need] for need in check.needs if need in GIVE]


def page_of(word: str) -> str:
    """Return the page of a check, as Markdown; of a plug-in without a page, its question and where to read on.

    Parameters
    ----------
    word
        Code or name.

    Raises
    ------
    UsageError
        Where there is no such check.
    """
    check = find_check(word)
    page = files("vaeaudit.analysis.checks").joinpath("pages", f"{check.code}.md")
    if page.is_file():
        return page.read_text(encoding="utf-8")
    more = f"\nSee {check.page}\n" if check.page else ""
    return f"# {check.code} {check.name}\n\n{check.question}\n{more}"
