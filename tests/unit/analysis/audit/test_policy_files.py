from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaeaudit.analysis.audit.policy_files import own_policies, policy_text, read_policy
from vaeaudit.analysis.checks.registry import all_checks
from vaeaudit.errors import UsageError


def written(folder: Path, text: str) -> Path:
    path = folder / "policy.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_policy_names_checks_by_code_or_name_and_sets_what_counts_as_a_finding(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        '[outcome-disparity]\nat_most = { difference = 0.2 }\n[VA101]\nrequired = true\ninstead = ["va201"]\n'
        '[analysis]\nsmallest_group = 100\n[analysis.mutes]\nVA501 = "Height is needed."\n',
    )
    policy = read_policy(path)
    assert policy.name == "policy.toml"
    assert policy.rules["VA451"].at_most == {"difference": 0.2}
    assert policy.rules["VA101"].instead == ("VA201",)
    assert policy.rules["VA101"].about == "what VA101 asks"
    assert policy.analysis == {"smallest_group": 100, "mutes": {"VA501": "Height is needed."}}


@pytest.mark.parametrize("name", own_policies())
def test_our_own_policies_name_checks_as_they_are_called(name: str) -> None:
    known = all_checks()
    policy = read_policy(name)
    assert policy.rules
    for code, called in re.findall(r"^\[(\w+)\]  # (.+)$", policy_text(name), re.MULTILINE):
        assert known[code].name == called
    for code, rule in policy.rules.items():
        assert code in known
        assert set(rule.instead) <= set(known)
        assert rule.about or not rule.required


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names no check; nothing could fail"),
        ("[analysis]\nfdr = 0.1\n", "names no check"),
        ("[VA999]\n", "VA999"),
        ("[VA101]\n[group-short-of-population]\n", "the check VA101 has two tables"),
        ('[VA101]\nfail_form = "high"\n', "unknown key 'fail_form'"),
        ('[VA101]\nfail_from = "grave"\n', "fail_from: expected one of high, medium, low or info"),
        ("[VA101]\nrequired = 1\n", "required: expected true or false"),
        ('[VA101]\ninstead = "VA201"\n', "instead: expected a list"),
        ("[VA101]\nat_most = 3\n", "expected a table of numbers"),
        ("[VA101]\nat_most = { ratio = nan }\n", "expected a table of numbers"),
        ('[VA101]\nat_most = { ratio = 1 }\nfail_from = "high"\n', "has limits and fail_from"),
        ("[VA101]\n[analysis]\nfdr = 7\n", "--fdr: expected a rate"),
        ("[VA101]\n[analysis]\nfrd = 0.1\n", "unknown key"),
        ("VA101 = 3\n", "expected a table [VA101]"),
        ("[VA101", "expected TOML"),
        ("a = " + "[" * 3_000, "expected TOML"),
    ],
)
def test_what_cannot_be_a_policy_is_refused_in_words(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_policy(written(tmp_path, text))
    assert message in str(refused.value)


def test_a_file_that_is_not_there_is_refused_with_the_policies_that_are() -> None:
    with pytest.raises(UsageError, match="there is no such file") as refused:
        read_policy("lax.toml")
    assert "default, credit, hiring, medical-pictures or strict" in str(refused.value)


@given(st.text(max_size=100))
def test_any_text_is_a_policy_or_is_refused_in_words(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = written(tmp_path_factory.getbasetemp(), f"[VA101]\n{text.encode('utf-8', 'ignore').decode()}")
    with suppress(UsageError):
        assert read_policy(path).rules
