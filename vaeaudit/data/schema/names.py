"""What the name of a column suggests: a sensitive attribute, an identifier, a code, a count, a point in time."""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+|[^\W\d_]+")


def words(name: str) -> tuple[str, ...]:
    """Split a column name into lower-case words, at separators and at changes of case.

    Examples
    --------
    >>> words("personalStatus_sex-2")
    ('personal', 'status', 'sex', '2')
    """
    return tuple(word.lower() for word in _WORD.findall(name))


# --- sensitive attributes -------------------------------------------------------------------------------------------

_SENSITIVE_WORDS = frozenset([
    "sex", "sexe", "sexo", "genero", "female", "male", "fem", "age", "aged", "ages", "agecat", "edad", "idade",
    "mage", "fage", "race", "races", "racial", "mrace", "frace", "nonwhite", "raza", "rasse", "hisp", "mhisp", "fhisp",
    "dob", "yob", "caste", "tribe", "tribal", "creed",
    "lgbt", "lgbtq", "lgbtqi", "orientation", "zip", "zipcode", "postcode", "postalcode", "plz", "country", "ismale",
    "nation", "homeland", "asylum", "union",
])  # fmt: skip
#: Matched as a part of a word, so that "ethnicity", "maritalstatus" and "isfemale" are found as well.
_SENSITIVE_PARTS = (
    "gender", "geschlecht", "sexual", "ethnic", "hispanic", "latino", "latina", "latinx", "religio", "disab",
    "handicap", "behinder", "nationalit", "staatsang", "citizen", "foreign", "immigra", "migrant", "migration",
    "refugee", "marital", "marriage", "married", "familienstand", "pregnan", "schwanger", "veteran", "birth", "female",
    "politic", "minorit", "transgender", "wheelchair",
)  # fmt: skip
_SENSITIVE_PAIRS = (
    frozenset(["skin", "tone"]), frozenset(["skin", "color"]), frozenset(["skin", "colour"]),
    frozenset(["mother", "tongue"]), frozenset(["native", "language"]), frozenset(["first", "language"]),
    frozenset(["income", "group"]), frozenset(["income", "class"]), frozenset(["income", "bracket"]),
    frozenset(["civil", "status"]), frozenset(["postal", "code"]), frozenset(["etat", "civil"]),
)  # fmt: skip
#: Sensitive only where nothing stands beside them: words that mean other things in company.
_ALONE = frozenset(["alter", "black", "white", "asian", "blk", "native", "muslim", "christian", "jewish", "gay"])
#: Whose age it is, where it is no person's.
_AGE_OF_THINGS = frozenset([
    "retire", "retirement", "retiring", "pension", "house", "housing", "building", "car", "vehicle", "account",
    "company", "firm", "policy", "loan", "credit", "tree", "stand", "rock", "property", "home", "equipment", "machine",
    "listing", "domain", "claim", "battery", "device",
])  # fmt: skip
_AGES = frozenset(["age", "aged", "ages"])
_BIRTH_OF_BABIES = frozenset(["weight", "order", "length", "rate", "rates", "interval", "control"])


def suggests_sensitive(name: str) -> bool:
    """Whether words of the name, or parts of them, speak of sex, race, age, religion, disability and the like.

    Examples
    --------
    >>> suggests_sensitive("personal_status_sex"), suggests_sensitive("package"), suggests_sensitive("retire_age")
    (True, False, False)
    """
    found = words(name)
    said = set(found)
    if len(found) == 1 and found[0] in _ALONE:
        return True
    if said & _AGE_OF_THINGS:
        said -= _AGES
    if any(pair <= said for pair in _SENSITIVE_PAIRS) or not _SENSITIVE_WORDS.isdisjoint(said):
        return True
    if said & _BIRTH_OF_BABIES:
        said = {word for word in said if "birth" not in word}
    return any(part in word for word in said for part in _SENSITIVE_PARTS)


# --- identifiers and rows that belong together ----------------------------------------------------------------------

_IDENTIFIER_WORDS = frozenset([
    "id", "ids", "uid", "uuid", "guid", "rowid", "rownames", "rownum", "index", "idx", "key", "pid", "sid", "cid",
    "hhid", "psid", "idno", "subjid", "respid", "custid", "empid",
])  # fmt: skip
#: They name what the rows are about only where nothing stands beside them; "loan" or "claim" alone may be an amount.
_IDENTIFIER_ALONE = frozenset([
    "no", "nr", "number", "row", "rows", "obs", "observation", "serial", "seq", "case", "record", "subject", "patient",
    "person", "household", "hh", "animal", "participant", "respondent", "mouse", "rat", "individual", "pupil", "docket",
])  # fmt: skip
_NUMBER_WORDS = frozenset(["id", "no", "nr", "num", "number", "ref", "reference", "key", "code"])
#: Things that have numbers, and of which one may fill several rows.
_THINGS = frozenset([
    "subject", "patient", "person", "household", "hh", "family", "animal", "customer", "client", "user",
    "student", "pupil", "employee", "member", "account", "case", "mouse", "rat", "participant", "respondent", "owner",
    "firm", "company", "device", "session", "order", "invoice", "policy", "claim", "loan", "player", "individual",
    "receipt", "ticket", "transaction", "docket", "applicant", "borrower", "worker", "mother", "child", "sib", "twin",
    "pair", "couple", "nest", "litter",
])  # fmt: skip
_COUNTED = frozenset([
    "n", "num", "number", "count", "counts", "nb", "size", "total", "sum", "length", "len", "avg", "mean", "rate",
    "score", "pct", "percent", "amount", "income", "price", "value", "year", "years", "month", "months", "day", "days",
    "age", "rank", "of", "per", "hours", "balance", "limit", "cost", "children", "kids", "rooms", "siblings", "visits",
])  # fmt: skip


def suggests_identifier(name: str) -> bool:
    """Whether the name says that the column numbers or names the rows, or what the rows are about.

    Examples
    --------
    >>> suggests_identifier("customer_no"), suggests_identifier("patientid"), suggests_identifier("number_of_children")
    (True, True, False)
    """
    found = words(name)
    if not _IDENTIFIER_WORDS.isdisjoint(found) or any(word.removesuffix("id") in _THINGS - {word} for word in found):
        return True
    if len(found) == 1:
        return found[0] in _IDENTIFIER_ALONE
    return len(found) <= 3 and found[-1] in _NUMBER_WORDS and not _THINGS.isdisjoint(found[:-1])


_CODE_WORDS = frozenset([
    "code", "codes", "zip", "zipcode", "postal", "postcode", "postalcode", "plz", "fips", "district", "ward",
    "precinct", "county", "region", "state", "country", "city", "municipality", "province", "zone", "sector",
    "department", "dept", "area", "type", "status", "category", "cat", "class", "cluster", "group", "grp", "segment",
    "channel",
    "term", "race", "sex", "gender", "ethnicity", "religion", "marital", "relationship", "naics", "sic", "icd",
    "occupation", "industry", "diagnosis", "treatment", "arm", "trt", "origin", "site", "center", "centre", "clinic",
    "hospital", "school", "store", "id",
])  # fmt: skip


def suggests_code(name: str) -> bool:
    """Whether the name says that whole numbers in the column are codes of something, and not a count.

    Examples
    --------
    >>> suggests_code("loan_status"), suggests_code("n_types"), suggests_code("zip")
    (True, False, True)
    >>> suggests_code("city_mpg"), suggests_code("city")
    (False, True)
    """
    found = [word for word in words(name) if not word.isdecimal()]
    return bool(found) and found[-1] in _CODE_WORDS and _COUNTED.isdisjoint(found)


def suggests_count(name: str) -> bool:
    """Whether the name says that the column counts or measures.

    Examples
    --------
    >>> suggests_count("number_of_children"), suggests_count("family_income"), suggests_count("status")
    (True, True, False)
    """
    return not _COUNTED.isdisjoint(words(name))


_TIME_WORDS = frozenset([
    "timestamp", "ts", "time", "epoch", "unix", "date", "datetime", "created", "updated", "modified", "at", "when",
])  # fmt: skip


_TEXT_WORDS = frozenset([
    "comment", "comments", "note", "notes", "remark", "remarks", "description", "text", "review", "message", "feedback",
    "narrative", "summary", "bemerkung", "details", "reason",
])  # fmt: skip


def suggests_text(name: str) -> bool:
    """Whether the name says that people wrote something into the column."""
    return not _TEXT_WORDS.isdisjoint(words(name))


#: Places in time, which run on without numbering rows.
_PERIODS = frozenset([
    "year", "month", "week", "day", "hour", "minute", "time", "wave", "period", "round", "visit", "age", "date", "t",
])  # fmt: skip


def suggests_period(name: str) -> bool:
    """Whether the name speaks of years, days or waves, which run on from row to row without numbering them."""
    return not _PERIODS.isdisjoint(words(name))


def suggests_time(name: str) -> bool:
    """Whether the name speaks of a point in time, so that large numbers may be seconds since 1970."""
    return not _TIME_WORDS.isdisjoint(words(name))
