"""Protocol `speed`, checks: CPU seconds of single questions within `audit` of a generated table of 10,000 x 30.

What is timed is the whole command in one process, `fit` and then `report`, at the preset `quick`: each function below
is wrapped where it is called, so that what both of them ask is counted twice, as a user pays it.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd

ROWS, LATENTS = 10_000, 5
LABEL, SENSITIVE = "granted", ("sex", "ethnicity", "age")
#: What is asked -> the modules and functions by which `fit` and `report` ask it.
QUESTIONS: Mapping[str, Sequence[tuple[str, str]]] = {
    "labels": (
        ("vaeaudit.workflow.fit", "doubts_of"),
        ("vaeaudit.analysis.audit.audit", "summarise_label"),
    ),
    "changes in time and order": (("vaeaudit.workflow.fit", "find_changes"),),
    "columns": (("vaeaudit.analysis.audit.audit", "describe_columns"),),
    "proxies": (("vaeaudit.analysis.audit.audit", "find_proxies"),),
    "regions, the whole search": (
        ("vaeaudit.workflow.fit", "find_regions"),
        ("vaeaudit.workflow.report", "find_regions"),
    ),
}


def measure(repeats: int) -> list[dict[str, Any]]:
    """CPU seconds of each question, by how many columns are declared sensitive; medians over whole audits."""
    from vaeaudit.workflow.report import audit  # noqa: PLC0415 - TensorFlow

    table = loans(ROWS, np.random.default_rng(0))
    rows = []
    for sensitive in (SENSITIVE[:1], SENSITIVE):
        spent: list[Counter[str]] = []
        for _ in range(repeats):
            with tempfile.TemporaryDirectory() as folder, _timed() as seconds:
                place = Path(folder)
                table.to_csv(place / "loans.csv", index=False)
                audit(
                    place / "loans.csv",
                    run=place / "run",
                    out=place / "page",
                    label=LABEL,
                    sensitive=list(sensitive),
                    preset="quick",
                )
            spent.append(seconds)
        shared = {"rows": ROWS, "columns": table.shape[1], "sensitive": len(sensitive)}
        medians = {name: statistics.median(each[name] for each in spent) for name in QUESTIONS}
        medians["all of them"] = statistics.median(each.total() for each in spent)
        rows += [{**shared, "question": name, "cpu_s": round(value, 3)} for name, value in medians.items()]
    return rows


@contextmanager
def _timed() -> Iterator[Counter[str]]:
    """Add up the CPU seconds of each question."""
    seconds: Counter[str] = Counter()

    def timing(question: str, asked: Callable[..., Any]) -> Callable[..., Any]:
        def ask(*given: Any, **named: Any) -> Any:
            started = time.process_time()
            try:
                return asked(*given, **named)
            finally:
                seconds[question] += time.process_time() - started

        return ask

    with ExitStack() as stack:
        for question, places in QUESTIONS.items():
            for module, name in places:
                asked = getattr(import_module(module), name)
                stack.enter_context(mock.patch(f"{module}.{name}", timing(question, asked)))
        yield seconds


def loans(n_rows: int, rng: np.random.Generator) -> pd.DataFrame:
    """Generate a table as people have them: a date, numbers, counts, levels, missing cells, a label, three groups."""
    hidden = rng.normal(size=(n_rows, LATENTS))

    def mixed(noise: float = 1.0) -> np.ndarray:
        return np.asarray(hidden @ rng.normal(size=LATENTS) / 2 + noise * rng.normal(size=n_rows))

    def levels(name: str, count: int) -> pd.Series:
        rank = mixed() + rng.gumbel(size=n_rows)
        place = np.searchsorted(np.quantile(rank, 1 - np.geomspace(1, 0.02, count)[1:]), rank)
        return pd.Series([f"{name} {level}" for level in place])

    days = np.sort(rng.integers(0, 900, n_rows))
    columns: dict[str, Any] = {
        "asked_on": pd.Timestamp("2022-01-01") + pd.to_timedelta(days, unit="D"),
        "sex": np.where(mixed() > 0, "female", "male"),
        "ethnicity": levels("group", 5),
        "age": np.clip(42 + 13 * mixed(), 18, 90).round(),
    }
    columns |= {f"amount_{place}": np.exp(7 + mixed()).round(2) for place in range(6)}
    columns |= {f"measure_{place}": mixed().round(3) for place in range(6)}
    columns |= {f"count_{place}": rng.poisson(np.exp(mixed(0.3))) for place in range(3)}
    columns |= {f"kind_{place}": levels("kind", count) for place, count in enumerate((3, 4, 5, 7, 9, 12, 20, 40))}
    columns |= {f"has_{place}": np.where(mixed() > 0.8, "yes", "no") for place in range(2)}
    frame = pd.DataFrame(columns)
    for place, name in enumerate(frame.columns[5::4]):
        frame[name] = frame[name].mask(rng.random(n_rows) < 0.05 * (place + 1))
    frame["granted"] = np.where(mixed() + (days > 500) > 0.4, "yes", "no")
    return frame
