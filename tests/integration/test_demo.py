"""The demo finds what it planted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vaeaudit.runs.reading import load_run
from vaeaudit.samples import people
from vaeaudit.workflow.demo import run as run_demo


def found(text: str) -> dict[str, bool]:
    """Planted -> whether it was found, from what the demo prints."""
    lines = text.splitlines()
    column = lines[0].index("found")
    return {line[:column].strip(): line[column : column + 3] == "yes" for line in lines[1:-1]}


def test_a_small_demo_finds_most_of_what_it_planted(demonstrated: Any) -> None:
    items = found(demonstrated.done.stdout)

    assert len(items) == 8
    wanted = ("rows deleted", "height in inches", "paid by the year", "gives sex away")
    for planted in wanted:
        assert all(value for name, value in items.items() if planted in name), demonstrated.done.stdout


def test_a_small_demo_flags_hardly_any_sound_row(demonstrated: Any) -> None:
    broken = people(3000, seed=0).outliers
    rows = load_run(demonstrated.folder / "run").rows
    flagged = set(rows.loc[rows["outlier"], "row_id"])
    assert len(flagged - set(broken)) < 0.005 * len(rows)
    assert len(flagged & set(broken)) > 0.4 * len(broken)


def test_a_refit_says_how_stable_each_latent_is(demonstrated: Any) -> None:
    run = load_run(demonstrated.folder / "run")
    document = json.loads((demonstrated.folder / "report" / "report.json").read_text(encoding="utf-8"))
    stability = {latent["index"]: latent["stability"] for latent in document["latents"] if latent["stability"]}
    assert set(stability) == set(np.flatnonzero(run.codes.active).tolist())
    assert all(0 <= each["ci"]["low"] <= each["value"] <= each["ci"]["high"] <= 1 for each in stability.values())
    assert max(each["value"] for each in stability.values()) > 0.8
    assert {latent["grade"] for latent in document["latents"] if latent["shown"]} <= {"A", "B"}


@pytest.mark.slow
def test_the_demo_finds_all_that_it_planted(tmp_path: Path) -> None:
    shown = run_demo(tmp_path / "demo")
    assert {item.planted: item.found for item in shown.items} == {item.planted: True for item in shown.items}
    (tmp_path / "demo" / "mine.txt").write_text("precious", encoding="utf-8")
    again = run_demo(tmp_path / "demo")
    assert [item.how for item in again.items] == [item.how for item in shown.items]
    assert (tmp_path / "demo" / "mine.txt").is_file()  # only what a demo leaves is replaced
