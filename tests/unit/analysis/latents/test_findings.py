from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vaeaudit.analysis.latents.findings import latent_findings, learned_structure, quality_findings
from vaeaudit.analysis.latents.latent_summary import summarise_latents
from vaeaudit.analysis.latents.model_summary import summarise_model
from vaeaudit.analysis.quality.columns import summarise_columns
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.dataset import RowAccounting
from vaeaudit.data.schema.columns import Kind, Role

CONFIG = AnalysisConfig()


@pytest.fixture(scope="module")
def model(people):
    return summarise_model(people.codes, people.model, confidence=0.95)


def test_a_model_that_gains_nothing_is_reported_and_so_is_one_without_active_latents(people, model, build):
    latents = summarise_latents(people, [], CONFIG, 0)
    worse = replace(model, baseline_nats=model.elbo_nats)
    assert [f.id for f in latent_findings(latents, model)] == ["latent-inactive"]
    assert [f.id for f in latent_findings(latents, worse)] == ["latent-inactive", "latent-no-gain"]
    dead = build({"x": (np.arange(50), Kind.REAL)}, np.zeros((50, 2)))
    (finding,) = latent_findings(summarise_latents(dead, [], CONFIG, 0), model)
    assert (finding.id, finding.severity) == ("latent-none-active", "high")


def test_structure_needs_the_whole_interval_above_the_baseline(model):
    assert learned_structure(model)
    assert not learned_structure(replace(model, baseline_nats=model.elbo_ci.low))


def found(people, columns=None, accounting=None):
    columns = summarise_columns(people.frame, people.schema) if columns is None else columns
    return {f.id: f for f in quality_findings(columns, accounting or people.accounting, CONFIG)}


def test_quarantined_rows_are_counted_against_all_that_were_read(people):
    assert found(people)["quality-quarantined-rows"].severity == "low"
    many = RowAccounting(read=1_000, scored=900, quarantined=60, skipped=40)
    finding = found(people, accounting=many)["quality-quarantined-rows"]
    assert (finding.severity, finding.evidence["share"]) == ("high", 0.06)


def test_columns_with_many_missing_cells_are_one_finding_emptiest_first(people):
    columns = list(summarise_columns(people.frame, people.schema))
    columns[0] = replace(columns[0], missing=900)
    finding = found(people, columns)["quality-missing-cells"]
    assert finding.severity == "medium"
    assert list(finding.evidence["shares"]) == ["hours", "pay"]


def test_left_out_columns_and_problems_and_undeclared_attributes_are_said(people):
    columns = list(summarise_columns(people.frame, people.schema))
    columns[0] = replace(columns[0], problems=("12 infinite values were read as missing.",))
    columns[1] = replace(columns[1], suggested_sensitive=True)
    columns[5] = replace(columns[5], suggested_sensitive=True)  # age is declared already
    columns[2] = replace(columns[2], role=Role.EXCLUDED.value, in_model=False)
    findings = found(people, columns)
    assert findings["quality-column-problems"].title == "hours: 12 infinite values were read as missing"
    assert findings["quality-columns-left-out"].evidence["left_out"] == {"region": "excluded", "remark": "free text"}
    assert findings["quality-undeclared-sensitive"].evidence["names"] == ["job"]
    assert "--sensitive job" in findings["quality-undeclared-sensitive"].action
