"""What several rooms' tests share: tiny tables, one tiny fitted run, and the command line as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, settings

from vaeaudit.config import PRESETS, ConditionalsConfig, FitConfig, ModelConfig, ReadConfig, TrainConfig
from vaeaudit.data.dataset import QUARANTINE_COLUMNS, Dataset, RowAccounting
from vaeaudit.data.schema.columns import Column, Kind, Schema

pytest_plugins = ["tests.loop", "pytester"]
# How long an example takes hangs on what else the machine does: that must not fail a property.
settings.register_profile("vaeaudit", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("vaeaudit")

#: See `made_once` of tests/loop.py.
MadeOnce = Callable[[str, Callable[[Path], object]], Path]

#: Enough to learn something, little enough to take a second or two.
SMALL_TRAINING: dict[str, Any] = {
    **PRESETS["quick"],
    "epochs": 6,
    "warmup_epochs": 1,
    "batch_size": 32,
    "learning_rate": 0.01,
    "fewest_steps": 30,
    "most_steps": 30,
}


def _stored(values: Sequence[Any], kind: Kind, levels: tuple[str, ...]) -> Any:
    if kind.is_numeric:
        return np.asarray(values, np.float64)
    if kind is Kind.DATETIME:
        return np.asarray(values, "datetime64[ns]")
    if kind.is_levelled:
        return pd.Categorical(values, categories=pd.Index(levels, dtype=object))
    return np.asarray(values, object)


def make_dataset(columns: Mapping[str, tuple[Sequence[Any], Kind]]) -> Dataset:
    """Build a typed dataset from `name -> (values, kind)`; categories are ordered by falling frequency."""
    frame, schema = {}, []
    for name, (values, kind) in columns.items():
        levels: tuple[str, ...] = ()
        if kind.is_levelled:
            counts = pd.Series(values, dtype=object).value_counts()
            levels = tuple(counts.index if kind is Kind.CATEGORY else sorted(counts.index))
        stored = _stored(values, kind, levels)
        frame[name] = stored
        schema.append(Column(name, kind, in_model=kind.can_be_modelled, levels=levels))
    table = pd.DataFrame(frame)
    n_rows = len(table)
    return Dataset(
        frame=table,
        schema=Schema(tuple(schema)),
        row_ids=np.array([str(row) for row in range(n_rows)], object),
        accounting=RowAccounting(n_rows, n_rows, 0, 0),
        quarantine=pd.DataFrame(columns=list(QUARANTINE_COLUMNS)),
        fingerprint="0" * 64,
        name="generated",
    )


@pytest.fixture(scope="session")
def dataset_of() -> Callable[[Mapping[str, tuple[Sequence[Any], Kind]]], Dataset]:
    """See `make_dataset`."""
    return make_dataset


@pytest.fixture(scope="session")
def small_config() -> Callable[..., FitConfig]:
    """A configuration that trains in seconds; keywords go to `ReadConfig`."""

    def config(*, seed: int = 0, model: Mapping[str, Any] | None = None, **read: Any) -> FitConfig:
        return FitConfig(
            read=ReadConfig(**read),
            model=ModelConfig(**{"hidden": (16,), **(model or {})}),
            train=TrainConfig(**SMALL_TRAINING),
            conditionals=ConditionalsConfig(steps=200, width=32),
            preset="quick",
            seed=seed,
        )

    return config


@dataclass(frozen=True)
class Fitted:
    """A small fit of generated people, read from a CSV with one broken line and one blank one."""

    folder: Path
    source: Path
    population: Path
    run: Any
    truth: Any


@pytest.fixture(scope="session")
def fitted(made_once: MadeOnce, small_config: Callable[..., FitConfig]) -> Fitted:
    """One run for all tests, of all workers, that only look at it."""
    from vaeaudit.runs.reading import load_run
    from vaeaudit.samples import people
    from vaeaudit.workflow.fit import fit

    truth = people(660, seed=5)

    def make(folder: Path) -> None:
        text = truth.frame.to_csv(index=False)
        (folder / "people.csv").write_text(text + "\n" + "too,few,cells\n", encoding="utf-8")
        truth.population.to_csv(folder / "population.csv", index=False)
        config = small_config(id="person_id", label="loan_approved", sensitive=("sex", "age"), include=("age",))
        place = {"run": folder / "runs" / "people", "population": folder / "population.csv"}
        fit(folder / "people.csv", config, **place)

    folder = made_once("fitted", make)
    return Fitted(folder, folder / "people.csv", folder / "population.csv", load_run(folder / "runs" / "people"), truth)


@pytest.fixture(scope="session")
def reported(made_once: MadeOnce, fitted: Fitted) -> Path:
    """The folder of the report of `fitted`."""
    from vaeaudit.workflow.report import report

    def make(folder: Path) -> None:
        report(fitted.run, out=folder / "people")  # which `report` makes, for its owner alone

    return made_once("reported", make) / "people"


@pytest.fixture(scope="session")
def command() -> list[str]:
    """The words that start the command line in a process of its own."""
    return [sys.executable, "-c", "from vaeaudit.cli.main import main; main()"]


@pytest.fixture(scope="session")
def in_process(command: list[str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line as a process, with neither colours nor a terminal."""

    def call(*arguments: str, cwd: Path, **more: Any) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "COLUMNS": "100", **more.pop("env", {})}
        return subprocess.run(
            [*command, *arguments],
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
            **more,
        )

    return call


#: What one fresh interpreter imports, stage by stage: what a stage must not have, none before it may have either.
STAGES = {
    "report": "import vaeaudit.report",
    "analysis": (
        "import importlib, pkgutil, vaeaudit.analysis as room\n"
        "for entry in pkgutil.walk_packages(room.__path__, 'vaeaudit.analysis.'):\n"
        "    importlib.import_module(entry.name)"
    ),
    "workflow": "import vaeaudit.workflow.report, vaeaudit.cli.report, vaeaudit.workflow.demo",
}


@pytest.fixture(scope="session")
def fresh_imports(made_once: MadeOnce) -> dict[str, set[str]]:
    """Stage of `STAGES` -> the modules that a process of its own has after it: this one may have imported any."""

    def make(folder: Path) -> None:
        tell = "json.dump(sorted(sys.modules), open({!r}, 'w', encoding='utf-8'))"
        stages = [f"{code}\n{tell.format(str(folder / stage))}" for stage, code in STAGES.items()]
        subprocess.run([sys.executable, "-c", "\n".join(["import json, sys", *stages])], check=True)

    folder = made_once("fresh_imports", make)
    return {stage: set(json.loads((folder / stage).read_text(encoding="utf-8"))) for stage in STAGES}


@dataclass(frozen=True)
class Demonstrated:
    """A small demo that ran as a process of its own, and where it left its folder."""

    folder: Path
    done: subprocess.CompletedProcess[str]


@pytest.fixture(scope="session")
def demonstrated(made_once: MadeOnce, in_process: Callable[..., subprocess.CompletedProcess[str]]) -> Demonstrated:
    """`vaeaudit demo` with a quarter of its people."""

    def make(folder: Path) -> None:
        done = in_process("demo", "--rows", "3000", "-v", cwd=folder)
        (folder / "done.json").write_text(json.dumps(vars(done)), encoding="utf-8")

    folder = made_once("demonstrated", make)
    done = json.loads((folder / "done.json").read_text(encoding="utf-8"))
    return Demonstrated(folder / "demo", subprocess.CompletedProcess(**done))
