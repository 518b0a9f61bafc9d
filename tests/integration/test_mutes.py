"""What a person sets aside is shown with the reason, counts as settled, and is said again by the commands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vaeaudit.cli.main import run as vaeaudit

WHY = "agreed with the data owner; see ticket 12"


def reported(fitted: Any, folder: Path, *options: str) -> tuple[dict[str, Any], str]:
    assert vaeaudit(["report", str(fitted.run.path), "--out", str(folder), *options, "-q"]) == 0
    document = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return document, (folder / "report.html").read_text(encoding="utf-8")


def state_of(document: dict[str, Any], code: str) -> dict[str, Any]:
    return next(check for check in document["checks"] if check["code"] == code)


def test_a_muted_check_is_not_asked_and_no_longer_fails_the_verdict(fitted: Any, tmp_path: Path) -> None:
    before, _ = reported(fitted, tmp_path / "a")
    failing = {reason["code"] for reason in before["verdict"]["checks"] if reason["effect"] == "fail"}
    assert failing
    after, page = reported(fitted, tmp_path / "b", *[word for code in failing for word in ("--mute", code, WHY)])
    assert after["verdict"]["status"] != "fail"
    assert f"Set aside by a person: {', '.join(sorted(failing))}"[:30] in after["verdict"]["sentence"]
    for code in failing:
        check = state_of(after, code)
        assert (check["state"], check["why"], check["muted"][0]["reason"]) == ("muted", WHY, WHY)
        assert f"--mute {code} '{WHY}'" in after["run"]["commands"]
    assert WHY in page


def test_one_finding_is_muted_by_its_subject_and_the_others_stay(fitted: Any, tmp_path: Path) -> None:
    before, _ = reported(fitted, tmp_path / "a")
    finding = next(each for each in before["findings"] if each["code"] == "VA203")
    after, page = reported(fitted, tmp_path / "b", "--mute", f"VA203:{finding['subject']}", WHY)
    ids = {each["id"] for each in before["findings"]}
    assert {each["id"] for each in after["findings"]} == ids - {finding["id"]}
    assert state_of(after, "VA203")["muted"][0]["findings"] == [finding["title"]]
    assert WHY in page


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("VA2O3", WHY), "There is no check 'VA2O3'"),
        (("VA203", " "), "--mute VA203: say why"),
    ],
)
def test_a_mute_that_names_nothing_or_gives_no_reason_is_refused(
    fitted: Any, tmp_path: Path, words: tuple[str, str], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert vaeaudit(["report", str(fitted.run.path), "--out", str(tmp_path / "r"), "--mute", *words, "-q"]) == 2
    assert said in capfd.readouterr().err
