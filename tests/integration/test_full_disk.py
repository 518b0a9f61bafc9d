"""Where nothing can be written, each command says so in one line with the path, ends with 2, and leaves nothing."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Shell = Callable[[str], subprocess.CompletedProcess[str]]

#: What is written to a disk of 64 kB, or into files of at most 8 kB.
COMMANDS = {
    "report": "report '{run}' --out {out}/report -q",
    "rebalance": "rebalance '{run}' --out {out}/rebalance -q",
    "score": "score '{run}' '{data}' --out {out}/scores -q",
    "fit": "fit '{data}' --config small.toml --preset quick --epochs 1 --id person_id --run {out}/run -q",
    "demo": "demo --rows 2000 --out {out}/demo -q",
    "inspect": "inspect '{data}' --write-config {out}/audit.toml -q",
}


@pytest.fixture
def shell(command: list[str], tmp_path: Path) -> Shell:
    """Run a script in which `vaeaudit` is the command, in a place where it may mount."""
    (tmp_path / "small.toml").write_text("[conditionals]\nsteps = 60\nwidth = 16\n", encoding="utf-8")

    def call(script: str) -> subprocess.CompletedProcess[str]:
        words = " ".join(f"{word!r}" for word in command)
        whole = f'vaeaudit() {{ {words} "$@"; }}\n{script}'
        return subprocess.run(
            ["unshare", "-m", "bash", "-c", whole],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    return call


def words(name: str, fitted: Any, out: str) -> str:
    return COMMANDS[name].format(run=fitted.run.path, data=fitted.source, out=out)


@pytest.mark.parametrize("name", ["report", "rebalance", "score", "fit", "demo"])
def test_a_full_disk(shell: Shell, fitted: Any, tmp_path: Path, name: str) -> None:
    (tmp_path / "small").mkdir()
    done = shell(
        "mount -t tmpfs -o size=64k none small || { echo cannot mount >&2; exit 77; }\n"
        f"vaeaudit {words(name, fitted, 'small')}; code=$?; find small -type f -size +0; exit $code"
    )
    if done.returncode == 77:
        pytest.skip(done.stderr)
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "small/" in done.stderr
    assert "cannot be written: no space left on device" in done.stderr
    assert done.stdout == ""  # neither a path that is not there nor a file that is left


@pytest.mark.parametrize("name", ["report", "rebalance", "fit", "demo", "inspect"])
def test_a_read_only_disk(shell: Shell, fitted: Any, tmp_path: Path, name: str) -> None:
    (tmp_path / "fixed").mkdir()
    done = shell(
        "mount -t tmpfs -o ro none fixed || { echo cannot mount >&2; exit 77; }\n"
        f"vaeaudit {words(name, fitted, 'fixed')}"
    )
    if done.returncode == 77:
        pytest.skip(done.stderr)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert "fixed/" in done.stderr
    assert "cannot be written: read-only file system" in done.stderr


@pytest.mark.parametrize("name", ["report", "fit"])
def test_a_limit_of_the_size_of_files(shell: Shell, fitted: Any, tmp_path: Path, name: str) -> None:
    done = shell(f"ulimit -f 8\nvaeaudit {words(name, fitted, 'out')}; code=$?; find out -type f; exit $code")
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert "out/" in done.stderr
    assert "cannot be written: file too large" in done.stderr


def test_a_path_that_is_no_folder(shell: Shell, fitted: Any) -> None:
    done = shell(f"vaeaudit {words('report', fitted, '/dev/full')}")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "vaeaudit: --out /dev/full/report: cannot be written: not a directory.\n"
