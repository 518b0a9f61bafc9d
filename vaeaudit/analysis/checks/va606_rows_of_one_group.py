"""Rows of one person, household or animal: how many independent rows they are worth for the label."""

from __future__ import annotations

from typing import Final

import numpy as np

from vaeaudit.analysis.checks.base import Answer, Check, Seen, answered
from vaeaudit.analysis.conclusions import Finding, subject
from vaeaudit.analysis.grouping.together import group_codes
from vaeaudit.data.schema.columns import Column
from vaeaudit.outputs.record import FloatArray, IntArray
from vaeaudit.statistics.clustered import clustered
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import plural

CODE: Final = "VA606"
KIND: Final = "duplicate"
#: Rows that are worth less than this share of their number make every interval that counts rows too narrow to trust.
LEAST_WORTH = 0.5


def ask(seen: Seen) -> Answer:
    """Tell each group column, and what its rows are worth."""
    groups = group_codes(seen.inputs.frame, seen.inputs.schema)
    if not groups:
        return Answer("not_applicable", "No column says which rows belong together.")
    return answered(
        [_finding(name, codes, seen) for name, codes in groups.items() if _repeats(codes)],
        "No two rows belong together.",
        tested=len(groups),
    )


def _repeats(codes: IntArray) -> bool:
    return len(np.unique(codes[codes >= 0])) < int((codes >= 0).sum())


def _finding(name: str, codes: IntArray, seen: Seen) -> Finding:
    known = codes >= 0
    sizes = np.bincount(codes[known])
    label = seen.inputs.schema.label
    title = f"{plural(int(known.sum()), 'row')} are of {numbers.count(len(sizes))} {name}, up to {sizes.max()} of one"
    evidence: dict[str, float] = {"rows": int(known.sum()), "groups": len(sizes), "most_rows_of_one": int(sizes.max())}
    worth = 1.0
    if label is not None:
        values, told = _values(label, seen)
        rows = known & told
        measured = clustered(values[rows], codes[rows])
        worth = measured.effective / max(int(rows.sum()), 1)
        title += f": for {label.name} they are worth {plural(round(measured.effective), 'independent row')}"
        evidence |= {"intraclass_correlation": measured.correlation, "effective_rows": measured.effective}
    return Finding(
        code=CODE,
        subject=subject(name),
        kind=KIND,
        severity="medium" if worth < LEAST_WORTH else "info",
        title=title,
        evidence=evidence,
        action=(
            f"Split by {name}, all rows of one on one side, as every fold of this audit does. Intervals of shares and "
            "rates count rows: read them as wider."
        ),
        anchor="duplicates",
    )


def _values(label: Column, seen: Seen) -> tuple[FloatArray, np.ndarray]:
    """Return the label [N, T] as a number or as membership in each level, and which rows have one."""
    column = seen.inputs.frame[label.name]
    told = column.notna().to_numpy()
    if label.kind.is_levelled:
        return np.eye(len(label.levels) + 1)[column.cat.codes.to_numpy()][:, :-1], told
    if label.kind.is_numeric:
        return column.fillna(0.0).to_numpy(dtype=np.float64)[:, None], told
    return np.zeros((len(column), 1)), told


CHECK = Check(CODE, "rows-of-one-group", "Is every row a case of its own?", KIND, ask)
