"""Ask every check, set aside what a person muted or judged to be no gap, and rank what was found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

from vaeaudit.analysis.checks.base import Answer, Check, Seen, unmet
from vaeaudit.analysis.checks.registry import all_checks, find_check
from vaeaudit.analysis.conclusions import CheckResult, Finding, MutedBy, gravity
from vaeaudit.errors import UsageError, VaeauditError
from vaeaudit.wording.phrases import listed, plural


def ask_all(
    seen: Seen, checks: Mapping[str, Check] | None = None
) -> tuple[tuple[CheckResult, ...], tuple[Finding, ...]]:
    """Ask every check that can be asked; return the state of each, and the open findings by rank.

    Parameters
    ----------
    seen
        What the checks look at; its settings say what is muted.
    checks
        By code; all that are registered where None.

    Raises
    ------
    UsageError
        Where a mute names no check or gives no reason, or a check of a plug-in fails.
    """
    checks = all_checks() if checks is None else checks
    mutes = read_mutes(seen.config.mutes)
    results, findings = [], []
    for code, check in checks.items():
        result, found = _result(check, seen, mutes.get(code, {}))
        results.append(result)
        findings += found
    return tuple(results), rank(findings)


def read_mutes(written: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return code -> subject in lower case -> reason; the subject is empty where the whole check is set aside.

    Parameters
    ----------
    written
        `CODE` or `CODE:subject` -> reason; a check may also be called by its name.

    Raises
    ------
    UsageError
        Where there is no such check, or no reason.
    """
    mutes: dict[str, dict[str, str]] = {}
    for key, reason in written.items():
        word, _, about = key.partition(":")
        if not reason.strip():
            raise UsageError(f"--mute {key}: say why, for whoever reads the report.")
        mutes.setdefault(find_check(word.strip()).code, {})[about.strip().lower()] = reason.strip()
    return mutes


def _result(check: Check, seen: Seen, mutes: Mapping[str, str]) -> tuple[CheckResult, list[Finding]]:
    """Return the state of a check and its open findings."""
    named = partial(CheckResult, check.code, check.name, check.question)
    if "" in mutes:
        muted = MutedBy("", mutes[""], seen.config.muted_by)
        return named(state="muted", why=mutes[""], muted=(muted,)), []
    cannot = unmet(check, seen)
    if cannot is not None:
        state, why = cannot
        return named(state=state, why=why), []
    answer = _ask(check, seen)
    titles: dict[str, tuple[str, ...]] = {}
    for finding in answer.findings:
        titles[_about(finding)] = (*titles.get(_about(finding), ()), finding.title)
    settled = {about.lower(): said for about, said in seen.settled.items() if about.lower() in titles}
    muted_here = {about: MutedBy(about, reason, seen.config.muted_by) for about, reason in mutes.items()}
    hidden = muted_here | {about: said for about, said in settled.items() if about not in muted_here}
    aside = tuple(replace(muted, findings=titles.get(about, ())) for about, muted in hidden.items())
    unknown = [muted.subject for muted in aside if not muted.findings]
    found = list(rank(finding for finding in answer.findings if _about(finding) not in hidden))
    all_muted = bool(answer.findings) and not found
    why = answer.why if found or not answer.findings else f"Set aside: {plural(len(answer.findings), 'finding')}."
    if unknown:
        why += f" Muted without effect: {listed(unknown)}."
    result = named(
        state="muted" if all_muted else answer.state,
        why=why,
        tested=answer.tested,
        detectable=answer.detectable,
        findings=tuple(finding.id for finding in found),
        muted=aside,
        rests_on=answer.rests_on,
    )
    return result, found


def _about(finding: Finding) -> str:
    """Return the subject as mutes name it: people type it in either case."""
    return finding.subject.lower()


def _ask(check: Check, seen: Seen) -> Answer:
    """Ask a check; what goes wrong in a plug-in is told as its fault, with the way to go on without it."""
    if check.code.startswith("VA"):
        return _own_answer(check, seen)
    try:
        return _own_answer(check, seen)
    except VaeauditError:
        raise
    except Exception as error:
        raise UsageError(
            f"The check {check.code} {check.name} failed: {type(error).__name__}: {error}.",
            hint=f"Go on without it by --mute {check.code} REASON.",
        ) from error


def _own_answer(check: Check, seen: Seen) -> Answer:
    """Return the answer; its findings must be the check's own, and told apart by their subjects."""
    answer = check.ask(seen)
    ids = [finding.id for finding in answer.findings]
    if len(set(ids)) < len(ids) or any(finding.code != check.code for finding in answer.findings):
        raise ValueError(f"{check.code}: expected findings with its code and different subjects, found {ids}")
    if (answer.state == "finding") != bool(answer.findings):
        raise ValueError(f"{check.code}: state {answer.state} with {len(ids)} findings")
    return answer


def rank(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sort by severity, keeping the given order among equals."""
    return tuple(sorted(findings, key=lambda finding: gravity(finding.severity)))
