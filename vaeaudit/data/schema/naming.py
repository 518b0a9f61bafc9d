"""What the name of a column suggests: a sensitive attribute, or an identifier. Suggestions only."""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+|[^\W\d_]+")

_SENSITIVE_WORDS = frozenset(
    [
        *("sex", "age", "aged", "race", "races", "racial", "dob"),
        *("caste", "tribe", "color", "colour", "creed", "lgbt", "lgbtq"),
    ]
)
#: Matched as the beginning of a word, so that "ethnicity" and "maritalstatus" are found as well.
_SENSITIVE_STEMS = (
    "gender", "sexual", "ethnic", "religio", "disab", "handicap", "nationalit", "citizen", "foreign", "immigra",
    "migrant", "refugee", "marital", "marriage", "married", "pregnan", "veteran", "birthd", "geschlecht",
)  # fmt: skip
_SENSITIVE_PAIRS = (
    *(frozenset(["birth", other]) for other in ("date", "year", "country", "place")),
    frozenset(["native", "country"]),
    frozenset(["political", "party"]),
    frozenset(["skin", "tone"]),
)
_NEEDS_COMPANY = {"color": "skin", "colour": "skin"}
_IDENTIFIER_WORDS = frozenset(["id", "ids", "uid", "uuid", "guid", "rowid", "index", "idx", "key"])


def words(name: str) -> tuple[str, ...]:
    """Split a column name into lower-case words, at separators and at changes of case.

    Examples
    --------
    >>> words("personalStatus_sex-2")
    ('personal', 'status', 'sex', '2')
    """
    return tuple(word.lower() for word in _WORD.findall(name))


def suggests_sensitive(name: str) -> bool:
    """Whether whole words of the name speak of sex, race, age, religion, disability and the like.

    Examples
    --------
    >>> suggests_sensitive("personal_status_sex"), suggests_sensitive("package")
    (True, False)
    """
    found = set(words(name))
    if any(word.startswith(_SENSITIVE_STEMS) for word in found) or any(pair <= found for pair in _SENSITIVE_PAIRS):
        return True
    return any(_NEEDS_COMPANY.get(word, word) in found for word in found & _SENSITIVE_WORDS)


def suggests_identifier(name: str) -> bool:
    """Whether a word of the name says that the column numbers or names the rows."""
    return not _IDENTIFIER_WORDS.isdisjoint(words(name))
