"""Audit inputs made of plain arrays: no model is trained here, what it would have found is planted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vaeaudit.analysis.coverage.results import Region
from vaeaudit.analysis.inputs import AuditInputs, ModelFacts, RunFacts, SourceFacts
from vaeaudit.config import Objective
from vaeaudit.data.dataset import QUARANTINE_COLUMNS, RowAccounting
from vaeaudit.data.schema.columns import Column, Kind, Role, Schema
from vaeaudit.outputs.latents import CellExpectations, LatentCodes
from vaeaudit.outputs.region_rules import Condition
from vaeaudit.outputs.row_scores import OF_TABLES, RowScores
from vaeaudit.statistics.measures import Interval


def make_column(name: str, values: pd.Series, kind: Kind, role: Role = Role.INPUT, **more: Any) -> Column:
    """Describe a stored column, as reading would."""
    return Column(
        name=name,
        kind=kind,
        role=role,
        in_model=role is Role.INPUT and kind.can_be_modelled,
        missing=int(values.isna().sum()),
        unique=int(values.nunique()),
        levels=tuple(values.cat.categories) if kind.is_levelled else (),
        **more,
    )


def make_table(columns: Mapping[str, tuple[Any, ...]]) -> tuple[pd.DataFrame, Schema]:
    """Build a typed frame and its schema from `name -> (values, kind[, role])`."""
    frame, schema = {}, []
    for name, (values, kind, *role) in columns.items():
        if kind.is_numeric:
            series = pd.Series(np.asarray(values, dtype=np.float64))
        elif kind is Kind.DATETIME:
            series = pd.Series(pd.to_datetime(values)).astype("datetime64[ns]")
        elif kind.is_levelled:
            series = pd.Series(pd.Categorical(values))
            series = series.cat.set_categories([str(level) for level in series.cat.categories])
        else:
            series = pd.Series(np.asarray(values, dtype=object), dtype=object)
        frame[name] = series
        schema.append(make_column(name, series, kind, *role))
    return pd.DataFrame(frame), Schema(tuple(schema))


def make_codes(mean: np.ndarray, columns: tuple[str, ...], rng: np.random.Generator, **changes: Any) -> LatentCodes:
    """Wrap posterior means [N, L] in plausible codes; the KL is that of N(mean, 0.3^2) where the latent varies."""
    n_rows = len(mean)
    varies = mean.std(axis=0) > 0.1 if n_rows else np.zeros(mean.shape[1], dtype=bool)
    stddev = np.where(varies, 0.3, 1.0) * np.ones_like(mean)
    kl = 0.5 * (mean**2 + stddev**2 - 1) - np.log(stddev)
    log_likelihood = kl.sum(axis=1) - 10 + rng.normal(size=n_rows)
    codes = {
        "mean": mean,
        "stddev": stddev,
        "kl": kl,
        "log_likelihood": log_likelihood,
        "iwae": log_likelihood - kl.sum(axis=1) + 0.2,
        "unit_correction": np.zeros(n_rows),
        "reason_column": np.zeros((n_rows, 2), dtype=np.int64) + np.array([0, min(1, len(columns) - 1)]),
        "reason_nats": np.tile([2.5, 0.5], (n_rows, 1)),
        "reason_p": np.ones((n_rows, 2)),
        "held_out": np.arange(n_rows) % 10 == 0,
        "surprises": np.random.default_rng(n_rows).exponential(size=(n_rows, len(OF_TABLES))),
    }
    return LatentCodes(**{**codes, **changes}, columns=columns)


def make_cells(row: Any, column: Any, nats: Any, **changes: Any) -> CellExpectations:
    """Wrap cells of which nothing is expected that is not among the changes."""
    n_cells = len(row)
    nothing = np.full(n_cells, np.nan)
    values = {
        "row": np.asarray(row, np.int64),
        "column": np.asarray(column, np.int64),
        "nats": np.asarray(nats, np.float64),
        "low": nothing,
        "high": nothing,
        "levels": np.full((n_cells, 3), -1),
        "covered": np.full(n_cells, 0.9),
        "p_missing": np.zeros(n_cells),
        "partner": np.full(n_cells, -1),
        "partner_nats": nothing,
        "p_value": np.ones(n_cells),
    }
    return CellExpectations(**{**values, **changes})


def make_inputs(
    frame: pd.DataFrame,
    schema: Schema,
    mean: np.ndarray,
    *,
    outlier: np.ndarray | None = None,
    baseline_nats: float = -12.0,
    quarantined: int = 0,
    seed: int = 0,
    **code_changes: Any,
) -> AuditInputs:
    """Assemble inputs around a table [N, C] and posterior means [N, L]."""
    rng = np.random.default_rng(seed)
    n_rows, n_latents = mean.shape
    columns = tuple(column.name for column in schema.modelled)
    flagged = np.zeros(n_rows, dtype=bool) if outlier is None else outlier
    score = rng.gumbel(size=n_rows) + 12 * flagged
    scores = RowScores(
        outlier_score=score,
        p_value=np.where(flagged, 1e-5, rng.uniform(size=n_rows)),
        outlier=flagged,
        rarity=np.square(mean).sum(axis=1) / 2,
        weight=np.ones(n_rows),
        definition="Negative importance-weighted bound on the log-density of the row, in nats.",
        fdr=0.05,
    )
    model = ModelFacts(
        objective=Objective.BETA,
        beta=1.0,
        epochs=3,
        stopped="converged",
        seconds=4.2,
        baseline_nats=baseline_nats,
        gain_sd=1.5,
        history={name: np.array([3.0, 2.0, 1.5]) for name in ("loss", "val_loss", "kl", "val_elbo", "active")},
        traversals=_straight_traversals(frame, schema, n_latents),
        traversal_positions=np.linspace(-2, 2, 5),
    )
    quarantine = pd.DataFrame(
        [("people.csv", 7 + place, "3 cells, expected 8") for place in range(quarantined)],
        columns=list(QUARANTINE_COLUMNS),
    )
    return AuditInputs(
        frame=frame,
        schema=schema,
        row_ids=np.array([f"row-{place}" for place in range(n_rows)], dtype=object),
        codes=make_codes(mean, columns, rng, **{"surprises": _surprises_of(score), **code_changes}),
        scores=scores,
        model=model,
        accounting=RowAccounting(n_rows + quarantined, n_rows, quarantined, 0),
        quarantine=quarantine,
        notes=("Read as UTF-8.",),
        run=RunFacts(
            id="example",
            created="2024-05-01T12:00:00+00:00",
            seed=seed,
            config={},
            data=SourceFacts("people.csv", "table", "0" * 64),
            versions={},
            timings={"train": 4.2},
        ),
    )


def _surprises_of(score: np.ndarray) -> np.ndarray:
    """Answers [N, Q] to the questions, each the score's own with some noise."""
    noise = np.random.default_rng(len(score)).exponential(0.5, size=(len(score), len(OF_TABLES)))
    return np.maximum(score, 0.0)[:, None] + noise


def _straight_traversals(frame: pd.DataFrame, schema: Schema, n_latents: int) -> np.ndarray:
    """[L, 5, C]; latent l moves the l-th modelled column over its range, all others rest at their middle."""
    modelled = schema.modelled
    decoded = np.zeros((n_latents, 5, len(modelled)))
    for place, column in enumerate(modelled):
        values = frame[column.name].dropna()
        if column.kind.is_levelled:
            numbers = values.cat.codes.to_numpy(dtype=np.float64)
        elif column.kind is Kind.DATETIME:
            numbers = values.to_numpy().astype("datetime64[s]").astype(np.float64)
        else:
            numbers = values.to_numpy(dtype=np.float64)
        quantiles = (
            np.quantile(numbers, [0.05, 0.25, 0.5, 0.75, 0.95], method="nearest") if numbers.size else np.zeros(5)
        )
        decoded[:, :, place] = quantiles[2]
        if place < n_latents:
            decoded[place, :, place] = quantiles
    return decoded


def people_inputs(n_rows: int = 1_500, seed: int = 0, *, quarantined: int = 3) -> AuditInputs:
    """Generated people with planted truth: a complete example of what an audit starts from.

    Latent 0 is made from `hours` alone, latent 1 from `job` (which leaks `sex`) and from `age` (held out), latent 2
    is noise, latent 3 is dead. One row in fifty is flagged, women four times as often. Women are 30 % of the rows and
    have the label `hired` half as often. `region` is independent of all else; 20 rows are copies.
    """
    rng = np.random.default_rng(seed)
    female = rng.uniform(size=n_rows) < 0.3
    age = np.clip(np.round(rng.normal(40, 12, n_rows)), 18, 90)
    hours = np.round(rng.normal(38, 8, n_rows), 1)
    job = np.where(rng.uniform(size=n_rows) < np.where(female, 0.85, 0.1), "nurse", "driver").astype(object)
    region = rng.choice(["north", "south", "east"], size=n_rows, p=[0.5, 0.3, 0.2])
    hired = np.where(rng.uniform(size=n_rows) < np.where(female, 0.25, 0.5), "yes", "no")
    since = pd.Timestamp("2019-01-01") + pd.to_timedelta(rng.integers(0, 1_500, n_rows), unit="D")
    pay = np.where(rng.uniform(size=n_rows) < 0.1, np.nan, np.exp(rng.normal(7, 0.4, n_rows)).round(2))
    outlier = rng.uniform(size=n_rows) < np.where(female, 0.04, 0.01)
    frame, schema = make_table(
        {
            "hours": (hours, Kind.POSITIVE),
            "job": (job, Kind.CATEGORY),
            "region": (region, Kind.CATEGORY),
            "since": (since, Kind.DATETIME),
            "pay": (pay, Kind.POSITIVE),
            "age": (age, Kind.COUNT, Role.SENSITIVE),
            "sex": (np.where(female, "female", "male"), Kind.CATEGORY, Role.SENSITIVE),
            "hired": (hired, Kind.BOOLEAN, Role.LABEL),
            "remark": ([f"seen on day {day}" for day in rng.integers(0, n_rows, n_rows)], Kind.TEXT),
        }
    )
    copies = min(20, n_rows // 10)
    frame.iloc[:copies] = frame.iloc[n_rows - copies :].to_numpy(dtype=object)
    frame, schema = _restored(frame, schema)
    latents = np.stack(
        [
            (frame["hours"] - 38) / 8 + rng.normal(0, 0.2, n_rows),
            np.where(frame["job"] == "nurse", 1.0, -0.5) + 0.5 * (frame["age"] - 40) / 12 + rng.normal(0, 0.2, n_rows),
            rng.normal(0, 1.0, n_rows),
            np.full(n_rows, 0.001),
        ],
        axis=1,
    )
    inputs = make_inputs(frame, schema, latents, outlier=outlier, quarantined=quarantined, seed=seed)
    return replace(inputs, cells=_reasons_of_people(inputs))


def _reasons_of_people(inputs: AuditInputs) -> CellExpectations:
    """Expect 38 hours, and the other job, of everybody."""
    codes, n_rows = inputs.codes, len(inputs.frame)
    at, is_hours = np.arange(2 * n_rows), np.tile([True, False], n_rows)
    hours = np.where(is_hours, 38.0, np.nan)
    job = 1 - np.asarray(inputs.frame["job"].cat.codes, np.int64)
    levels = np.where(is_hours[:, None], -1, np.stack([np.repeat(job, 2), *[np.full(2 * n_rows, -1)] * 2], axis=1))
    column, nats = codes.reason_column.ravel(), codes.reason_nats.ravel()
    return make_cells(at // 2, column, nats, low=hours, high=hours, levels=levels)


def _restored(frame: pd.DataFrame, schema: Schema) -> tuple[pd.DataFrame, Schema]:
    return make_table({column.name: (frame[column.name], column.kind, column.role) for column in schema})


@pytest.fixture(scope="session")
def people() -> AuditInputs:
    """The generated people, as made by `people_inputs`."""
    return people_inputs()


@pytest.fixture(scope="session")
def build() -> Callable[..., AuditInputs]:
    """`build(columns, mean, **changes)`: inputs around `name -> (values, kind[, role])` and posterior means."""

    def built(columns: Mapping[str, tuple[Any, ...]], mean: np.ndarray, **changes: Any) -> AuditInputs:
        frame, schema = make_table(columns)
        return make_inputs(frame, schema, np.asarray(mean, dtype=np.float64), **changes)

    return built


@pytest.fixture(scope="session")
def cells_of() -> Callable[..., CellExpectations]:
    """See `make_cells`."""
    return make_cells


@pytest.fixture(scope="session")
def with_scores() -> Callable[..., AuditInputs]:
    """`with_scores(inputs, **changes)`: the same inputs with some of their row scores replaced."""

    def changed(inputs: AuditInputs, **changes: Any) -> AuditInputs:
        return replace(inputs, scores=replace(inputs.scores, **changes))

    return changed


@pytest.fixture(scope="session")
def region_of() -> Callable[..., Region]:
    """`region_of(*conditions)`: a region against independence with that rule; all else is of no matter."""

    def make(*conditions: Condition) -> Region:
        return Region(
            id="R1",
            baseline="independence",
            rule=conditions,
            latent_box=(),
            observed=1,
            set_aside=0,
            expected=9.0,
            ratio=1 / 9,
            ci=Interval(0.0, 0.4, 0.95),
            p_adjusted=0.001,
            rows_to_collect=7,
            rows_to_collect_range=(5, 8),
            stability=None,
        )

    return make
