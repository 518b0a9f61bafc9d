"""`vaeaudit check` as a pipeline runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import yaml
from junitparser import JUnitXml

from vaeaudit.errors import UsageError
from vaeaudit.workflow.check import check

Call = Callable[..., CompletedProcess[str]]


#: Policy -> what comes of it, where grave findings in checks that it does not name are set aside.
CASES = {
    "fail": ("[VA101]\n[VA201]\n[VA202]\n[VA451]\n", 1),
    "inconclusive": ("[VA105]\nrequired = true\nabout = 'whether it is like last year'\n", 3),
    "pass": ("[VA701]\nfail_from = 'high'\n", 0),
}


@pytest.mark.parametrize("word", CASES)
def test_the_exit_code_is_the_verdict_of_the_policy(tmp_path: Path, fitted: Any, in_process: Call, word: str) -> None:
    policy, code = CASES[word]
    if word != "fail":
        found = json.loads(in_process("check", str(fitted.run.path), "--json", cwd=tmp_path).stdout)["findings"]
        grave = {finding["code"] for finding in found if finding["severity"] == "high"}
        policy += "[analysis.mutes]\n" + "".join(f"{each} = 'known'\n" for each in sorted(grave))
    (tmp_path / "policy.toml").write_text(policy, encoding="utf-8")
    places = ("--policy", "policy.toml", "--junit", "out.xml", "--sarif", "out.sarif")
    done = in_process("check", str(fitted.run.path), *places, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (code, f"{word}\n"), done.stderr
    suite = next(iter(JUnitXml.fromfile(str(tmp_path / "out.xml"))))
    assert (suite.failures > 0) == (word == "fail")
    assert suite.errors > 0 or word != "inconclusive"
    assert json.loads((tmp_path / "out.sarif").read_text(encoding="utf-8"))["version"] == "2.1.0"


def test_the_document_holds_verdict_checks_and_findings_and_nothing_else_is_printed(
    tmp_path: Path, fitted: Any, in_process: Call
) -> None:
    done = in_process("check", str(fitted.run.path), "--json", "-q", cwd=tmp_path)
    document = json.loads(done.stdout)
    assert set(document) == {"run", "policy", "verdict", "checks", "findings"}
    assert {"pass": 0, "fail": 1, "inconclusive": 3}[document["verdict"]["status"]] == done.returncode
    assert done.stderr == ""


def test_a_policy_that_cannot_be_used_exits_with_2_and_writes_nothing(
    tmp_path: Path, fitted: Any, in_process: Call
) -> None:
    (tmp_path / "policy.toml").write_text("[VA999]\n", encoding="utf-8")
    done = in_process("check", str(fitted.run.path), "--policy", "policy.toml", "--junit", "out.xml", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert not (tmp_path / "out.xml").exists()
    assert in_process("check", str(fitted.run.path), "--junit", "absent/out.xml", cwd=tmp_path).returncode == 2


@pytest.mark.parametrize(
    ("places", "said"),
    [
        (["--junit", ""], "expected a file, found nothing"),
        (["--junit", "."], "expected a file, found a folder"),
        (["--sarif", "pipe"], "it is no ordinary file"),
        (["--junit", "same.x", "--sarif", "./a/../same.x"], "the same file as that of --junit"),
        (["--junit", "{run}/new.xml"], "lies in the run"),
    ],
)
def test_no_device_no_run_and_no_file_twice_is_written(
    tmp_path: Path,
    fitted: Any,
    places: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "a").mkdir()
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)
    given = dict(zip((name.removeprefix("--") for name in places[::2]), places[1::2], strict=True))
    given = {name: path.replace("{run}", str(fitted.run.path)) for name, path in given.items()}
    with pytest.raises(UsageError, match=said):
        check(fitted.run, **given)
    assert {path.name for path in tmp_path.iterdir()} == {"a", "pipe"}


@pytest.mark.slow
def test_the_action_for_pipelines_fits_checks_and_leaves_what_it_says(tmp_path: Path, fitted: Any) -> None:
    action = yaml.safe_load((Path(__file__).parents[2] / "action.yml").read_text(encoding="utf-8"))
    given = {name: str(each.get("default", "")) for name, each in action["inputs"].items()}
    given |= {"data": str(fitted.source), "options": "--label loan_approved --sensitive sex --preset quick"}
    step = action["runs"]["steps"][-1]
    environment = {
        name: given[value.removeprefix("${{ inputs.").removesuffix(" }}")] for name, value in step["env"].items()
    }
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-e", "-c", step["run"]],
        cwd=tmp_path,
        env={**os.environ, **environment, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (1, 3), done.stderr
    assert done.stdout.splitlines()[-1] in ("fail", "inconclusive")
    assert (tmp_path / "vaeaudit.xml").exists()
    assert (tmp_path / "vaeaudit.sarif").exists()
