"""Turn distinct texts into numbers: with separators, signs, a currency or a unit; what does not parse says so.

Arrow reads the digits, once separators and affixes are taken off. A locale-bound reader (Babel's, say) was no help: it
has to be told the locale, which is what is not known here, and reads one text at a time.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from vaeaudit.config import DecimalMark
from vaeaudit.data.schema import clocks
from vaeaudit.data.schema.conventions import CLOCK, DECIMAL_COMMA, THOUSANDS_COMMA, USUAL, Convention, Usual

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_DIGITS_AND_COMMA = r"^[+-]?[\d.]+,[\d.,]*$"
#: 1,234,567.8 and, as India writes it, 12,34,567.8.
_THOUSANDS = r"^[+-]?(\d{1,3}(,\d{3})+|\d{1,2}(,\d{2})+,\d{3})(\.\d*)?$"
_DECIMAL_COMMA = r"^[+-]?(\d+|\d{1,3}(\.\d{3})+),\d+$"
_DECIMAL_POINT = r"^[+-]?\d*\.(\d{1,2}|\d{4,})$"
_INFINITE = r"(?i)^[+-]?(inf|infinity)$"
_ZERO_PADDED = r"^0\d+$"
#: Thousands of 1.234, which a decimal comma is beside.
_POINT_THOUSANDS = r"^[+-]?\d{1,3}(\.\d{3})+$"
#: Thousands parted by a space of any width or by an apostrophe.
_SPACED = r"^[+-]?\d{1,3}([ \x{a0}\x{2009}\x{202f}'\x{2019}]\d{3})+([.,]\d+)?$"
_SPACES = r"[ \x{a0}\x{2009}\x{202f}'\x{2019}]"
_MINUS = r"^([^\d]*)[\x{2212}\x{2013}\x{fe63}\x{ff0d}]\s?"
_CLOCK = r"^(?P<h>\d{1,2}):(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d(?:\.\d+)?))?\s?(?P<half>[AaPp]\.?[Mm]\.?)?$"

_CURRENCY = (
    r"[A-Za-z]{0,2}\p{Sc}|Rs\.?|kr\.?|CHF|USD|EUR|GBP|JPY|CNY|INR|AUD|CAD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|BRL|MXN|ZAR|KRW"
)
_UNIT = r"[%‰]|[\p{L}°µμ\"\p{Sc}\p{So}][\p{L}°µμ²³/·^. -]{0,18}[23]?"
_GROUPED = r"\d[\d.,\x{a0}\x{2009}\x{202f}'\x{2019} ]*"
_AFFIXED = (
    rf"^(?P<open>\()?(?P<sign>[+-])?(?P<before>{_CURRENCY})?\s?(?P<inner>[+-])?"
    rf"(?P<digits>{_GROUPED}|\.\d+)\s?"
    rf"(?P<after>{_UNIT})?(?P<close>\))?(?P<last>-)?$"
)
#: What all texts that are affixed fit, and few others: Arrow compiles an expression anew at every call, and one of all
#: letters takes hundreds of times as long as this one.
_MAY_BE_AFFIXED = rf"^\D{{0,8}}{_GROUPED}\D{{0,20}}[23]?\)?-?$"
#: Letters that multiply, where a column uses several of them (850K, 1.2M).
_SCALES = {"k": 1e3, "m": 1e6, "mn": 1e6, "mio": 1e6, "b": 1e9, "bn": 1e9, "g": 1e9, "t": 1e12}
#: Share of the distinct texts that must be times of day.
_MOST_CLOCKS = 0.99


def parse_numbers(texts: pa.Array, usual: Usual = USUAL) -> tuple[npt.NDArray[np.float64], Convention]:
    """Read distinct texts as numbers.

    Parameters
    ----------
    texts
        [U].
    usual
        What settles a doubt that the texts leave open.

    Returns
    -------
    numbers
        float64 [U]; +-inf for infinities, NaN where the text is no number.
    convention
        Whether commas were read as thousands separators or as decimal commas, and the unit.
    """
    plain = pc.match_substring_regex(texts, _NUMBER)
    if np.asarray(plain).all() and not _likes_comma(usual):
        return _cast(texts, plain), Convention()
    clock = _hours(texts)
    if clock is not None:
        return clock, Convention(CLOCK, ("times of day were read as hours after midnight",), "h")
    signed = pc.replace_substring_regex(texts, _MINUS, r"\1-")
    bare, unit, scale, said = _without_affixes(signed)
    money = bool(pc.match_substring_regex(pa.scalar(unit), rf"^(?:{_CURRENCY})$").as_py())
    plain, convention = _without_separators(bare, usual, money=money)
    usable = pc.or_(pc.match_substring_regex(plain, _NUMBER), pc.match_substring_regex(plain, _INFINITE))
    if not pc.any(usable).as_py():
        return np.full(len(texts), np.nan), Convention()
    return _cast(plain, usable) * scale, Convention(convention.name, (*convention.said, *said), unit)


def plain_numbers(texts: pa.Array) -> npt.NDArray[np.float64]:
    """Read texts [U] that are numbers and nothing beside; NaN for all others."""
    return _cast(texts, pc.match_substring_regex(texts, _NUMBER))


def _cast(texts: pa.Array, usable: pa.Array) -> npt.NDArray[np.float64]:
    """Read the texts [U] that are usable as numbers; NaN for all others."""
    read = pc.cast(pc.if_else(usable, texts, None), pa.float64())
    return np.array(read.to_numpy(zero_copy_only=False), dtype=np.float64)


def are_zero_padded(values: pa.Array) -> npt.NDArray[np.bool_]:
    """[U]; which texts are digits that open with a needless zero, as codes do ("007")."""
    return np.asarray(pc.match_substring_regex(values, _ZERO_PADDED))


def are_codes(texts: pa.Array) -> bool:
    """Whether distinct texts are digits of one width of which several are padded with zeros: codes, not numbers.

    One stray "00" among numbers is no code, and neither are the numbers.

    Examples
    --------
    >>> are_codes(pa.array(["007", "012", "100"])), are_codes(pa.array(["00", "7", "12.5", "3"]))
    (True, False)
    """
    padded = are_zero_padded(texts)
    if not padded.any():
        return False
    digits = np.asarray(pc.match_substring_regex(texts, r"^\d+$"))
    if digits.mean() < 0.95:
        return False
    width = np.asarray(pc.utf8_length(texts))[digits]
    one_width = bool((width == np.asarray(pc.utf8_length(texts))[padded].max()).mean() >= 0.9)
    return bool(padded.mean() >= 0.1) or (one_width and int(padded.sum()) > 1)


# --- times of day ---------------------------------------------------------------------------------------------------


def _hours(texts: pa.Array) -> npt.NDArray[np.float64] | None:
    """Read 9:15, 09:15:30 and 9:15 PM as hours; None unless nearly all texts are such."""
    fits = np.asarray(pc.match_substring_regex(texts, _CLOCK))
    if not len(fits) or fits.mean() < _MOST_CLOCKS:
        return None
    parts = pc.extract_regex(texts, _CLOCK)
    hours, minutes, seconds = (clocks.part(pc.struct_field(parts, name)) for name in "hms")
    hours, _ = clocks.of_the_day(hours, pc.struct_field(parts, "half"))
    return np.asarray(hours + minutes / 60 + seconds / 3600)


# --- what stands around a number --------------------------------------------------------------------------------


def _without_affixes(texts: pa.Array) -> tuple[pa.Array, str, npt.NDArray[np.float64], tuple[str, ...]]:
    """Take currency, unit and brackets off; return what is left [U], the unit, factors [U], and what should be known.

    Texts with another unit than most are left as they are, and so turn out to be no numbers.
    """
    scale = np.ones(len(texts))
    plain = np.asarray(pc.match_substring_regex(texts, _NUMBER))
    may_be_affixed = np.asarray(pc.match_substring_regex(texts, _MAY_BE_AFFIXED))
    if not (may_be_affixed & ~plain).any():
        return texts, "", scale, ()
    parts = pc.extract_regex(texts, _AFFIXED)
    fits = np.asarray(pc.is_valid(parts))
    if not fits.any():
        return texts, "", scale, ()
    found = {
        name: np.asarray(pc.fill_null(pc.struct_field(parts, name), "").to_numpy(zero_copy_only=False), dtype=object)
        for name in ("open", "sign", "before", "inner", "digits", "after", "close", "last")
    }
    before, after = found["before"], np.array([text.strip() for text in found["after"]], dtype=object)
    factors = _factors(after, before, fits)
    if factors is not None:
        scale, after = factors, np.full(len(after), "", dtype=object)
    keys = np.array([_key(one, other) for one, other in zip(before, after, strict=True)], dtype=object)
    unit, kept, said = _one_unit(keys, before, after, fits)
    bracketed = (found["open"] == "(") & (found["close"] == ")")
    balanced = (found["open"] == "(") == (found["close"] == ")")
    minus = bracketed | (found["sign"] == "-") | (found["inner"] == "-") | (found["last"] == "-")
    signed_twice = (found["sign"] != "") & (found["inner"] != "")
    usable = fits & kept & balanced & ~signed_twice
    digits = np.array([text.strip() for text in found["digits"]], dtype=object)
    written = np.where(minus, "-", "") + digits
    bare = pc.if_else(pa.array(usable & ~plain), pa.array(written, texts.type), texts)
    return bare, unit, np.where(usable, scale, 1.0), said


def _key(before: str, after: str) -> str:
    """Write an affix in one way: case, a plural s and a full stop make no other unit."""
    text = f"{before.strip()}|{after.strip()}".casefold().rstrip(".")
    return text[:-1] if len(text) > 4 and text.endswith("s") else text


def _factors(
    after: npt.NDArray[np.object_], before: npt.NDArray[np.object_], fits: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64] | None:
    """Return what K, M and B multiply by [U], where a column uses several or an amount of money carries one."""
    used = {text.casefold() for text in after[fits] if text}
    if not used or not used <= set(_SCALES):
        return None
    if len(used) < 2 and not any(before[fits]):
        return None
    return np.array([_SCALES.get(text.casefold(), 1.0) for text in after])


def _one_unit(
    keys: npt.NDArray[np.object_],
    before: npt.NDArray[np.object_],
    after: npt.NDArray[np.object_],
    fits: npt.NDArray[np.bool_],
) -> tuple[str, npt.NDArray[np.bool_], tuple[str, ...]]:
    """Return the unit of most numbers, if most have one; which texts are in it or in none; what should be known."""
    bare = keys == "|"
    met = Counter(keys[fits & ~bare].tolist())
    if not met:
        return "", np.ones(len(keys), dtype=bool), ()
    common, count = met.most_common(1)[0]
    total = sum(met.values())
    if 2 * count <= total or 2 * total < int(fits.sum()):
        return "", bare, ()
    mine = keys == common
    shown = Counter(zip(before[mine & fits].tolist(), after[mine & fits].tolist(), strict=True)).most_common(1)[0][0]
    unit = "".join(part.strip() for part in shown)
    without = int((fits & bare).sum())
    said = (f"{without:,} distinct number(s) without {unit!r} were read as if it stood there",) if without else ()
    return unit, mine | bare, said


# --- separators -----------------------------------------------------------------------------------------------------


def _likes_comma(usual: Usual) -> bool:
    """Whether 1.234 is to be read as a decimal comma's thousands."""
    return usual.decimal is DecimalMark.COMMA or (usual.decimal is DecimalMark.AUTO and usual.name == DECIMAL_COMMA)


def _without_separators(texts: pa.Array, usual: Usual, *, money: bool) -> tuple[pa.Array, Convention]:
    """Bring 1,234.5 and 1.234,5 and 1 234,5 to 1234.5, where all texts with a comma are written the same way.

    Of money, 1,234 is no doubt: it has two decimals or none.
    """
    spaced = pc.match_substring_regex(texts, _SPACED)
    texts = pc.if_else(spaced, pc.replace_substring_regex(texts, _SPACES, ""), texts)
    likes_comma = _likes_comma(usual)
    commas = texts.filter(pc.match_substring_regex(texts, _DIGITS_AND_COMMA))
    points = pc.any(pc.match_substring_regex(texts, _DECIMAL_POINT)).as_py()
    if not len(commas):
        if not likes_comma or points or not pc.any(pc.match_substring_regex(texts, _POINT_THOUSANDS)).as_py():
            return texts, Convention()
        said = ("points were read as thousands separators",)
        return pc.replace_substring(texts, ".", ""), Convention(DECIMAL_COMMA, said)
    decimal = not points and pc.all(pc.match_substring_regex(commas, _DECIMAL_COMMA)).as_py()
    thousands = pc.all(pc.match_substring_regex(commas, _THOUSANDS)).as_py()
    open_ = decimal and thousands and not money and usual.decimal is DecimalMark.AUTO and not usual.name
    if thousands and not (decimal and likes_comma):
        doubt = "; if they are decimal commas: --decimal comma" if open_ else ""
        said = (f"commas were read as thousands separators, as in {commas[0]}{doubt}",)
        return pc.replace_substring(texts, ",", ""), Convention(THOUSANDS_COMMA, said)
    if decimal:
        without_points = pc.replace_substring(texts, ".", "")
        said = (f"decimal commas were read as such, as in {commas[0]}",)
        return pc.replace_substring(without_points, ",", "."), Convention(DECIMAL_COMMA, said)
    return texts, Convention()
