"""The report of a small stored run is what it was: nothing changes by accident. See `tests/golden/make.py`."""

from __future__ import annotations

import json
import runpy
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from vaeaudit.report import json_schema

GOLDEN = Path(__file__).parents[1] / "golden"
#: Another machine, or another release of a library, rounds otherwise.
TOLERANCE = 1e-6
#: Below this, a number is no more than what rounding left of zero.
NOTHING = 1e-12


def differences(old: Any, new: Any, where: str = "") -> Iterator[str]:
    """Yield one line for each place where two JSON documents differ by more than rounding."""
    if isinstance(old, float) and isinstance(new, float):
        if new != pytest.approx(old, rel=TOLERANCE, abs=NOTHING):
            yield f"{where}: {old!r} became {new!r}"
    elif isinstance(old, dict) and isinstance(new, dict):
        yield from (f"{where}.{key} is gone".lstrip(".") for key in old.keys() - new.keys())
        yield from (f"{where}.{key} is new".lstrip(".") for key in new.keys() - old.keys())
        for key in sorted(old.keys() & new.keys()):
            yield from differences(old[key], new[key], f"{where}.{key}".lstrip("."))
    elif isinstance(old, list) and isinstance(new, list):
        if len(old) != len(new):
            yield f"{where}: {len(old)} entries became {len(new)}"
        for place, (before, after) in enumerate(zip(old, new, strict=False)):
            yield from differences(before, after, f"{where}[{place}]")
    elif type(old) is not type(new) or old != new:
        yield f"{where}: {old!r} became {new!r}"


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    return json.loads((GOLDEN / "report.json").read_text(encoding="utf-8"))


def test_the_report_of_the_stored_run_is_the_stored_one(golden: dict[str, Any], tmp_path: Path) -> None:
    found = runpy.run_path(str(GOLDEN / "make.py"))["report_of_run"](tmp_path)
    jsonschema.Draft202012Validator(json_schema()).validate(found)
    known = {check["code"] for check in golden["checks"]}  # a check that was added since changes nothing of the others
    for document in (golden, found):
        del document["tool"]["version"]
        for part in (document, document["verdict"]):
            part["checks"] = [check for check in part["checks"] if check["code"] in known]
        document["findings"] = [finding for finding in document["findings"] if finding["code"] in known]
    first = list(islice(differences(golden, found), 10))
    assert not first, "\n".join(["If this is meant: python tests/golden/make.py", *first])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"n": 4}, "a.n: 3 became 4"),
        ({"n": 3.0}, "a.n: 3 became 3.0"),
        ({"n": True}, "a.n: 3 became True"),
        ({"share": 0.25001}, "a.share: 0.25 became 0.25001"),
        ({"rows": ["x"]}, "a.rows: 2 entries became 1"),
        ({"rows": ["x", "z"]}, "a.rows[1]: 'y' became 'z'"),
        ({"more": None}, "a.more is new"),
    ],
)
def test_a_difference_is_named_by_its_path(change: dict[str, Any], said: str) -> None:
    old = {"n": 3, "share": 0.25, "rows": ["x", "y"]}
    assert list(differences({"a": old}, {"a": {**old, **change}})) == [said]


def test_rounding_is_no_difference_and_a_key_that_is_gone_is() -> None:
    assert list(differences([0.25, 0.0], [0.25 * (1 + 1e-8), 1e-15])) == []
    assert list(differences({"a": 1}, {})) == ["a is gone"]
