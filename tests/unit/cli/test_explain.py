"""`vaeaudit explain`: the checks, one of them, the policy."""

from __future__ import annotations

import json
import tomllib

import pytest

from vaeaudit.analysis.audit.policy import DEFAULT_POLICY
from vaeaudit.analysis.checks.registry import all_checks
from vaeaudit.cli.main import run


def test_it_lists_every_check_with_what_has_to_be_given(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["explain"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(all_checks())
    assert any(line.startswith("VA101") and "(needs --sensitive COL, --population FILE)" in line for line in lines)
    assert run(["explain", "--json"]) == 0
    assert [each["code"] for each in json.loads(capfd.readouterr().out)] == list(all_checks())


def test_a_check_is_explained_by_code_or_name(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "va101"]) == 0
    by_code = capfd.readouterr().out
    assert run(["explain", "group-short-of-population"]) == 0
    assert capfd.readouterr().out == by_code
    assert by_code.startswith("# VA101 group-short-of-population\n")


def test_a_check_that_does_not_exist_is_refused_with_the_nearest(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "group-short-of-popluation"]) == 2
    assert "Did you mean VA101?" in capfd.readouterr().err


def test_the_policy_is_toml_with_a_table_for_each_check_that_it_names(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "--policy"]) == 0
    policy = tomllib.loads(capfd.readouterr().out)
    assert set(policy) == set(DEFAULT_POLICY)
    assert policy["VA101"]["instead"] == ["VA201", "VA202"]


def test_other_policies_are_printed_by_name_and_unknown_ones_refused(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "--policy", "hiring"]) == 0
    assert tomllib.loads(capfd.readouterr().out)["VA451"]["at_least"] == {"ratio": 0.8}
    assert run(["explain", "--policy", "lax"]) == 2
    assert "expected a file, or one of default, credit, hiring" in capfd.readouterr().err
