"""What a column's name suggests."""

from __future__ import annotations

import pytest

from vaeaudit.data.schema.naming import suggests_identifier, suggests_sensitive

SENSITIVE = [
    "sex", "Gender", "race", "ethnicity", "age", "Age_Group", "personal_status_sex", "marital-status", "MaritalStatus",
    "maritalstatus", "religion", "disability", "is_disabled", "nationality", "foreign_worker", "native-country",
    "birth_date", "dob", "skin color", "ageYears", "SEX", "applicant.race",
]  # fmt: skip
OTHER = [
    "package", "average", "message", "sextant", "trace", "embrace", "wage", "image", "language", "color", "country",
    "income", "page", "Essex", "usage", "",
]  # fmt: skip


@pytest.mark.parametrize("name", SENSITIVE)
def test_whole_words_suggest_a_sensitive_attribute(name: str) -> None:
    assert suggests_sensitive(name)


@pytest.mark.parametrize("name", OTHER)
def test_parts_of_other_words_suggest_nothing(name: str) -> None:
    assert not suggests_sensitive(name)


@pytest.mark.parametrize(
    ("name", "says_so"), [("customer_id", True), ("userId", True), ("ID", True), ("paid", False), ("width", False)]
)
def test_names_of_identifiers(name: str, says_so: bool) -> None:
    assert suggests_identifier(name) is says_so
