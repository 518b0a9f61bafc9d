"""Generated rows on disk: what they are called, and what says that they are generated."""

from __future__ import annotations

from pathlib import Path

import pytest

from vaeaudit.report.generated_files import Target

USUAL = Path("generated/run")


@pytest.mark.parametrize(
    ("out", "data", "path", "document", "form"),
    [
        (None, "people.csv", "generated/run/people_generated.csv", "generated.json", "csv"),
        (None, "people.v2.parquet", "generated/run/people_generated.parquet", "generated.json", "parquet"),
        (None, "DataFrame", "generated/run/DataFrame_generated.csv", "generated.json", "csv"),
        ("a/rows.csv", "people.parquet", "a/rows_generated.csv", "rows_generated.json", "csv"),
        ("a/synthetic.parquet", "people.csv", "a/synthetic.parquet", "synthetic.json", "parquet"),
        ("a/folder", "people.csv", "a/folder/people_generated.csv", "generated.json", "csv"),
    ],
)
def test_the_name_says_that_rows_are_generated(out, data, path, document, form):
    target = Target.of(out, USUAL, data, pictures=False)
    assert (target.path, target.document, target.format) == (Path(path), document, form)


def test_pictures_go_into_a_folder():
    target = Target.of("a.csv", USUAL, "digits.npy", pictures=True)
    assert (target.path, target.name, target.format) == (Path("a.csv"), "metadata.csv", "png")
