"""The report folder is written whole or not at all."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pandas as pd
import pyarrow.parquet as pq
import pytest

from vaeaudit.report import write

NAMES = {"report.html", "report.json", "rows.parquet", "flagged.csv"}


def test_a_report_of_the_size_of_adult_takes_less_than_three_seconds_and_three_megabytes(results, people, tmp_path):
    rows, flagged = people.people_rows(), people.people_flagged()
    start = time.process_time()
    page = write(results, rows, flagged, tmp_path / "reports" / "adult")
    assert time.process_time() - start < 3
    assert page == tmp_path / "reports" / "adult" / "report.html"
    assert {path.name for path in page.parent.iterdir()} == NAMES
    assert page.stat().st_size < 3_000_000


def test_rows_come_back_as_they_were_and_say_what_the_score_is(results, people, tmp_path):
    rows = people.people_rows(200)
    write(results, rows, people.people_flagged(), tmp_path)
    back = pd.read_parquet(tmp_path / "rows.parquet")
    assert back["region"].fillna("none").tolist() == rows["region"].fillna("none").tolist()
    pd.testing.assert_frame_equal(back.drop(columns="region"), rows.drop(columns="region"), check_dtype=False)
    field = pq.read_schema(tmp_path / "rows.parquet").field("outlier_score")
    assert field.metadata[b"definition"].decode() == results.outliers.definition


def test_an_earlier_report_is_replaced_and_other_files_stay(results, empty, people, tmp_path):
    (tmp_path / "mine.txt").write_text("kept")
    write(results, people.people_rows(10), people.people_flagged(), tmp_path)
    write(empty, people.people_rows(10), people.people_flagged(), tmp_path)
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["verdict"]["status"] == "pass"
    assert {path.name for path in tmp_path.iterdir()} == NAMES | {"mine.txt"}


def test_a_failure_leaves_the_earlier_report_untouched_and_nothing_beside_it(results, people, tmp_path):
    write(results, people.people_rows(10), people.people_flagged(), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    broken = replace(results, model=replace(results.model, iwae_nats=float("nan")))
    with pytest.raises(ValueError, match="iwae_nats"):
        write(broken, people.people_rows(10), people.people_flagged(), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_same_results_give_the_same_bytes(results, people, tmp_path):
    pages = [write(results, people.people_rows(10), people.people_flagged(), tmp_path / name) for name in "ab"]
    for name in NAMES:
        assert pages[0].with_name(name).read_bytes() == pages[1].with_name(name).read_bytes()


def test_flagged_csv_cannot_start_a_formula(results, people, tmp_path):
    write(results, people.people_rows(10), people.people_flagged(), tmp_path)
    text = (tmp_path / "flagged.csv").read_text(encoding="utf-8-sig")
    assert text.count("'=HYPERLINK") == 2
    assert ";' =HYPERLINK" in text
    assert "'@SUM(A1)" in text


def test_many_latents_groups_and_intersections_still_fit_into_three_megabytes(results, people, tmp_path):
    latents = tuple(replace(results.latents[0], index=index, kl_nats=1 / (1 + index)) for index in range(40))
    single = [cell for cell in results.representation if len(cell.attributes) == 1]
    crossed = [
        replace(single[0], attributes=(f"a{table}", "b"), group=(f"level {row}", "x"), n=row)
        for table in range(20)
        for row in range(300)
    ]
    many = replace(results, latents=latents, representation=(*single, *crossed))
    page = write(many, people.people_rows(10), people.people_flagged(), tmp_path)
    assert page.stat().st_size < 3_000_000
    assert "The 12 latents of largest KL are described one by one" in page.read_text(encoding="utf-8")
    assert len(json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["latents"]) == 40


def test_nothing_here_imports_tensorflow(fresh_imports):
    assert "vaeaudit.report" in fresh_imports["report"]
    assert fresh_imports["report"].isdisjoint({"tensorflow", "plotly"})


def test_suspicious_cells_get_a_file_of_their_own_which_goes_with_them(results, people, tmp_path):
    cells = pd.DataFrame({"row_id": ["=1+1"], "column": ["age"], "nats": [26.2]})
    write(results, people.people_rows(10), people.people_flagged(), tmp_path, cells=cells)
    assert {path.name for path in tmp_path.iterdir()} == NAMES | {"cells.csv"}
    assert "'=1+1,age,26.2" in (tmp_path / "cells.csv").read_text(encoding="utf-8-sig")
    write(results, people.people_rows(10), people.people_flagged(), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == NAMES


def test_duplicates_csv_is_written_where_it_is_given_and_cannot_start_a_formula(results, people, tmp_path):
    copies = pd.DataFrame({"cluster": [1, 1], "row_id": ["=1+1", "b"], "keep": ["true", "false"]})
    write(results, people.people_rows(10), people.people_flagged(), tmp_path, duplicates=copies)
    assert "'=1+1" in (tmp_path / "duplicates.csv").read_text(encoding="utf-8-sig")


def test_labels_csv_is_written_where_a_label_was_judged_and_cannot_start_a_formula(results, people, tmp_path):
    doubted = pd.DataFrame({"rank": [1], "row_id": ["=1+1"], "label": ["yes"], "said": ["no"]})
    write(results, people.people_rows(10), people.people_flagged(), tmp_path, labels=doubted)
    assert "'=1+1,yes,no" in (tmp_path / "labels.csv").read_text(encoding="utf-8-sig")
