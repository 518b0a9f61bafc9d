"""What can be stated about an audit: that it has a finding, a rule, a fact; that its figures are those of the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import planting


@dataclass(frozen=True)
class Audit:
    """What was said of a table: report.json, `inspect --json`; the table as pandas reads it, CPU seconds."""

    report: Mapping[str, Any]
    inspected: Mapping[str, Any]
    frame: pd.DataFrame
    cpu_s: float = 0.0

    def findings(self, code: str = "") -> Iterator[Mapping[str, Any]]:
        """Yield the findings of a check, or all."""
        return (entry for entry in self.report["findings"] if code in ("", entry.get("code")))

    def rules(self, kind: str) -> Iterator[Mapping[str, Any]]:
        """Yield the rules of the table of one kind."""
        return (entry for entry in self.report.get("rules_of_the_table", ()) if entry["kind"] == kind)


Said = Callable[[Audit], bool]


@dataclass(frozen=True)
class Statement:
    """What must be said, or must not; `holds` is whether it is said, `later` whether it is not asked for yet."""

    text: str
    holds: Said
    must: bool = True
    later: bool = False

    def kept(self, audit: Audit) -> bool:
        """Whether an audit says what it must, or does not say what it must not."""
        return self.holds(audit) == self.must


def must(text: str, holds: Said, *, later: bool = False) -> Statement:
    """State what must be said."""
    return Statement(text, holds, later=later)


def never(text: str, holds: Said, *, later: bool = False) -> Statement:
    """State what must not be said."""
    return Statement(text, holds, must=False, later=later)


def column(name: str, **facts: Any) -> Said:
    """`inspect` says this of a column."""
    return lambda audit: any(
        entry["name"] == name and facts.items() <= {key: entry[key] for key in facts if key in entry}.items()
        for entry in audit.inspected["columns"]
    )


def remark(name: str, words: str) -> Said:
    """`inspect` remarks on a column in these words."""
    return lambda audit: any(
        words in problem
        for entry in audit.inspected["columns"]
        if entry["name"] == name
        for problem in entry["problems"]
    )


def out_of_model(*names: str) -> Said:
    """None of the columns enters the model."""
    return every(*(column(name, in_model=False) for name in names))


def every(*said: Said) -> Said:
    """All of it is said."""
    return lambda audit: all(each(audit) for each in said)


def either(*said: Said) -> Said:
    """Any of it is said."""
    return lambda audit: any(each(audit) for each in said)


def finding(code: str, subject: str = "", severity: str = "", **figures: Any) -> Said:
    """A check has a finding about a subject, of this severity, with these figures in its evidence."""
    return lambda audit: any(
        entry["subject"].startswith(subject)
        and severity in ("", entry["severity"])
        and all(_same(entry["evidence"].get(key), value) for key, value in figures.items())
        for entry in audit.findings(code)
    )


def _same(found: Any, wanted: Any) -> bool:
    return bool(np.isclose(found, wanted, atol=5e-4)) if isinstance(wanted, float) and found else bool(found == wanted)


def naming(code: str, *names: str, severity: str = "") -> Said:
    """A finding of a check names all these columns, levels or rows in its evidence or its title."""
    return lambda audit: any(
        severity in ("", entry["severity"]) and all(name in f"{entry['title']} {entry['evidence']}" for name in names)
        for entry in audit.findings(code)
    )


def state(code: str, *states: str) -> Said:
    """A check ended as one of these."""
    return lambda audit: any(
        entry["code"] == code and entry["state"] in states for entry in audit.report.get("checks", ())
    )


def rule(kind: str, *columns: str, exceptions: int = 0) -> Said:
    """A rule of the table of this kind is about these columns, and so many rows break it."""
    return lambda audit: any(
        set(columns) <= set(entry["columns"]) and entry["exceptions"] == exceptions for entry in audit.rules(kind)
    )


def any_rule(audit: Audit) -> bool:
    """Any rule of the table is told."""
    return bool(audit.report.get("rules_of_the_table"))


def predicts(name: str) -> Said:
    """A column is among those that tell the label."""
    return lambda audit: any(entry["column"] == name for entry in _label(audit).get("predictors", ()))


def copies(audit: Audit) -> int:
    """Return how many rows repeat an earlier one."""
    found = audit.report["duplicates"]
    return int(found["rows_in_groups"] - found["groups"])


def region_of(*columns: str) -> Said:
    """A region is about all these columns."""
    return lambda audit: any(
        set(columns) <= {condition["column"] for condition in entry["rule"]} for entry in audit.report["regions"]
    )


def flagged_cells(audit: Audit, name: str = "") -> int:
    """Return how many cells of a column, or of all, are said to contradict their rows."""
    cells = audit.report["outliers"].get("cells")
    by_column = cells["by_column"] if cells else {}
    return sum(by_column.values()) if not name else by_column.get(name, 0)


def flagged_share(holds: Callable[[pd.DataFrame], pd.Series], share: float, *, of_flagged: bool = False) -> Said:
    """At least this share of the rows in which something holds is flagged; or of the flagged rows it holds in."""

    def said(audit: Audit) -> bool:
        flagged = [entry["position"] for entry in audit.report["outliers"]["top"] if entry["flagged"]]
        rows = holds(audit.frame)
        among = len(flagged) if of_flagged else int(rows.sum())
        return among > 0 and int(rows.iloc[flagged].sum()) >= share * among

    return said


def blamed(*names: str, severity: str = "", kind: str = "") -> Said:
    """Any finding, of this severity and kind, names all of these in its title."""
    return lambda audit: any(
        severity in ("", entry["severity"])
        and kind in ("", entry["kind"])
        and all(name in entry["title"] for name in names)
        for entry in audit.findings()
    )


def verdict(status: str) -> Said:
    """The verdict is this one."""
    return lambda audit: bool(audit.report["verdict"]["status"] == status)


def together_below_alone(audit: Audit) -> bool:
    """All columns together are said to tell the label worse than one of them."""
    together = _label(audit).get("together")
    return together is not None and together["score"] < together["best_score"]


def _label(audit: Audit) -> Mapping[str, Any]:
    return audit.report.get("labels") or {}


def balance_of(label: str) -> Said:
    """The rows of each value of the label are counted as pandas counts them."""
    return lambda audit: (
        (_label(audit).get("balance") or {}).get("counts")
        == {str(value): rows for value, rows in audit.frame[label].value_counts().items()}
    )


def missing_cells(audit: Audit) -> bool:
    """`inspect` counts the missing cells of every column as pandas does."""
    counted = {entry["name"]: entry["missing"] for entry in audit.inspected["columns"]}
    return counted == audit.frame.isna().sum().to_dict()


def miscounted(audit: Audit) -> bool:
    """A rule that a finding or a group gives picks another number of rows than is said."""
    told = [
        (entry["rule"], entry["evidence"]["rows"])
        for code in ("VA502", "VA806")
        for entry in audit.findings(code)
        if entry["rule"]
    ]
    told += [(entry["rule"], entry["n"]) for entry in audit.report["representation"] if entry.get("rule")]
    return any(rows != planting.rows_of(given, audit.frame).sum() for given, rows in told)


def wrong_rule(audit: Audit) -> bool:
    """A rule of the table has another number of exceptions than pandas counts."""
    return any(
        entry["exceptions"] != count(audit.frame, entry["columns"])
        for kind, count in _BROKEN.items()
        for entry in audit.rules(kind)
        if not any(words in entry["statement"] for words in _OF_OTHER_SENSE)
    )


def _unequal(frame: pd.DataFrame, columns: Sequence[str]) -> int:
    return int(frame[columns].dropna().pipe(lambda rows: rows.ne(rows[columns[0]], axis=0)).any(axis=1).sum())


def _not_complement(frame: pd.DataFrame, columns: Sequence[str]) -> int:
    return int((frame[columns].dropna().sum(axis=1) != 1).sum())


def _out_of_order(frame: pd.DataFrame, columns: Sequence[str]) -> int:
    both = frame[columns].dropna()
    smaller, larger = (
        each if pd.api.types.is_numeric_dtype(each) else pd.to_datetime(each) for _, each in both.items()
    )
    return int((smaller > larger).sum())


def _undetermined(frame: pd.DataFrame, columns: Sequence[str]) -> int:
    given, *told = columns
    wrong = pd.Series(data=False, index=frame.index)
    for name in told:
        for _, levels in frame[[given, name]].dropna().groupby(given)[name]:
            usual = levels.mode()
            wrong[levels.index[(levels != usual[0]) | (usual.size > 1)]] |= levels.size > 1
    return int(wrong.sum())


#: Words of rules that say more, or less, than their kind: an order with a distance, an age that is counted from a date.
_OF_OTHER_SENSE = (
    "at least",
    "is counted from",
    "never falls",
    "never rises",
    "are the levels of",
    "at most one",
    " below ",
)
#: Kind of a rule of the table -> how many rows of a table break one about these columns.
_BROKEN: Mapping[str, Callable[[pd.DataFrame, Sequence[str]], int]] = {
    "equal": _unequal,
    "complement": _not_complement,
    "one_hot": _not_complement,
    "order": _out_of_order,
    "determines": _undetermined,
}
