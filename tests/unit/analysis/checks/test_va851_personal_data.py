from __future__ import annotations

import numpy as np
import pytest

from vaeaudit.analysis.checks.va851_personal_data import CHECK


@pytest.fixture
def ask(seen_as_read):
    """The answer about a table of these columns."""
    return lambda **columns: CHECK.ask(seen_as_read({"x": np.linspace(0, 1, 60)} | columns))


def test_personal_data_is_told_without_a_value_of_it(ask):
    answer = ask(
        contact=[f"secret{n}@example.org" for n in range(60)], last=[f"Person{chr(97 + n % 26)}" for n in range(60)]
    )
    (finding,) = answer.findings
    assert finding.title == (
        "2 columns hold personal data: contact (e-mail addresses, 60 distinct) and last (names of people, 26 distinct)"
    )
    assert "secret" not in str(answer)
    assert "Person" not in str(answer)


def test_other_columns_pass(ask):
    assert ask(city=["Rome", "Oslo", "Bonn"] * 20).state == "passed"
