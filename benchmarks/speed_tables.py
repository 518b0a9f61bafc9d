"""Protocol `speed`, tables: whole commands on Adult, the input pipeline against the step, scaling, and peers."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks import peers, record

_ADULT = ["--label", "income", "--sensitive", "sex", "--sensitive", "race", "--sensitive", "age", "-q"]
#: Batches drawn, and steps taken, for the comparison of the input pipeline with the training step.
_BATCHES = 2000


def whole_commands(adult: Path, repeats: int) -> list[dict[str, Any]]:
    """`--help`, `fit` and `report` on Adult, as whole processes."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)

        def fit(index: int) -> record.Measured:
            return record.process(record.command("fit", str(adult), *_ADULT, "--run", f"run-{index}"), cwd=place)

        def report(index: int) -> record.Measured:
            return record.process(record.command("report", f"run-{index}", "-q", "--out", f"report-{index}"), cwd=place)

        def show_help(_: int) -> record.Measured:
            return record.process(record.command("--help"))

        for name, measure in {"--help": show_help, "fit": fit, "report": report}.items():
            rows.append(_summary(name, [measure(index) for index in range(repeats)]))
    return rows


def _summary(name: str, runs: list[record.Measured]) -> dict[str, Any]:
    wall = [run.wall_s for run in runs]
    return {
        "command": name,
        "wall_s": statistics.median(wall),
        "min_s": min(wall),
        "max_s": max(wall),
        "cpu_s": statistics.median(run.cpu_s for run in runs),
        "peak_mib": max(run.peak_mib for run in runs),
        "repeats": len(runs),
    }


def pipeline(adult: Path) -> list[dict[str, Any]]:
    """Batches per second that the input pipeline alone delivers, against steps per second of training."""
    from vaeaudit.config import FitConfig, ReadConfig  # noqa: PLC0415
    from vaeaudit.data.encoding.table_encoding import fit_encoding  # noqa: PLC0415
    from vaeaudit.data.reading.load import load  # noqa: PLC0415
    from vaeaudit.models.fitting.batches import training_batches  # noqa: PLC0415
    from vaeaudit.models.fitting.build import resolve  # noqa: PLC0415 - TensorFlow
    from vaeaudit.models.fitting.training import split_held_out  # noqa: PLC0415 - TensorFlow
    from vaeaudit.models.fitting.training import train as train_  # noqa: PLC0415 - TensorFlow

    dataset = load(adult, ReadConfig(label="income", sensitive=("sex", "race", "age")))
    config = FitConfig()
    encoding = fit_encoding(dataset, max_levels=config.model.embed_levels)
    rows = encoding.encode(dataset.frame)
    config = resolve(config, encoding)
    batches = iter(training_batches(rows, config.train.batch_size, _BATCHES, seed=0, epoch=0))

    def draw() -> None:
        for _ in range(_BATCHES):
            next(batches)

    held_out = split_held_out(len(dataset), 0.1, 0)

    def train(epochs: int) -> Callable[[], None]:
        steps = replace(config.train, epochs=epochs, warmup_epochs=1)
        return lambda: (train_(encoding, rows, held_out, config.model, steps, seed=0), None)[1]

    drawn = _seconds(draw)
    steps_per_epoch = int((~held_out).sum()) // config.train.batch_size
    # The difference of two trainings leaves out start, tracing and the fit of the marginals.
    stepped = (_seconds(train(5)) - _seconds(train(1))) / 4
    rates: Mapping[str, float] = {
        "input pipeline alone": _BATCHES / drawn,
        "training, all in": steps_per_epoch / stepped,
    }
    return [
        {"what": what, "batches_per_s": rate, "rows_per_s": rate * config.train.batch_size}
        for what, rate in rates.items()
    ]


def scaling(adult: Path) -> list[dict[str, Any]]:
    """Adult x 1, x 10, x 100: seconds and peak memory of `fit` and `report`."""
    frame = pd.read_csv(adult, dtype=str, keep_default_na=False)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for factor in (1, 10, 100):
            path = place / f"adult-{factor}.csv"
            for index in range(factor):
                frame.to_csv(path, index=False, mode="a", header=index == 0)
            run = f"run-{factor}"
            fit = record.process(record.command("fit", str(path), *_ADULT, "--run", run), cwd=place)
            report = record.process(record.command("report", run, "-q", "--out", f"report-{factor}"), cwd=place)
            rows.append(
                {
                    "rows": factor * len(frame),
                    "fit_s": fit.wall_s,
                    "fit_peak_mib": fit.peak_mib,
                    "report_s": report.wall_s,
                    "report_peak_mib": report.peak_mib,
                }
            )
            path.unlink()
    return rows


def against_peers(adult: Path, repeats: int) -> list[dict[str, Any]]:
    """`fit` and `report` against PyOD's VAE and ydata-profiling's minimal report, in turn; ratio in the last row."""
    peers.require("tables")
    rounds = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for index in range(repeats):
            run, page = f"run-{index}", str(place / f"profile-{index}.html")
            commands = {
                "PyOD's VAE, fit": peers.command("tables", "pyod_vae.py", str(adult)),
                "ydata-profiling, minimal report": peers.command("tables", "profile_report.py", str(adult), page),
                "vaeaudit fit": record.command("fit", str(adult), *_ADULT, "--run", run),
                "vaeaudit report": record.command("report", run, "-q", "--out", f"report-{index}"),
            }
            vae, profile, fit, report = (record.process(command, cwd=place) for command in commands.values())
            done = dict(zip(commands, (vae, profile, fit, report), strict=True))
            rounds.append(done | {"peers, both": _both(vae, profile), "vaeaudit, both": _both(fit, report)})
    rows = [_summary(name, [done[name] for done in rounds]) for name in rounds[0]]
    ratios = [_ratio(done["vaeaudit, both"], done["peers, both"]) for done in rounds]
    return [*rows, _summary("vaeaudit / peers (ratio, no seconds)", ratios)]


def _both(first: record.Measured, second: record.Measured) -> record.Measured:
    peak = max(first.peak_mib, second.peak_mib)
    return record.Measured(first.wall_s + second.wall_s, first.cpu_s + second.cpu_s, peak, "")


def _ratio(ours: record.Measured, theirs: record.Measured) -> record.Measured:
    """Return our time and memory in multiples of theirs."""
    return record.Measured(ours.wall_s / theirs.wall_s, ours.cpu_s / theirs.cpu_s, ours.peak_mib / theirs.peak_mib, "")


def _seconds(work: Callable[[], None]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started
