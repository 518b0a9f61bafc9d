"""What is concluded from measurements: the state of every check, its findings, and the verdict that follows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal, get_args

from vaeaudit.outputs.region_rules import Condition
from vaeaudit.statistics.measures import Count, Interval

FindingKind = Literal[
    "representation", "region", "outlier", "label", "disparity", "proxy", "duplicate", "latent", "quality", "other"
]
#: Gravest first; `SEVERITIES` says what each means.
Severity = Literal["high", "medium", "low", "info"]
State = Literal["finding", "passed", "inconclusive", "not_applicable", "not_asked", "muted"]
VerdictStatus = Literal["pass", "fail", "inconclusive"]

#: What a severity means, the same for every kind of finding.
SEVERITIES: Mapping[Severity, str] = {
    "high": "a model trained on this would learn something wrong, or fail a group of people; decide before training",
    "medium": "surely there, and large enough to change results; mend or explain it before they are relied on",
    "low": "surely there, but small, or a hint that only somebody who knows the data can judge",
    "info": "a fact to know; nothing to mend",
}
#: Groups or columns listed in the evidence of a finding.
LISTED = 20
#: Subjects of findings about several things at once; characters of a subject at most, before its hash.
SEVERAL = ("combinations", "others")
LONGEST_SUBJECT = 60


@dataclass(frozen=True)
class Finding:
    """One line that a reviewer acts on.

    Attributes
    ----------
    code, subject, id
        Of the check; what the finding is about; both together, which stays the same from run to run.
    kind, severity
        Fixed words; see `SEVERITIES`.
    title, action
        What was found, and what to do.
    evidence
        Numbers under plain names.
    anchor
        Section of the page.
    rule
        Conditions that pick the rows of what is named first, where such a rule exists; the evidence has their number.
    """

    id: str = field(init=False, default="")  # without a default, the JSON Schema would not know the key
    code: str
    subject: str
    kind: FindingKind
    severity: Severity
    title: str
    evidence: Mapping[str, Any]
    action: str
    anchor: str
    rule: tuple[Condition, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", f"{self.code}-{self.subject}" if self.subject else self.code)


@dataclass(frozen=True)
class MutedBy:
    """Who set a check, or one subject of it, aside, and why; `findings` are the titles that it hides."""

    subject: str
    reason: str
    by: str
    findings: tuple[str, ...] = ()


@dataclass(frozen=True)
class CheckResult:
    """What became of one check.

    Attributes
    ----------
    code, name, question
        Which check, and what it asks.
    state
        `finding`, `passed`, `inconclusive` (too little to tell), `not_applicable`, `not_asked` (something has to be
        given for it), or `muted`.
    why
        In words: what was found, what could not be told, or what to give so that it is asked.
    tested
        Groups, cells or rows that were tested; None where nothing is counted.
    detectable
        The smallest effect that it would have seen, in words; empty where that is not known.
    findings
        Ids of its findings, by rank.
    muted
        What was set aside.
    rests_on
        Code of the check whose answer this one lacks; empty where it stands alone.
    """

    code: str
    name: str
    question: str
    state: State
    why: str
    tested: Count | None = None
    detectable: str = ""
    findings: tuple[str, ...] = ()
    muted: tuple[MutedBy, ...] = ()
    rests_on: str = ""


@dataclass(frozen=True)
class VerdictReason:
    """A check that fails the verdict or holds it back, in which state it is, and why."""

    code: str
    effect: Literal["fail", "hold"]
    state: Literal["finding", "inconclusive", "not_asked"]
    why: str


@dataclass(frozen=True)
class PolicyRule:
    """How one check bears on the verdict.

    Attributes
    ----------
    fail_from
        A finding of this severity or a graver one fails the dataset; not looked at where there are limits.
    at_most, at_least
        Figure of a finding's evidence -> its limit: a finding fails where the figure, its sign aside, is above the one,
        or where it is below the other, or where it is not known.
    required
        Whether the verdict waits for an answer: a check that was not asked holds it back.
    instead
        Codes of checks that answer in its place where it was not asked.
    about
        What is not known while it is not asked, as a clause.
    """

    fail_from: Severity = "medium"
    at_most: Mapping[str, float] = field(default_factory=dict)
    at_least: Mapping[str, float] = field(default_factory=dict)
    required: bool = False
    instead: tuple[str, ...] = ()
    about: str = ""


@dataclass(frozen=True)
class Verdict:
    """What follows from the states of the checks by the policy; see `vaeaudit.analysis.audit.policy`."""

    status: VerdictStatus
    sentence: str
    checks: tuple[VerdictReason, ...]
    policy: Mapping[str, PolicyRule]


def gravity(severity: Severity) -> int:
    """Return the place of a severity, 0 for the gravest."""
    return get_args(Severity).index(severity)


def subject(*parts: str) -> str:
    """Return what a finding is about as words joined by hyphens: the same from run to run.

    Where the parts could not be told from that, a hash of them is added, so that different subjects differ.

    >>> subject("sex", "Female"), subject("age", ">= 30")
    ('sex-Female', 'age-30-56be9a')
    """
    words = "-".join(re.findall(r"\w+", " ".join(parts)))
    if all(re.fullmatch(r"\w+", part) for part in parts) and len(words) <= LONGEST_SUBJECT and words not in SEVERAL:
        return words
    exact = sha256("\x1f".join(parts).encode("utf-8", errors="surrogatepass")).hexdigest()[:6]
    return f"{words[:LONGEST_SUBJECT].strip('-')}-{exact}".lstrip("-")


def facts(result: object, *names: str) -> dict[str, object]:
    """Return fields of a result under their own names, intervals as their bounds: evidence of a finding."""
    fields = {name: getattr(result, name) for name in names}
    return {name: value.bounds if isinstance(value, Interval) else value for name, value in fields.items()}
