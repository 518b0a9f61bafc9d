from __future__ import annotations

import numpy as np
import pytest

from vaeaudit.analysis.checks.va810_text_columns import CHECK

N = 120
PLAIN = [f"this is remark number {n} of a long list" for n in range(N)]


@pytest.fixture
def ask(seen_as_read):
    """The answer about a table with this column of remarks."""

    def asked(remarks):
        return CHECK.ask(seen_as_read({"x": np.linspace(0, 1, N), "remarks": remarks}, kinds={"remarks": "text"}))

    return asked


def test_text_without_anything_odd_passes_and_is_said_to_be_unread(ask):
    answer = ask(PLAIN)
    assert answer.state == "passed"
    assert "remarks (median 9 words)" in answer.why
    assert "does not read free text" in answer.why


def test_personal_data_inside_of_text_is_medium_and_no_value_is_shown(ask):
    (finding,) = ask(
        [*PLAIN[:-2], "write to jane@example.org please do", "call me at (555) 010-0199 any time"]
    ).findings
    assert finding.severity == "medium"
    assert finding.evidence["personal"] == {"e-mail addresses": 1, "phone numbers": 1}
    assert "jane" not in str(finding)


def test_boilerplate_and_a_second_script_are_low(ask):
    (finding,) = ask(
        [*PLAIN[:80], *["there is nothing to report here today"] * 30, *["всё было хорошо и спокойно"] * 10]
    ).findings
    assert finding.severity == "low"
    assert "one text in 30 rows" in finding.title
    assert "cyrillic" in finding.title


def test_a_table_without_text_is_not_asked(seen_as_read):
    assert CHECK.ask(seen_as_read({"x": np.linspace(0, 1, N)})).state == "not_applicable"
