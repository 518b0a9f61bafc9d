from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from vaeaudit.analysis import checks
from vaeaudit.analysis.audit.asking import ask_all
from vaeaudit.analysis.checks.registry import GROUP, all_checks, find_check
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.schema.columns import Kind
from vaeaudit.errors import UsageError

PLUGIN = """
from vaeaudit.analysis.checks.base import Check, answered
from vaeaudit.analysis.conclusions import Finding


def ask(seen):
    odd = len(seen.inputs.frame) % 2
    found = Finding("ACME101", "", "other", "low", f"{odd} row too many", {"n": odd}, "Drop it.", "quality")
    return answered([found] if odd else [], "The rows come in pairs.", tested=len(seen.inputs.frame))


def crash(seen):
    return 1 / 0


def none(seen):
    return None


CHECK = Check("ACME101", "rows-in-pairs", "Do the rows come in pairs?", "other", ask)
CRASHES = Check("ACME102", "check-that-crashes", "Does it crash?", "other", crash)
SAYS_NONE = Check("ACME103", "check-that-says-nothing", "Does it answer?", "other", none)
OF_VAEAUDIT = Check("VA999", "taken-by-others", "Whose is it?", "other", ask)
SAME_CODE = Check("ACME101", "rows-in-threes", "Do the rows come in threes?", "other", ask)
SAME_NAME = Check("ACME104", "too-few-rows", "Are there too few rows?", "other", ask)
SHOUTS = Check("ACME105", "Rows In Pairs", "Do the rows come in pairs?", "other", ask)
NO_CHECK = "ACME101"
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """`install(*names)`: a distribution whose entry points name these objects of its module."""

    def installed(*names):
        (tmp_path / "acme_checks.py").write_text(PLUGIN, encoding="utf-8")
        folder = tmp_path / "acme_checks-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-checks\nVersion: 1.0\n", encoding="utf-8")
        points = [f"entry{place} = acme_checks:{name}" for place, name in enumerate(names)]
        (folder / "entry_points.txt").write_text("\n".join([f"[{GROUP}]", *points, ""]), encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        importlib.invalidate_caches()
        all_checks.cache_clear()

    yield installed
    sys.modules.pop("acme_checks", None)
    all_checks.cache_clear()


def test_every_file_holds_the_check_that_it_is_called_by() -> None:
    files = sorted(Path(checks.__path__[0]).glob("va*.py"))
    known = [check for check in all_checks().values() if check.code.startswith("VA")]
    assert [path.stem for path in files] == [f"{check.code.lower()}_{check.name.replace('-', '_')}" for check in known]
    assert list(all_checks()) == [check.code for check in all_checks().values()]


def test_codes_and_names_are_unique_and_keep_their_form() -> None:
    known = all_checks().values()
    assert len({check.name for check in known}) == len(known)
    assert all(re.fullmatch(r"VA\d{3}", check.code) for check in known)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+){1,4}", check.name) for check in known)


def test_a_check_is_a_question_and_has_a_test_file() -> None:
    here = {path.name for path in Path(__file__).parent.glob("test_va*.py")}
    for check in all_checks().values():
        assert check.question.endswith("?")
        assert f"test_{check.code.lower()}_{check.name.replace('-', '_')}.py" in here


@pytest.mark.parametrize("word", ["VA101", "va101", "group-short-of-population", "Group-Short-Of-Population"])
def test_a_check_is_found_by_code_and_by_name(word: str) -> None:
    assert find_check(word).code == "VA101"


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("too-few-row", "Did you mean VA701?"),
        ("VA7O1", "Did you mean VA701?"),
        ("", "`vaeaudit explain` lists them."),
        ("nothing like it", "`vaeaudit explain` lists them."),
    ],
)
def test_a_word_that_names_no_check_is_refused_with_the_nearest_one(word: str, hint: str) -> None:
    with pytest.raises(UsageError, match="There is no check") as refused:
        find_check(word)
    assert refused.value.hint == hint


def test_the_check_of_a_plug_in_is_asked_last_and_found_by_code_and_name(install, seen_of, build):
    install("CHECK")
    assert list(all_checks())[-1] == "ACME101"
    assert find_check("acme101") is find_check("rows-in-pairs") is all_checks()["ACME101"]
    results, _ = ask_all(seen_of())
    assert (results[-1].code, results[-1].state, results[-1].why) == ("ACME101", "passed", "The rows come in pairs.")
    odd = build({"x": (np.arange(3), Kind.REAL)}, np.zeros((3, 1)))
    assert ask_all(seen_of(inputs=odd))[1][-1].title == "1 row too many"


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (
            ["OF_VAEAUDIT"],
            "acme_checks:OF_VAEAUDIT cannot be used: expected a vaeaudit Check with a code such as ACME101",
        ),
        (["NO_CHECK"], "acme_checks:NO_CHECK cannot be used: expected a vaeaudit Check"),
        (["SHOUTS"], "acme_checks:SHOUTS cannot be used: expected a name such as rows-of-today"),
        (["MISSING"], "acme_checks:MISSING cannot be loaded: .* has no attribute 'MISSING'"),
        (["CHECK", "SAME_CODE"], "acme_checks:SAME_CODE is called ACME101, as another check is"),
        (["SAME_NAME"], "acme_checks:SAME_NAME is called too-few-rows, as another check is"),
    ],
)
def test_a_plug_in_that_is_no_check_or_takes_what_is_in_use_is_refused(install, names, said):
    install(*names)
    with pytest.raises(UsageError, match=said):
        all_checks()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("CRASHES", "The check ACME102 check-that-crashes failed: ZeroDivisionError: division by zero"),
        ("SAYS_NONE", "The check ACME103 check-that-says-nothing failed: AttributeError"),
    ],
)
def test_what_goes_wrong_in_a_plug_in_is_told_as_its_fault_and_it_can_be_muted(install, seen_of, name, said):
    install(name)
    with pytest.raises(UsageError, match=said) as refused:
        ask_all(seen_of())
    code = list(all_checks())[-1]
    assert refused.value.hint == f"Go on without it by --mute {code} REASON."
    results, _ = ask_all(seen_of(config=AnalysisConfig(mutes={code: "broken"})))
    assert results[-1].state == "muted"
