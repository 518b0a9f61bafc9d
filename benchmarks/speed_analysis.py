"""Protocol `speed`, analysis: the whole audit of generated rows and latents, no model trained, at three sizes."""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np
import pandas as pd

from vaeaudit.analysis.audit.audit import audit
from vaeaudit.analysis.inputs import AuditInputs, ModelFacts, Reference, RunFacts, SourceFacts
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.dataset import QUARANTINE_COLUMNS, RowAccounting
from vaeaudit.data.schema.columns import Column, Kind, Role, Schema
from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.outputs.row_scores import RowScores

SIZES = (12_500, 25_000, 50_000)
COLUMNS, LATENTS = 100, 16
_LEVELS = 12
_KINDS = (Kind.REAL, Kind.REAL, Kind.POSITIVE, Kind.CATEGORY, Kind.BOOLEAN)
_DECLARED = {0: Role.SENSITIVE, 1: Role.SENSITIVE, 2: Role.LABEL}


def measure(repeats: int) -> list[dict[str, Any]]:
    """Seconds of the audit of mixed columns, alone and against a reference of as many rows."""
    rows = []
    for n_rows in SIZES:
        compared = inputs_of(n_rows, np.random.default_rng(0))
        for name, inputs in (("none", _alone(compared)), ("as many rows", compared)):
            runs = [_timed(inputs) for _ in range(repeats)]
            rows.append(
                {
                    "rows": n_rows,
                    "columns": COLUMNS,
                    "latents": LATENTS,
                    "reference": name,
                    "wall_s": statistics.median(wall for wall, _ in runs),
                    "cpu_s": statistics.median(cpu for _, cpu in runs),
                }
            )
    return rows


def _timed(inputs: AuditInputs) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    audit(inputs, AnalysisConfig())
    return time.perf_counter() - wall, time.process_time() - cpu


def inputs_of(n_rows: int, rng: np.random.Generator) -> AuditInputs:
    """Columns that are noisy sums of the latents: numbers, some missing, levels and pairs of levels; two sensitive."""
    weights = rng.normal(size=(LATENTS, COLUMNS)) / 2
    schema = Schema(tuple(_column(place) for place in range(COLUMNS)))
    means = [rng.normal(size=(n_rows, LATENTS)) for _ in range(2)]
    frame, other = (_frame(mean @ weights + rng.normal(size=(n_rows, COLUMNS)), schema, rng) for mean in means)
    codes, other_codes = (_codes(mean, schema) for mean in means)
    nothing = np.zeros(n_rows, dtype=bool)
    score = rng.gumbel(size=n_rows)
    scores = RowScores(score, rng.uniform(size=n_rows), nothing, score, np.ones(n_rows), "Generated.", 0.05)
    history = {name: np.ones(3) for name in ("loss", "val_loss", "kl", "val_elbo", "active")}
    traversals = np.zeros((LATENTS, 5, len(schema.modelled)))
    return AuditInputs(
        frame=frame,
        schema=schema,
        row_ids=np.arange(n_rows).astype(str).astype(object),
        codes=codes,
        scores=scores,
        model=ModelFacts("beta", 1.0, 3, "converged", 1.0, -99.0, history, traversals, np.linspace(-2, 2, 5)),
        accounting=RowAccounting(n_rows, n_rows, 0, 0),
        quarantine=pd.DataFrame(columns=list(QUARANTINE_COLUMNS)),
        notes=(),
        run=RunFacts("generated", "", 0, {}, SourceFacts("generated", "table", "0" * 64), {}, {}),
        reference=Reference("generated", "0" * 64, other, other_codes, nothing),
    )


def _alone(inputs: AuditInputs) -> AuditInputs:
    return AuditInputs(**{**vars(inputs), "reference": None})


def _column(place: int) -> Column:
    kind = _KINDS[place % len(_KINDS)] if place not in _DECLARED or place == 1 else Kind.BOOLEAN
    levels = {Kind.CATEGORY: tuple(f"level {level}" for level in range(_LEVELS)), Kind.BOOLEAN: ("false", "true")}
    role = _DECLARED.get(place, Role.INPUT)
    return Column(f"x{place}", kind, role, in_model=role is Role.INPUT, levels=levels.get(kind, ()))


def _frame(values: np.ndarray, schema: Schema, rng: np.random.Generator) -> pd.DataFrame:
    columns: dict[str, Any] = {}
    for column, numbers in zip(schema, values.T, strict=True):
        if column.levels:
            place = np.clip(np.floor(numbers + len(column.levels) / 2), 0, len(column.levels) - 1)
            columns[column.name] = pd.Categorical.from_codes(place.astype(np.int64), list(column.levels))
        elif column.kind is Kind.POSITIVE:
            columns[column.name] = np.exp(numbers).round(2)
        else:
            columns[column.name] = np.where(rng.random(numbers.size) < 0.05, np.nan, numbers)
    return pd.DataFrame(columns)


def _codes(mean: np.ndarray, schema: Schema) -> LatentCodes:
    n_rows = len(mean)
    stddev = np.full_like(mean, 0.3)
    kl = 0.5 * (mean**2 + stddev**2 - 1) - np.log(stddev)
    columns = tuple(column.name for column in schema.modelled)
    return LatentCodes(
        mean=mean,
        stddev=stddev,
        kl=kl,
        log_likelihood=kl.sum(axis=1) - 50,
        iwae=np.full(n_rows, -50.0),
        unit_correction=np.zeros(n_rows),
        reason_column=np.zeros((n_rows, 2), dtype=np.int64),
        reason_nats=np.tile([2.0, 1.0], (n_rows, 1)),
        reason_p=np.ones((n_rows, 2)),
        held_out=np.arange(n_rows) % 10 == 0,
        columns=columns,
    )
