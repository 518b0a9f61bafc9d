"""Personal data is told by its values, or by its name and its values together."""

from __future__ import annotations

import pytest

from vaeaudit.data.schema.personal_data import personal_data
from vaeaudit.data.tables.cells import text_cells

GIVEN = ("Anna", "Ben", "Clara", "David", "Eva", "Finn", "Greta", "Hugo", "Ida", "Jonas")
FAMILY = ("Meyer", "O'Brien", "de la Cruz", "Kowalski", "Ng", "Smith-Jones", "Rossi")
PEOPLE = [f"{given} {family}" for given in GIVEN for family in FAMILY]


@pytest.mark.parametrize(
    ("name", "values", "what"),
    [
        ("contact", [f"p{n}@example.org" for n in range(20)], "e-mail addresses"),
        ("c7", [f"+49 170 55501{n:02}" for n in range(20)], "phone numbers"),
        ("c8", [f"(555) 010-{n:04}" for n in range(20)], "phone numbers"),
        ("mobile", [f"0170 55501{n:02}" for n in range(20)], "phone numbers"),
        ("c9", [f"219-09-{n:04}" for n in range(20)], "social security numbers"),
        ("ip", [f"192.0.2.{n}" for n in range(20)], "IP addresses"),
        ("home_address", [f"{n} Long Road" for n in range(20)], "street addresses"),
        ("streetaddress", [f"{n}th Ave and Mill St" for n in range(20)], "street addresses"),
        ("homephone", [f"555 010 {n:04}" for n in range(20)], "phone numbers"),
        ("Strasse", [f"Lange Gasse {n}" for n in range(20)], "street addresses"),
        ("iban", [f"DE89 3704 0044 0532 0130 {n:02}" for n in range(20)], "bank account numbers"),
        ("first", list(GIVEN), "names of people"),
        ("patient_name", PEOPLE, "names of people"),
        ("Surname", [f"{a}{b}" for a in ("Mac", "Van") for b in FAMILY], "names of people"),
        ("name", PEOPLE, "names, perhaps of people"),
        ("name", [f"{given[0]}. {family}" for given in GIVEN for family in FAMILY], "names, perhaps of people"),
    ],
)
def test_personal_data_is_named(name: str, values: list[str], what: str) -> None:
    assert personal_data(name, text_cells(values)) == what


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("city", PEOPLE),
        ("name", [f"sensor {n}" for n in range(90)]),
        ("product_name", [f"part {n}" for n in range(90)]),
        ("address", [f"host{n}" for n in range(20)]),
        ("version", [f"1.{n}.0" for n in range(20)]),
        ("first", [str(n) for n in range(20)]),
        ("first", list(GIVEN[:3])),
    ],
)
def test_a_name_or_values_alone_are_not_enough(name: str, values: list[str]) -> None:
    assert not personal_data(name, text_cells(values))
