"""Tell columns of personal data: names of people, addresses, numbers of phones, accounts and papers."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from vaeaudit.data.schema.names import words
from vaeaudit.data.schema.storage import n_distinct
from vaeaudit.data.tables.cells import TextCells

#: Share of the distinct values that must look like it.
_MOST = 0.8
#: Values that say by themselves what they are.
_BY_VALUE = (
    ("e-mail addresses", r"^[^\s@]+@[^\s@]+\.[A-Za-z]{2,}$"),
    ("bank account numbers", r"^[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?$"),
    ("social security numbers", r"^\d{3}-\d{2}-\d{4}$"),
    ("IP addresses", r"^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$"),
    ("card numbers", r"^\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{1,7}$"),
    ("phone numbers", r"^\+\d{1,3}[ .()/-]*\d(?:[ .()/-]*\d){6,12}$"),
    ("phone numbers", r"^\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}$"),
)
#: Up to six words of letters, initials and hyphens.
_PERSON = r"^\p{L}[\p{L}'\x{2019}.-]*(?:,? [(\"]?\p{L}[\p{L}'\x{2019}.()\"-]*){0,5}$"
_TWO_WORDS = r"\p{L}[.,]{0,2} \p{L}"
_DIGITS = r"^\+?\(?\d(?:[ .()/-]*\d){6,14}$"
_STREET = (
    r"^(?:\d+\w? .*\p{L}{2,}|.*\p{L}{2,}.* \d+\w?)\b.*$"
    r"|(?i)\b(?:street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|highway|hwy|way|court|ct|place|pl|rue|via)\b"
    r"|(?i)(?:stra[ßs]s?e|straat|vägen|gatan)\b"
)
#: Words of a name -> what the column holds, and what most of its values must look like then.
_BY_NAME: tuple[tuple[frozenset[str], str, str], ...] = (
    (frozenset(["email", "mail", "emails"]), "e-mail addresses", r"@"),
    (frozenset(["phone", "telephone", "tel", "mobile", "cell", "fax", "telefon"]), "phone numbers", _DIGITS),
    (frozenset(["address", "street", "adresse", "strasse", "addr", "addresses"]), "street addresses", _STREET),
    (frozenset(["iban", "account", "konto", "passport", "ssn", "license"]), "numbers of accounts or papers", r"\d{4,}"),
    (
        frozenset([
            "surname", "lastname", "firstname", "fullname", "forename", "familyname", "givenname", "maiden", "vorname",
            "nachname", "prenom", "apellido",
        ]),
        "names of people",
        _PERSON,
    ),
)  # fmt: skip
_WHOSE = frozenset([
    "first", "last", "full", "family", "given", "middle", "person", "patient", "customer", "client", "student",
    "employee", "passenger", "author", "owner", "user", "applicant", "defendant", "officer", "victim", "player",
    "teacher", "mother", "father", "inspector", "doctor", "physician", "member",
])  # fmt: skip
#: Words of so many letters also say it as parts of others.
_LONG = 5
#: With fewer distinct values nobody is told apart by them.
_FEWEST = 10
#: With so many, a column that is just called `name` may be of people.
_MANY_NAMES = 50


def personal_data(name: str, cells: TextCells) -> str:
    """Say what personal data a column of text holds; empty for none.

    Its name alone is not enough, its values must look like it; some values say it without a name.

    Examples
    --------
    >>> from vaeaudit.data.tables.cells import text_cells
    >>> personal_data("contact", text_cells([f"person{number}@example.org" for number in range(20)]))
    'e-mail addresses'
    """
    distinct = n_distinct(cells)
    if distinct < _FEWEST:
        return ""
    texts = cells.texts
    for what, pattern in _BY_VALUE:
        if _share(texts, pattern) >= _MOST:
            return what
    found = words(name)
    for named, what, pattern in _BY_NAME:
        if _says(found, named) and _share(texts, pattern) >= _MOST:
            return what
    return _names(found, texts, distinct)


def _says(found: tuple[str, ...], named: frozenset[str]) -> bool:
    """Whether one of the words stands in the name, also as a part of a longer one: `streetaddress`, `homephone`."""
    return not named.isdisjoint(found) or any(len(part) >= _LONG and part in word for part in named for word in found)


def _names(found: tuple[str, ...], texts: pa.Array, distinct: int) -> str:
    """Say whose names the column holds: `first`, `last`, `patient_name`, or a `name` of several words."""
    if _share(texts, _PERSON) < _MOST:
        return ""
    if found in (("first",), ("last",)) or ("name" in found and not _WHOSE.isdisjoint(found)):
        return "names of people"
    several = found == ("name",) and distinct >= _MANY_NAMES and _share(texts, _TWO_WORDS) >= _MOST
    return "names, perhaps of people" if several else ""


def _share(texts: pa.Array, pattern: str) -> float:
    return float(pc.mean(pc.cast(pc.match_substring_regex(texts, pattern), pa.float64())).as_py() or 0.0)
