"""A run whose files were altered, manifest and all, is refused in a line that names the file: never a traceback."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.tampering import Damage, Tampered, damages
from vaeaudit.cli.main import run as run_command
from vaeaudit.errors import RunError
from vaeaudit.runs import artifacts
from vaeaudit.runs.artifacts import ARTIFACTS
from vaeaudit.runs.reading import load_run
from vaeaudit.workflow.rebalance import rebalance
from vaeaudit.workflow.report import report
from vaeaudit.workflow.score import score

#: Of so many damages one is tried by `make test`; all of them by `make test-slow`.
ONE_OF = 8


@pytest.fixture(scope="module")
def tampered(fitted: Any, tmp_path_factory: pytest.TempPathFactory) -> Tampered:
    return Tampered(Path(shutil.copytree(fitted.run.path, tmp_path_factory.mktemp("tampered") / "people")))


@pytest.fixture(scope="module")
def commands(fitted: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Callable[[Path], Any]]:
    out = tmp_path_factory.mktemp("nothing")
    return {
        "report": lambda run: report(run, out=out / "report"),
        "score": lambda run: score(run, fitted.source, out=out / "scores"),
        "rebalance": lambda run: rebalance(run, out=out / "rebalance"),
    }


#: Files that only one command reads: all others are read by `report` and `rebalance` alike.
READ_BY_SCORE = {"model/architecture.json", "model/weights.npz", "regions.json", "checks.json"}


def reader_of(damage: Damage, number: int) -> str:
    return "score" if damage.file in READ_BY_SCORE else ("report", "rebalance")[number % 2]


def refusal(command: Callable[[Path], Any], run: Path) -> str:
    with pytest.raises(RunError) as caught:
        command(run)
    assert caught.value.exit_code == 2
    return str(caught.value)


def try_all(tampered: Tampered, tried: list[Damage], commands: dict[str, Callable[[Path], Any]]) -> Counter[str]:
    count: Counter[str] = Counter()
    for number, damage in enumerate(tried):
        tampered.put(damage)
        try:
            said = refusal(commands[reader_of(damage, number)], tampered.folder)
        except BaseException as error:
            raise AssertionError(f"{damage.file}: {damage.what}: {error!r}") from error
        finally:
            tampered.restore(damage)
        assert Path(damage.file).name in said, f"{damage.file}: {damage.what}: {said}"
        assert len(said.splitlines()) <= 2 and len(said) < 600, said
        count[damage.file] += 1
    return count


def test_damage_of_every_kind_to_every_file_is_refused(
    tampered: Tampered, commands: dict[str, Callable[[Path], Any]]
) -> None:
    everything = list(damages(tampered.folder))
    first_of_each = {damage.file: damage for damage in reversed(everything)}.values()  # a small file may be missed
    count = try_all(tampered, [*first_of_each, *everything[::ONE_OF]], commands)
    assert set(count) == {damage.file for damage in everything}
    assert sum(count.values()) >= 120


@pytest.mark.slow
def test_all_damage_is_refused(tampered: Tampered, commands: dict[str, Callable[[Path], Any]]) -> None:
    assert sum(try_all(tampered, list(damages(tampered.folder)), commands).values()) > 1000


def test_the_command_line_says_it_in_a_line_and_exits_with_2(
    tampered: Tampered, fitted: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    damage = Damage("latents.npz", "emptied", b"")
    tampered.put(damage)
    run = str(tampered.folder)
    codes = [run_command(words) for words in (["report", run], ["rebalance", run])]
    tampered.restore(damage)
    said = capfd.readouterr().err
    assert codes == [2, 2]
    assert said.count("latents.npz: expected arrays of a vaeaudit run") == 2
    assert "Traceback" not in said and "internal error" not in said


# --- the manifest ---------------------------------------------------------------------------------------------------


@pytest.fixture
def copied(fitted: Any, tmp_path: Path) -> Path:
    return Path(shutil.copytree(fitted.run.path, tmp_path / "people"))


def relist(run: Path, change: Callable[[dict[str, str]], Any]) -> None:
    document = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    change(document["sha256"])
    (run / "manifest.json").write_text(json.dumps(document), encoding="utf-8")


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "model/../../secret", "..", "", ".", "a\0b"])
def test_a_name_that_leads_out_of_the_run_is_refused_and_not_read(copied: Path, name: str) -> None:
    (copied.parent / "secret").write_text("x", encoding="utf-8")
    relist(copied, lambda digests: digests.update({name: "0" * 64}))
    with pytest.raises(RunError, match=r"leads out of the run|no plain file"):
        load_run(copied)


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_link_is_refused_even_where_its_target_is_what_was_listed(copied: Path, what: str) -> None:
    place = copied / ("rows.parquet" if what == "file" else "model")
    place.rename(copied.parent / "elsewhere")
    place.symlink_to(copied.parent / "elsewhere")
    with pytest.raises(RunError, match="is a link"):
        load_run(copied)


def test_a_manifest_that_is_a_link_is_refused(copied: Path) -> None:
    (copied / "manifest.json").rename(copied.parent / "other.json")
    (copied / "manifest.json").symlink_to(copied.parent / "other.json")
    with pytest.raises(RunError, match="is a link"):
        load_run(copied)


def test_a_listed_folder_or_pipe_is_no_plain_file(copied: Path) -> None:
    import os

    os.mkfifo(copied / "pipe")
    for name in ("model", "pipe"):
        relist(copied, lambda digests, name=name: digests.update({name: "0" * 64}))
        with pytest.raises(RunError, match="is no plain file"):
            load_run(copied)
        relist(copied, lambda digests, name=name: digests.pop(name))


def test_a_name_too_long_for_a_file_is_refused(copied: Path) -> None:
    relist(copied, lambda digests: digests.update({"x" * 5000: "0" * 64}))
    with pytest.raises(RunError, match="cannot be read"):
        load_run(copied)


def required() -> Iterator[str]:
    yield from (name for name, entry in ARTIFACTS.items() if entry.is_required("table") and name != "manifest.json")


@pytest.mark.parametrize("name", list(required()))
def test_a_run_whose_manifest_lacks_a_file_is_not_whole(
    copied: Path, commands: dict[str, Callable[[Path], Any]], name: str
) -> None:
    relist(copied, lambda digests: digests.pop(name))
    said = refusal(commands[reader_of(Damage(name, "", b""), 0)], copied)
    assert f"manifest.json lists no {name}" in said


def test_a_file_that_is_not_listed_is_never_read(copied: Path) -> None:
    for name in ("members.npz", "pictures.npz", "training.npz", "reference/reference.json"):
        (copied / name).parent.mkdir(exist_ok=True)
        (copied / name).write_bytes(b"not what it should be")
    run = load_run(copied)
    assert run.members is None
    assert run.pictures is None
    assert run.read_optional(artifacts.MEMBERS) is None
    with pytest.raises(RunError, match="lists no training"):
        run.read(artifacts.TRAINING)


# --- the table of files ---------------------------------------------------------------------------------------------


def test_a_run_holds_what_the_table_of_files_says(fitted: Any) -> None:
    held = {path.relative_to(fitted.run.path).as_posix() for path in fitted.run.path.rglob("*") if path.is_file()}
    of_cells_and_a_label = {"cells.npz", "label_doubts.npz"}
    assert held == {name for name, entry in ARTIFACTS.items() if entry.is_required("table")} | of_cells_and_a_label
