"""What is said of tables is said of pictures in words that fit them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from vaeaudit.analysis.audit.audit import audit
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.outliers.summary import flagged_table, summarise_outliers
from vaeaudit.config import AnalysisConfig
from vaeaudit.outputs.images import Pictures
from vaeaudit.outputs.row_scores import OF_TABLES

ASPECT = "fine texture is unusual in itself"


@pytest.fixture(scope="module")
def pictured(people) -> AuditInputs:
    """The people of the other tests, as if each were a picture: no cell is a reason, pixels are modelled."""
    n_rows = len(people.frame)
    nothing = np.zeros((n_rows, 0))
    blank = np.zeros((1, 8, 8, 1), np.uint8)
    return replace(
        people,
        codes=replace(
            people.codes,
            columns=(),
            reason_column=nothing.astype(np.int64),
            reason_nats=nothing,
            reason_p=nothing,
            image_statistics=np.zeros((n_rows, 3)),
            surprises=np.tile([0.1, 6.0, 0.1, 0.1, 6.0], (n_rows, 1)),
        ),
        model=replace(people.model, traversals=np.zeros((people.codes.n_latents, 5, 0))),
        aspects=np.full(n_rows, ASPECT, dtype=object),
        pictures=Pictures(
            rows=np.array([0]),
            originals=blank,
            reconstructions=blank,
            surprise=blank[..., 0],
            surprise_top=8.0,
            traversals=np.zeros((people.codes.n_latents, 5, 8, 8, 1), np.uint8),
            prior=blank,
            region_rules=np.zeros(0, dtype=np.str_),
            regions=np.zeros((0, 3, 8, 8, 1), np.uint8),
            thumbnail_rows=np.array([0]),
            thumbnails=blank,
        ),
    )


def sentences(value: object) -> Iterator[str]:
    """Yield every text within nested results."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from sentences(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from sentences(part)


def test_verdict_and_findings_speak_of_pixels_and_never_of_modelled_columns_or_cells(pictured):
    results = audit(pictured, AnalysisConfig())
    said = " ".join(
        [
            results.verdict.sentence,
            *(check.why for check in results.checks),
            *sentences([[finding.title, finding.action] for finding in results.findings if finding.kind != "quality"]),
        ]
    )
    assert "over separate pixels" in said
    assert "Look at the pictures named in flagged.csv" in said
    for wrong in ("separate columns", "the columns go together", "cells named there"):
        assert wrong not in said


def test_a_table_keeps_its_words(people):
    results = audit(people, AnalysisConfig())
    said = " ".join([*(check.why for check in results.checks), *(found.action for found in results.findings)])
    assert "over separate columns" in said
    assert "correct or explain the cells named there" in said


def test_an_outlying_picture_is_explained_by_its_aspect_and_the_questions_that_speak_of_it(pictured, people):
    summary = summarise_outliers(pictured, [], AnalysisConfig())
    assert {row.aspect for row in summary.top} == {ASPECT}
    assert {row.questions for row in summary.top} == {("robust distance of measures", "worst patches")}
    assert set(flagged_table(pictured)["reasons"]) == {ASPECT}
    of_table = summarise_outliers(people, [], AnalysisConfig())
    assert {row.aspect for row in of_table.top} == {""}
    assert {question for row in of_table.top for question in row.questions} <= set(OF_TABLES)


def test_aspects_of_other_rows_are_refused(pictured):
    with pytest.raises(ValueError, match="aspects must have 1500 rows"):
        replace(pictured, aspects=np.array([ASPECT], dtype=object))
