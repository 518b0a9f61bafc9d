"""Frozen dataclasses of arrays: shapes, kinds and ranges are declared with the fields, checked, and kept in files.

A field is declared once: `mean: Annotated[FloatArray, Array("N L")]`. Letters of the notation stand for sizes that must
agree within a record. Whatever is read from a file goes through the same check as what was just computed.
"""

from __future__ import annotations

import math
import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, fields
from typing import Annotated, Any, ClassVar, Literal, Self, Union, get_args, get_origin, get_type_hints

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.integer]
BoolArray = npt.NDArray[np.bool_]
TextArray = npt.NDArray[np.str_]
PixelArray = npt.NDArray[np.uint8]
Arrays = Mapping[str, npt.NDArray[Any]]

#: Letters that mean the same in every record of a run: rows, modelled columns, latents.
RUN_LETTERS = ("N", "C", "L")
#: Kind of values -> the kinds of NumPy's dtypes that hold them.
_DTYPES = {"numbers": "fiu", "whole numbers": "iu", "true or false": "b", "text": "U", "bytes": "u"}


@dataclass(frozen=True)
class Array:
    """What the values of a field are.

    Attributes
    ----------
    shape
        Sizes by letter, as in `"N L"`; also numbers, sums and products of letters (`B+1`, `2*A`), and `_` for any
        size. Empty for a single value, `*` for any shape.
    kind
        Of the values; `bytes` are uint8.
    least, most
        Range, bounds included.
    above
        Bound that is excluded.
    finite
        Whether NaN and infinity are ruled out.
    """

    shape: str
    kind: Literal["numbers", "whole numbers", "true or false", "text", "bytes"] = "numbers"
    least: float | None = None
    most: float | None = None
    above: float | None = None
    finite: bool = True

    def check_values(self, name: str, values: npt.NDArray[Any]) -> None:
        """Raise ValueError where the values are of another kind, or beyond the range."""
        is_bytes = self.kind != "bytes" or values.dtype == np.uint8
        if values.dtype.kind not in _DTYPES[self.kind] or not is_bytes:
            raise ValueError(f"{name} must hold {self.kind}, found {values.dtype}")
        fits = np.isfinite(values).all() if values.dtype.kind == "f" and self.finite else True
        bounds = ((self.least, np.less), (self.most, np.greater), (self.above, np.less_equal))
        if not fits or any(bound is not None and lies_beyond(values, bound).any() for bound, lies_beyond in bounds):
            raise ValueError(f"{name} must hold {self._range}")

    @property
    def _range(self) -> str:
        """What values are allowed, in words."""
        parts = (("of at least", self.least), ("above", self.above), ("and at most", self.most))
        limits = [f" {words} {bound:g}" for words, bound in parts if bound is not None]
        finite = "finite " if self.finite and self.kind == "numbers" else ""
        return f"{finite}{self.kind}{''.join(limits)}".replace("numbers and at most", "numbers of at most")


@dataclass(frozen=True)
class _Field:
    """A field, resolved: an array (or several), a single value, texts, or a record (or several, or one of several).

    `words` are the only texts that a `Literal` allows.
    """

    name: str
    array: Array | None
    records: tuple[type[Record], ...]
    many: bool
    optional: bool
    value: type | None
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Record:
    """Base of frozen dataclasses whose fields are arrays, single values, texts, or records of these."""

    #: What the names of its arrays begin with in a file that holds other arrays, too.
    PREFIX: ClassVar[str] = ""
    #: What stands between the name of a field and the position in it.
    JOINT: ClassVar[str] = "_"

    def __post_init__(self) -> None:
        _check(self)

    @property
    def letters(self) -> dict[str, int]:
        """Letter of the declared shapes -> size; of the records in it, only the letters that a whole run shares."""
        return _sizes(self)

    def to_arrays(self, prefix: str | None = None) -> dict[str, npt.NDArray[Any]]:
        """Return plain arrays by name.

        Parameters
        ----------
        prefix
            What the names begin with; the one of the class where None.
        """
        start = self.PREFIX if prefix is None else prefix
        arrays: dict[str, npt.NDArray[Any]] = {}
        for field, name, value in _entries(self):
            if isinstance(value, Record):
                arrays |= value.to_arrays(f"{start}{name}_")
            else:
                dtype = np.str_ if field.array is not None and field.array.kind == "text" else None
                arrays[f"{start}{name}"] = np.asarray(value, dtype)
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Arrays, prefix: str | None = None) -> Self:
        """Rebuild the record from `to_arrays`; other arrays are passed over.

        Parameters
        ----------
        arrays, prefix
            As in `to_arrays`.

        Raises
        ------
        ValueError
            Where an array is missing, or is not what the field declares.
        """
        start = cls.PREFIX if prefix is None else prefix
        values = {field.name: _read(field, arrays, f"{start}{field.name}", cls.JOINT) for field in _fields_of(cls)}
        return cls(**values)

    @classmethod
    def share_in(cls, arrays: Arrays, prefix: str | None = None) -> float:
        """Return how many of this record's arrays are there, as a share; of records in it, the likeliest."""
        start = cls.PREFIX if prefix is None else prefix
        shares = []
        for field in (field for field in _fields_of(cls) if not field.optional):
            name = f"{start}{field.name}{f'{cls.JOINT}0' if field.many and field.value is not str else ''}"
            kinds = [kind.share_in(arrays, f"{name}_") for kind in field.records]
            shares.append(max(kinds) if kinds else float(name in arrays))
        return sum(shares) / max(len(shares), 1)


#: Class -> its fields; resolving annotations takes longer than all checks of a small record.
_RESOLVED: dict[type[Record], tuple[_Field, ...]] = {}


def _fields_of(cls: type[Record]) -> tuple[_Field, ...]:
    if cls not in _RESOLVED:
        hints = get_type_hints(cls, include_extras=True)
        _RESOLVED[cls] = tuple(_resolved(entry, hints[entry.name]) for entry in fields(cls))
    return _RESOLVED[cls]


def _resolved(entry: Field[Any], hint: Any) -> _Field:
    parts = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    kinds = [part for part in parts if part is not type(None)]
    optional = len(kinds) < len(parts)
    array: Array | None = None
    if get_origin(kinds[0]) is Annotated:
        kind, array = get_args(kinds[0])
        kinds = [kind]
    many = get_origin(kinds[0]) is tuple
    if many:
        kinds = [get_args(kinds[0])[0]]
    records = tuple(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Record))
    if not records and not isinstance(array, Array):
        raise TypeError(f"{entry.name} must be declared by Array, or be a record")
    words = _words(kinds[0])
    value = str if words else kinds[0] if kinds[0] in (int, float, str, bool) else None
    return _Field(entry.name, array, records, many, optional, value, words)


def _words(kind: Any) -> tuple[str, ...]:
    """Return the texts that a `Literal`, or a union of them, allows; none for any other type."""
    parts = get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)
    return tuple(word for part in parts if get_origin(part) is Literal for word in get_args(part))


def _entries(record: Record) -> Iterator[tuple[_Field, str, Any]]:
    """Yield field, name and value of each array or record in it; those that are None are passed over."""
    for field in _fields_of(type(record)):
        value = getattr(record, field.name)
        if field.many and field.value is not str:
            for place, item in enumerate(value):
                yield field, f"{field.name}{record.JOINT}{place}", item
        elif value is not None:
            yield field, field.name, value


def _read(field: _Field, arrays: Arrays, name: str, joint: str) -> Any:
    if field.many and field.value is not str:
        items: list[Any] = []
        while (item := _read_one(field, arrays, f"{name}{joint}{len(items)}", optional=True)) is not None:
            items.append(item)
        places = {found[1] for key in arrays if (found := re.match(rf"{re.escape(name + joint)}(\d+)(_|$)", key))}
        if len(places) > len(items):
            raise ValueError(f"the array {f'{name}{joint}{len(items)}'!r} is missing")
        return tuple(items)
    return _read_one(field, arrays, name, optional=field.optional)


def _read_one(field: _Field, arrays: Arrays, name: str, *, optional: bool) -> Any:
    if field.records:
        # Of several kinds of records it is the one that most of its arrays are there of: all, in a sound file.
        kind = max(field.records, key=lambda kind: kind.share_in(arrays, f"{name}_"))
        if optional and kind.share_in(arrays, f"{name}_") == 0:
            return None
        return kind.from_arrays(arrays, f"{name}_")
    if name not in arrays:
        if optional:
            return None
        raise ValueError(f"the array {name!r} is missing")
    values = arrays[name]
    if field.value is None:
        return values
    if field.array is not None:
        field.array.check_values(name, values)
    if values.ndim != int(field.many):
        raise ValueError(f"{name} must be {'a list' if field.many else 'a single value'}, found {values.shape}")
    return tuple(values.tolist()) if field.many else field.value(values.item())


# --- checks ---------------------------------------------------------------------------------------------------------


def _check(record: Record) -> None:
    sizes = _sizes(record)
    for field, name, value in _entries(record):
        if field.array is None:
            continue
        if field.words and value not in field.words:
            raise ValueError(f"{name} must be one of {field.words}, found {value!r}")
        values = np.asarray(value)
        if field.array.kind == "text" and not values.size:
            values = values.astype(np.str_)
        _check_shape(name, values.shape, field.array.shape, sizes)
        field.array.check_values(name, values)


def _check_shape(name: str, found: tuple[int, ...], declared: str, sizes: Mapping[str, int]) -> None:
    wanted = declared.split()
    expected = [_size(part, sizes) for part in wanted]
    fits = len(expected) == len(found) and all(
        size in (None, actual) for size, actual in zip(expected, found, strict=True)
    )
    if not fits and declared != "*":
        figures = ", ".join("any" if size is None else str(size) for size in expected)
        raise ValueError(f"{name} must have shape ({figures}) ({', '.join(wanted)} = {figures}), found {found}")


def _sizes(record: Record) -> dict[str, int]:
    """Take every letter's size from the first array that has it."""
    sizes: dict[str, int] = {}
    for field, name, value in _entries(record):
        if isinstance(value, Record):
            shared = {letter: size for letter, size in value.letters.items() if letter in RUN_LETTERS}
            for letter, size in shared.items():
                if sizes.setdefault(letter, size) != size:
                    raise ValueError(f"{name} must have {letter} = {sizes[letter]}, found {size}")
        elif field.array is not None:
            for letter, size in zip(field.array.shape.split(), np.shape(value), strict=False):
                if letter.isalpha():
                    sizes.setdefault(letter, size)
    return sizes


def _size(part: str, sizes: Mapping[str, int]) -> int | None:
    """Return the size that a part of a shape stands for (`7`, `A`, `B+1`, `2*A`), or None for any."""
    if part == "_":
        return None
    for sign, of in (("+", sum), ("*", math.prod)):
        if sign in part:
            known = [size for item in part.split(sign) if (size := _size(item, sizes)) is not None]
            return of(known) if len(known) == part.count(sign) + 1 else None
    return int(part) if part.isdigit() else sizes.get(part)
