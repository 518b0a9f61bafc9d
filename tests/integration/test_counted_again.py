"""What a report counts can be counted again: every rule in it, applied to the file with three lines of pandas."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vaeaudit.cli.main import run as vaeaudit


def rows_of(rule: list[dict[str, Any]], table: pd.DataFrame) -> int:
    """Count by the words of the contract alone: `in`, `between` [low, high), `missing`; all hold together."""
    mask = np.ones(len(table), bool)
    for condition in rule:
        values, value = table[condition["column"]], condition["value"]
        if condition["op"] == "in":
            mask &= values.astype(str).isin(value) & values.notna()
        elif condition["op"] == "between":
            open_ends = ("", "9999") if any(isinstance(bound, str) for bound in value) else (-np.inf, np.inf)
            low, high = (end if bound is None else bound for end, bound in zip(open_ends, value, strict=True))
            mask &= (values >= low) & (values < high)
        else:
            mask &= values.isna()
    return int(mask.sum())


def table_of(source: Path, report: Path) -> pd.DataFrame:
    """The file as anybody reads it, the broken record left out, with the columns of `rows.parquet` beside it."""
    table = pd.read_csv(source, on_bad_lines="skip", skip_blank_lines=True).dropna(how="all")
    table = table[table["person_id"] != "too"].reset_index(drop=True)
    table["age"] = table["age"].astype(float)
    rows = pd.read_parquet(report / "rows.parquet")
    assert len(rows) == len(table)
    return pd.concat([table, rows.filter(regex=r"^z_\d+$")], axis=1)


def counts_in(document: dict[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]], int]]:
    for region in document["regions"]:
        yield region["id"], region["rule"], region["observed"]
    for cell in document["representation"]:
        if cell["rule"]:
            yield " ".join(cell["group"]), cell["rule"], cell["rows"]
    for finding in document["findings"]:
        if finding["rule"]:
            evidence = finding["evidence"]
            counted = next(evidence[name] for name in ("observed", "rows", "n") if name in evidence)
            yield finding["id"], finding["rule"], counted


@pytest.mark.parametrize("with_reference", [False, True])
def test_every_rule_of_the_report_counts_what_the_report_says(
    fitted: Any, tmp_path: Path, with_reference: bool
) -> None:
    more = ["--reference", str(fitted.source)] if with_reference else ["--uniform"]
    assert vaeaudit(["report", str(fitted.run.path), "--out", str(tmp_path / "r"), *more, "-q"]) == 0
    document = json.loads((tmp_path / "r" / "report.json").read_text(encoding="utf-8"))
    table = table_of(fitted.source, tmp_path / "r")
    claims = list(counts_in(document))
    assert len(claims) > 20
    assert [(name, said, rows_of(rule, table)) for name, rule, said in claims if rows_of(rule, table) != said] == []


def test_ids_of_findings_and_regions_stay_whatever_else_is_asked(fitted: Any, tmp_path: Path) -> None:
    documents = []
    for name, more in (("a", []), ("b", ["--uniform"])):
        assert vaeaudit(["report", str(fitted.run.path), "--out", str(tmp_path / name), *more, "-q"]) == 0
        documents.append(json.loads((tmp_path / name / "report.json").read_text(encoding="utf-8")))
    rules = [{region["id"]: (region["baseline"], region["rule"]) for region in each["regions"]} for each in documents]
    assert rules[0]
    assert {name: rule for name, rule in rules[1].items() if name in rules[0]} == {
        name: rule for name, rule in rules[0].items() if name in rules[1]
    }
    titles = [{finding["id"]: finding["title"] for finding in each["findings"]} for each in documents]
    assert len(titles[0]) == len(documents[0]["findings"])
    shared = titles[0].keys() & titles[1].keys()
    assert len(shared) > len(titles[0]) / 2
    assert {name: titles[1][name] for name in shared if "others" not in name} == {
        name: titles[0][name] for name in shared if "others" not in name
    }
