"""The entry point imports little, and turns every error into one or two lines and an exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from vaeaudit import __version__
from vaeaudit.cli import main
from vaeaudit.errors import InconclusiveError, InputError, InterruptedFit, UsageError


def imported_by(code: str, *arguments: str) -> set[str]:
    """The modules that a fresh interpreter has after `code`."""
    tell = (
        f"import sys\ntry:\n    {code}\nexcept SystemExit:\n    pass\nprint('\\n'.join(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", tell, *arguments], capture_output=True, text=True, check=True)
    return set(done.stderr.splitlines())


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        ("import vaeaudit", ()),
        ("from vaeaudit.cli.main import main; main()", ("--help",)),
        ("from vaeaudit.cli.main import main; main()", ("--version",)),
        ("from vaeaudit.cli.main import main; main()", ("fit", "--help")),
        ("from vaeaudit.cli.main import main; main()", ("demo", "--help")),
    ],
)
def test_help_and_import_load_neither_tensorflow_nor_pandas(code: str, arguments: tuple[str, ...]) -> None:
    modules = imported_by(code, *arguments)
    assert "vaeaudit" in modules
    assert modules.isdisjoint({"tensorflow", "keras", "pandas", "numpy", "sklearn", "plotly", "rich"})


def test_reading_and_reporting_code_loads_no_tensorflow(fresh_imports: dict[str, set[str]]) -> None:
    modules = fresh_imports["workflow"]
    assert {"pandas", "vaeaudit.workflow.report", "vaeaudit.cli.report", "vaeaudit.workflow.demo"} <= modules
    assert modules.isdisjoint({"tensorflow", "keras", "tensorflow_probability", "tf_keras"})


def test_every_command_is_listed_with_a_help_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["--help"]) == 0
    text = capsys.readouterr().out
    for name in main.COMMANDS:
        assert f"\n  {name} " in text
    assert "130" in text


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["--version"]) == 0
    assert __version__ in capsys.readouterr().out


def test_without_a_command_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run([]) == 2
    assert "Usage: vaeaudit" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["fitt", "a.csv"], "fitt"),
        (["--fast"], "--fast"),
        (["fit"], "DATA"),
        (["fit", "a.csv", "--grün"], "--grün"),
        (["fit", "a.csv", "--beta"], "--beta"),
        (["fit", "a.csv", "--beta", "much"], "much"),
        (["fit", "a.csv", "--preset", "slow"], "slow"),
        (["fit", "a.csv", "b.csv"], "b.csv"),
        (["report", "--fdr", "x"], "x"),
        (["demo", "--rows", "3"], "2000"),
    ],
)
def test_a_wrong_command_line_is_two_lines_and_exit_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], named: str
) -> None:
    assert main.run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("vaeaudit: ")
    assert len(err.splitlines()) <= 2
    assert named in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["fit", "nowhere.csv"],
        ["fit", "empty.csv"],
        ["fit", "data.csv", "--beta", "-1"],
        ["fit", "data.csv", "--latents", "many"],
        ["fit", "data.csv", "--latents", "0"],
        ["fit", "data.csv", "--latents", "²"],
        ["fit", "data.csv", "--latents", "9999999999999999999999"],
        ["fit", "data.csv", "--seed", "-1"],
        ["fit", "data.csv", "--fdr", "1"],
        ["fit", "data.csv", "--epochs", "0"],
        ["fit", "data.csv", "--label", "nobody"],
        ["fit", "data.csv", "--sensitive", "x", "--exclude", "x"],
        ["fit", "data.csv", "--config", "nowhere.toml"],
        ["fit", "data.csv", "--config", "broken.toml"],
        ["fit", "data.csv", "--config", "typo.toml"],
        ["fit", "data.csv", "--population", "nowhere.csv"],
        ["fit", "data.csv", "--run", "."],
        ["fit", "data.csv", "--resume"],
        ["fit", "data.csv", "--resume", "--beta", "2", "--id", "x"],
        ["report"],
        ["report", "nowhere"],
        ["report", "."],
        ["inspect", "nowhere.csv"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_used_is_said_in_two_lines_and_exit_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty.csv").touch()
    Path("data.csv").write_text("x,y\n" + "".join(f"{i},{i % 7}.5\n" for i in range(60)), encoding="utf-8")
    Path("broken.toml").write_text("[model\n", encoding="utf-8")
    Path("typo.toml").write_text("[model]\nlantents = 3\n", encoding="utf-8")
    quiet = ["-q"] if arguments[0] != "inspect" else []

    assert main.run([*arguments, *quiet]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("vaeaudit: ")
    assert len(err.splitlines()) <= 2
    assert "Traceback" not in err
    assert not Path("runs").exists()


def test_too_few_rows_are_exit_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("few.csv").write_text("x,y\n1,2\n3,4\n", encoding="utf-8")
    assert main.run(["fit", "few.csv", "-q"]) == 3
    assert "20" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (UsageError("--x: no.", hint="Use --y."), 2, "vaeaudit: --x: no.\nUse --y.\n"),
        (InputError("a.csv: bad."), 2, "vaeaudit: a.csv: bad.\n"),
        (InconclusiveError("Too little."), 3, "vaeaudit: Too little.\n"),
        (InterruptedFit("Stopped.", hint="Go on."), 130, "vaeaudit: Stopped.\nGo on.\n"),
        (KeyboardInterrupt(), 130, "vaeaudit: interrupted.\n"),
        (click.Abort(), 130, "vaeaudit: interrupted.\n"),
        (UsageError("column \x1b[31mred\x07: no."), 2, "vaeaudit: column \\x1b[31mred\\x07: no.\n"),
    ],
)
def test_each_end_has_its_exit_code_and_its_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, code: int, said: str
) -> None:
    def fail(**_: Any) -> None:
        raise error

    monkeypatch.setattr(main.cli, "main", fail)
    assert main.run([]) == code
    assert capsys.readouterr().err == said


@pytest.mark.parametrize("verbose", [[], ["-v"]])
def test_a_defect_is_exit_4_and_its_traceback_is_shown_on_request_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], verbose: list[str]
) -> None:
    def fail(**_: Any) -> None:
        raise ZeroDivisionError("in \x1b[2Jhere")

    monkeypatch.setattr(main.cli, "main", fail)
    assert main.run(["report", *verbose]) == 4
    err = capsys.readouterr().err
    assert ("Traceback" in err) is bool(verbose)
    assert "internal error: ZeroDivisionError: in \\x1b[2Jhere" in err
    assert "\x1b" not in err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the device that is always full is Linux's")
def test_a_result_that_cannot_be_printed_is_one_line_and_exit_2(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n" + "".join(f"{i}.5,{i % 3}\n" for i in range(40)), encoding="utf-8")
    words = " ".join(f"'{word}'" for word in [*command, "inspect", "a.csv"])
    for options, said in (
        ("--json > /dev/full", "No space left on device"),
        ("> /dev/full", "No space left on device"),
        (">&-", "standard output is closed"),
    ):
        shell = ["bash", "-c", f"{words} {options}"]
        done = subprocess.run(shell, cwd=tmp_path, stderr=subprocess.PIPE, text=True, check=False)
        assert done.returncode == 2
        assert said.lower() in done.stderr
        assert "standard output" in done.stderr
        assert len(done.stderr.splitlines()) == 1


@pytest.fixture
def wide_table(tmp_path: Path) -> Path:
    """A table of which more is said than a pipe holds."""
    names = [f"column_{i}" for i in range(600)]
    lines = [",".join(names), *(",".join(str((i * row) % 97 / 7) for i in range(600)) for row in range(30))]
    path = tmp_path / "wide.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("option", ["", "--json"])
def test_a_closed_pipe_is_silent(command: list[str], wide_table: Path, option: str) -> None:
    words = " ".join(f"'{word}'" for word in [*command, "inspect", str(wide_table)])
    shell = f"set -o pipefail; {words} {option} | head -1"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, timeout=120, check=False)
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""
    assert done.returncode in (0, 141)  # never 1, which says that a gate failed


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "xterm-256color")])
def test_without_a_terminal_and_with_no_color_there_are_no_escapes(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path, name: str, value: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(name, value)
    (tmp_path / "a.csv").write_text(
        "x\x1b[31m,y\n" + "".join(f"{i}.5,v\u009b{i % 3}\n" for i in range(40)), encoding="utf-8"
    )
    assert main.run(["inspect", "a.csv", "-v"]) == 0
    out, err = capfd.readouterr()
    assert "x\\x1b[31m" in out
    for character in ("\x1b", "\u009b", "\x07"):
        assert character not in out + err


def test_json_is_one_document(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n" + "".join(f"{i}.5,{i % 3}\n" for i in range(40)), encoding="utf-8")
    assert main.run(["inspect", str(tmp_path / "a.csv"), "--json"]) == 0
    assert [column["name"] for column in json.loads(capfd.readouterr().out)["columns"]] == ["x", "y"]


@pytest.mark.skipif(os.name != "posix", reason="file descriptors are closed by a POSIX shell")
def test_a_closed_standard_error_is_no_defect(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "few.csv").write_text("x,y\n1,2\n3,4\n", encoding="utf-8")
    words = " ".join(f"'{word}'" for word in [*command, "fit", "few.csv"])
    done = subprocess.run(["bash", "-c", f"{words} 2>&-"], cwd=tmp_path, capture_output=True, timeout=120, check=False)
    assert done.returncode == 3
