"""The commands that a page prints under "Make it again" work as they stand, and come to the same verdict."""

from __future__ import annotations

import html
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from vaeaudit.cli.main import run as run_command
from vaeaudit.samples import people
from vaeaudit.workflow.fit import fit
from vaeaudit.workflow.report import report


def printed(page: Path) -> str:
    """The commands as a reader copies them."""
    text = page.read_text(encoding="utf-8")
    (commands,) = [
        html.unescape(re.sub(r"<[^>]+>", "", block))
        for block in re.findall(r"<pre[^>]*>(.*?)</pre>", text, re.DOTALL)
        if "vaeaudit report" in block
    ]
    return commands


def test_the_commands_of_the_page_make_the_same_report_again(
    tmp_path: Path, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = people(500, seed=5)
    truth.frame.to_csv(tmp_path / "my people.csv", index=False)
    truth.population.to_csv(tmp_path / "my population.csv", index=False)
    (tmp_path / "small.toml").write_text(
        "[train]\nfewest_steps = 20\nmost_steps = 20\nbatch_size = 32\n[conditionals]\nsteps = 60\nwidth = 16\n",
        encoding="utf-8",
    )
    words = ["my people.csv", "--config", "small.toml", "--preset", "quick", "--epochs", "2", "--id", "person_id"]
    words += ["--label", "loan_approved", "--sensitive", "sex", "--sensitive", "age", "--exclude", "height_cm"]
    words += ["--population", "my population.csv", "--reference", "my people.csv", "--seed", "3", "--run", "out/a b"]
    monkeypatch.chdir(tmp_path)
    assert run_command(["fit", *words, "-q"]) == 0
    assert run_command(["report", "out/a b", "--fdr", "0.1", "--uniform", "--out", "here", "-q"]) == 0

    shell = f'vaeaudit() {{ {" ".join(f"{word!r}" for word in command)} "$@"; }}\nset -e\n'
    said = printed(tmp_path / "here" / "report.html")
    again = subprocess.run(
        ["bash", "-c", shell + said], cwd=tmp_path, capture_output=True, text=True, timeout=900, check=False
    )
    assert again.returncode == 0, again.stderr
    assert again.stdout.splitlines()[0] == "out/a b-again"
    before, after = (
        json.loads((folder / "report.json").read_text(encoding="utf-8"))
        for folder in (tmp_path / "here", tmp_path / "reports" / "a b-again")
    )
    assert after["run"]["data"] == before["run"]["data"]
    assert after["run"]["config"] == before["run"]["config"]
    for part in ("verdict", "findings", "outliers", "regions", "representation", "comparison"):
        assert after[part] == before[part]


def test_from_a_frame_the_page_says_what_to_call(
    tmp_path: Path, small_config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = fit(people(500, seed=5).frame, small_config(id="person_id"), run="a")
    page = report(run, out="b").page
    text = html.unescape(page.read_text(encoding="utf-8"))
    assert "No command can read what was in memory (DataFrame)" in text
    assert "vaeaudit fit" not in text[text.index("Make it again") :]
