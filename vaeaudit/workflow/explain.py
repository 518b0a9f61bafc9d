"""`explain`: the checks that there are, the page of one, and the policy of the verdict."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from vaeaudit.analysis.audit.policy import DEFAULT_POLICY
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


def policy_in_toml() -> str:
    """Return the default policy: a table for each check that it names."""
    lines = [
        "# The verdict, in this order. fail: a check named here has a finding as grave as fail_from, or graver.",
        "# inconclusive: a check named here could not be answered; one that is required was not asked, nor one of",
        "# those instead of it; or a finding of severity high is open in a check that is not named here, which needs",
        "# a person. pass: neither. What is set aside by --mute counts as settled, and the sentence says so.",
    ]
    known = all_checks()
    for code, rule in DEFAULT_POLICY.items():
        if code not in known:
            continue
        lines += ["", f"[{code}]  # {known[code].name}", f'fail_from = "{rule.fail_from}"']
        if rule.required:
            lines.append("required = true")
        if rule.instead:
            lines.append(f"instead = [{', '.join(f'{other!r}' for other in rule.instead)}]".replace("'", '"'))
    return "\n".join(lines) + "\n"
