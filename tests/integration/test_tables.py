"""Tables as they are met: whole commands on hostile, tiny, one-sided and empty-of-structure data."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vaeaudit.config import FitConfig
from vaeaudit.errors import InconclusiveError
from vaeaudit.runs.reading import load_run
from vaeaudit.workflow.fit import fit
from vaeaudit.workflow.reading import inspect
from vaeaudit.workflow.report import audit as audit_

N = 400
SCRIPT = "</script><img src=x onerror=alert(1)>"
FORMULA = '=HYPERLINK("http://example.org","click")'
JINJA = "{{ 7*7 }}{% raw %}"
ODD = "a\tb\nc \x1b[31m\u202e'\"\\,;|$(id)`"


class Elements(HTMLParser):
    """Collect the tags and the attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)


def audit(source: Any, config: FitConfig, folder: Path, **more: Any) -> tuple[dict[str, Any], Path]:
    page = audit_(source, config, run=folder / "run", out=folder / "out", **more).page
    return json.loads((page.parent / "report.json").read_text(encoding="utf-8")), page


def hostile_table() -> pd.DataFrame:
    generator = np.random.default_rng(3)
    cause = generator.normal(size=N)
    level = np.where(cause > 0.5, SCRIPT, np.where(cause < -0.5, FORMULA, "plain"))
    level[:6] = [JINJA] * 6
    huge = np.exp(cause + 0.1 * generator.normal(size=N))
    huge[:2] = 1e150
    dates = pd.Timestamp("2020-02-29") + pd.to_timedelta(np.round(400 * cause), unit="D")
    number = 10 * cause + generator.normal(size=N)
    number[5:60:3] = np.nan
    return pd.DataFrame(
        {
            "key": [f"+{index}@{ODD[:3]}" for index in range(N)],
            SCRIPT: level,
            FORMULA: huge,
            ODD: number,
            "when": pd.Series(dates).dt.strftime("%Y-%m-%d"),
            "same": "constant",
            "nothing": pd.Series([None] * N, dtype=object),
            "group": np.where(generator.random(N) < 0.3, "<b>b</b>", "@SUM(A1)"),
            "note": [f"free text number {index}, and some more words {generator.random()}" for index in range(N)],
        }
    )


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, small_config: Callable[..., FitConfig]) -> Any:
    folder = tmp_path_factory.mktemp("hostile")
    hostile_table().to_csv(folder / "data.csv", index=False)
    config = small_config(id="key", sensitive=("group",))
    document, page = audit(folder / "data.csv", config, folder)
    return document, page, folder


def test_hostile_names_and_cells_are_text_in_the_page(hostile: Any) -> None:
    _, page, _ = hostile
    html = page.read_text(encoding="utf-8")
    elements = Elements()
    elements.feed(html)

    assert "img" not in elements.tags
    assert not any(name.startswith("on") for name in elements.attributes)
    assert "<img src=x" not in html
    assert "<b>b</b>" not in html
    assert "&lt;b&gt;b&lt;/b&gt;" in html or "\\u003cb\\u003e" in html
    assert "{{ 7*7 }}" in html or "49" not in html  # a template in the data is not rendered


def test_hostile_cells_cannot_be_formulas_in_the_csv(hostile: Any) -> None:
    _, page, _ = hostile
    with (page.parent / "flagged.csv").open(encoding="utf-8-sig", newline="") as stream:
        cells = [cell for row in csv.reader(stream) for cell in row]
    assert len(cells) > 10
    assert not [cell for cell in cells if cell[:1] in {"=", "+", "@", "\t", "\r"}]


def test_what_is_no_input_is_left_out_and_said_so(hostile: Any) -> None:
    _, _, folder = hostile
    run = load_run(folder / "run")
    kinds = {column.name: column.kind.value for column in run.schema}

    assert kinds["same"] == kinds["nothing"] == "constant"
    assert kinds["when"] == "datetime"
    assert set(run.encoding.names) == {SCRIPT, FORMULA, ODD, "when"}
    assert all(run.schema[name].problems for name in ("same", "nothing"))
    assert run.rows["row_id"].tolist() == [f"+{index}@{ODD[:3]}" for index in range(N)]


def test_missing_cells_stay_missing_and_numbers_stay_numbers(hostile: Any) -> None:
    document, _, folder = hostile
    run = load_run(folder / "run")
    assert run.frame[ODD].isna().sum() == len(range(5, 60, 3))
    assert run.frame[FORMULA].max() == 1e150
    assert np.isfinite(run.rows.select_dtypes("number")).all(axis=None)
    assert document["rows"] | {"read": N, "scored": N} == document["rows"]


@pytest.mark.parametrize("suffix", ["parquet", "jsonl"])
def test_the_same_people_from_another_format_are_the_same_rows(
    fitted: Any, small_config: Callable[..., FitConfig], tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"people.{suffix}"
    if suffix == "parquet":
        fitted.truth.frame.to_parquet(path)
    else:
        fitted.truth.frame.to_json(path, orient="records", lines=True)
    dataset = inspect(path, small_config(id="person_id").read)
    assert dataset.accounting.scored == len(fitted.truth.frame)
    assert {column.name: column.kind for column in dataset.schema} == {
        column.name: column.kind for column in fitted.run.schema
    }


def test_thirty_rows_are_audited_or_said_to_be_too_few(small_config: Callable[..., FitConfig], tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    cause = generator.normal(size=30)
    frame = pd.DataFrame({"a": cause, "b": cause + 0.1 * generator.normal(size=30), "c": np.where(cause > 0, "x", "y")})
    try:
        document, _ = audit(frame, small_config(sensitive=("c",)), tmp_path)
    except InconclusiveError as error:
        assert "30 rows" in error.message
        return
    assert document["rows"]["scored"] == 30
    assert document["verdict"]["status"] == "inconclusive"


def with_1e308() -> pd.DataFrame:
    generator = np.random.default_rng(0)
    cause = generator.normal(size=N)
    pay = np.exp(cause)
    pay[7] = 1e308
    return pd.DataFrame({"pay": pay, "age": 40 + 5 * cause + generator.normal(size=N)})


def test_a_positive_column_with_1e308_is_fitted_and_its_row_comes_first(
    small_config: Callable[..., FitConfig], tmp_path: Path
) -> None:
    run = fit(with_1e308(), small_config(), run=tmp_path / "run")
    assert run.frame["pay"].max() == 1e308
    assert np.isfinite(run.rows.select_dtypes("number")).all(axis=None)
    assert run.rows["outlier_score"].idxmax() == 7
    assert run.rows["outlier_p_value"].iloc[7] < 1 / 400  # less than its rank alone would give it
    assert run.rows["outlier"].sum() <= 4


def test_a_positive_column_with_1e308_is_reported(small_config: Callable[..., FitConfig], tmp_path: Path) -> None:
    document, _ = audit(with_1e308(), small_config(), tmp_path)
    assert document["outliers"]["top"][0]["row_id"] == "7"


def test_exactly_one_column_is_audited(small_config: Callable[..., FitConfig], tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    values = np.concatenate([generator.normal(-4, 0.3, 200), generator.normal(4, 0.3, 200)])
    document, _ = audit(pd.DataFrame({"x": values}), small_config(), tmp_path)
    assert document["model"]["active_latents"] >= 1
    assert document["regions"] == []  # nothing to combine it with


def test_a_table_of_categories_alone_is_audited(small_config: Callable[..., FitConfig], tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    cause = generator.integers(0, 4, N)
    frame = pd.DataFrame(
        {
            "animal": np.array(["cat", "dog", "eel", "fox"])[cause],
            "sound": np.array(["miaow", "bark", "silence", "ring"])[np.where(generator.random(N) < 0.9, cause, 0)],
            "tame": np.where(cause < 2, "yes", "no"),
        }
    )
    document, _ = audit(frame, small_config(sensitive=("tame",)), tmp_path)
    assert document["model"]["active_latents"] >= 1
    assert {entry["attribute"] for entry in document["proxies"]} == {"tame"}
    assert max(entry["auc"] for entry in document["proxies"]) > 0.9


def test_columns_that_have_nothing_in_common_are_inconclusive_or_hardly_learned(
    small_config: Callable[..., FitConfig], tmp_path: Path
) -> None:
    generator = np.random.default_rng(0)
    frame = pd.DataFrame({name: generator.normal(size=1500) for name in "abc"})
    config = small_config(model={"beta": 2.0})
    with pytest.raises(InconclusiveError, match="No latent learned anything"):
        fit(frame, config, run=tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_nothing_behind(small_config: Callable[..., FitConfig], tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": np.arange(100.0), "y": np.arange(100.0) % 7})

    def fail(progress: Any) -> None:
        if progress.phase == "scoring":
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fit(frame, small_config(), run=tmp_path / "run", on_progress=fail)
    assert not (tmp_path / "run").exists()
