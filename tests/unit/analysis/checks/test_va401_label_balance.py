"""A label of which one value has next to no rows."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from vaeaudit.analysis.checks.base import Answer, unmet
from vaeaudit.analysis.checks.va401_label_balance import CHECK
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Column, Kind, Role, Schema


def asked(values: list, kind: Kind = Kind.CATEGORY) -> Answer:
    levels = tuple(dict.fromkeys(values)) if kind is Kind.CATEGORY else ()
    column = pd.Series(pd.Categorical(values) if levels else values)
    schema = Schema((Column("y", kind, role=Role.LABEL, in_model=False, levels=levels),))
    inputs = SimpleNamespace(frame=pd.DataFrame({"y": column}), schema=schema)
    return CHECK.ask(SimpleNamespace(inputs=inputs, config=AnalysisConfig()))


@pytest.mark.parametrize(
    ("counts", "severity"),
    [
        ({"no": 99_999, "yes": 1}, "high"),
        ({"no": 500}, "high"),
        ({"no": 5_000, "yes": 11}, "medium"),
        ({"a": 500, "b": 500, "c": 3}, "medium"),
        ({"no": 950, "yes": 50}, "low"),
        ({"no": 840, "yes": 160}, "low"),
        ({"a": 600, "b": 370, "c": 30}, "low"),
    ],
)
def test_the_rarer_a_value_the_graver(counts: dict[str, int], severity: str) -> None:
    answer = asked([value for value, rows in counts.items() for _ in range(rows)])
    assert [finding.severity for finding in answer.findings] == [severity]


def test_one_positive_in_a_hundred_thousand_is_told_with_its_count() -> None:
    (finding,) = asked(["no"] * 99_999 + ["yes"]).findings
    assert finding.id == "VA401-y"
    assert finding.title.startswith("y: 1 row of 100,000 (0.0010 %) has the rarest value, yes")


def test_a_number_is_judged_by_whether_it_varies() -> None:
    assert asked([float(n) for n in range(500)], Kind.REAL).state == "passed"
    assert asked([0.0] * 9_999 + [float(n) for n in range(60)], Kind.REAL).findings[0].severity == "medium"
    (spike,) = asked([0.0] * 120 + [float(n) for n in range(1, 81)], Kind.COUNT).findings
    assert (spike.severity, spike.title) == ("low", "y is 0 in 120 rows of 200 (60.0 %)")


def test_balanced_classes_pass_and_no_label_is_not_asked() -> None:
    assert asked(["a", "b"] * 200).state == "passed"
    nothing = SimpleNamespace(inputs=SimpleNamespace(schema=Schema(())))
    assert unmet(CHECK, nothing) == ("not_asked", "Give --label COL.")
