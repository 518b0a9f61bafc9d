"""The cells of a column before anything is inferred: text, numbers or points in time, whatever the source was."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

#: Integers beyond this are not exact as float64: they are kept as text.
EXACT_INTEGER = 2**53
#: Decimals of more significant digits than this are not exact as float64 either.
_EXACT_DIGITS = 15
_TOO_MANY_DIGITS = rf"^-?[0.]*[1-9](\.?\d){{{_EXACT_DIGITS},}}$"
_PERIOD = "pandas.period"

_SECONDS_PER_UNIT = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_NO_TIME = np.datetime64("NaT", "ns")
_NS_LIMIT_US = np.iinfo(np.int64).max // 1000

TEXT = pa.large_string()


@dataclass(frozen=True)
class TextCells:
    """Text, each distinct value kept once.

    Attributes
    ----------
    codes
        [N]; position in `texts`, or -1 for a missing cell.
    texts
        [U]; the distinct values, as an Arrow array of `large_string`.
    declared
        Whether the source itself declares the values to be levels (a pandas or Arrow categorical).
    ordered
        Whether it also declares their order, which is then the order of `texts`.
    """

    codes: npt.NDArray[np.int64]
    texts: pa.Array
    declared: bool = False
    ordered: bool = False

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def missing(self) -> npt.NDArray[np.bool_]:
        """[N]; which cells are empty."""
        return self.codes < 0

    def take(self, rows: npt.NDArray[Any]) -> TextCells:
        """Keep the rows of a mask or of positions."""
        return TextCells(self.codes[rows], self.texts, self.declared, self.ordered)

    def to_objects(self) -> npt.NDArray[np.object_]:
        """[N]; `str`, or None where missing."""
        padded = np.array([*self.texts.to_pylist(), None], dtype=object)
        return np.asarray(padded[self.codes])


@dataclass(frozen=True)
class NumberCells:
    """Numbers: float64 [N] with NaN for missing; infinite values are still there."""

    numbers: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def missing(self) -> npt.NDArray[np.bool_]:
        """[N]; which cells are empty."""
        return np.isnan(self.numbers)

    def take(self, rows: npt.NDArray[Any]) -> NumberCells:
        """Keep the rows of a mask or of positions."""
        return NumberCells(self.numbers[rows])


@dataclass(frozen=True)
class TimeCells:
    """Points in time: datetime64[ns] [N] in UTC with NaT for missing, and how many lie outside 1677 to 2262."""

    times: npt.NDArray[np.datetime64]
    out_of_range: int = 0

    def __len__(self) -> int:
        return len(self.times)

    @property
    def missing(self) -> npt.NDArray[np.bool_]:
        """[N]; which cells are empty."""
        return np.isnat(self.times)

    def take(self, rows: npt.NDArray[Any]) -> TimeCells:
        """Keep the rows of a mask or of positions."""
        return TimeCells(self.times[rows], self.out_of_range)


Cells = TextCells | NumberCells | TimeCells


def text_cells(values: Iterable[str | None]) -> TextCells:
    """Encode strings; raises `UnicodeEncodeError` for text that is not valid Unicode."""
    return _from_dictionary(pa.array(values, TEXT).dictionary_encode())


def empty_cells(n_rows: int) -> TextCells:
    """Return N missing cells."""
    return TextCells(np.full(n_rows, -1, dtype=np.int64), pa.array([], TEXT))


def take_or_missing(cells: Cells, rows: npt.NDArray[np.int64]) -> Cells:
    """Take rows by position; -1 gives a missing cell."""
    if isinstance(cells, TextCells):
        return TextCells(np.append(cells.codes, -1)[rows], cells.texts, cells.declared, cells.ordered)
    if isinstance(cells, NumberCells):
        return NumberCells(np.append(cells.numbers, np.nan)[rows])
    return TimeCells(np.append(cells.times, _NO_TIME)[rows], cells.out_of_range)


def number_text(value: float) -> str:
    """Write a number as short as it can be read back: `3` rather than `3.0`."""
    return str(int(value)) if value.is_integer() and abs(value) <= EXACT_INTEGER else repr(float(value))


def value_text(value: object) -> str:
    """Write a value of a typed column as text: a number as `number_text` does."""
    return number_text(value) if isinstance(value, float) else str(value)


def as_text(cells: Cells) -> TextCells:
    """Write numbers and points in time as text."""
    if isinstance(cells, TextCells):
        return cells
    present = ~cells.missing
    codes = np.full(len(cells), -1, dtype=np.int64)
    if isinstance(cells, NumberCells):
        distinct, codes[present] = np.unique(cells.numbers[present], return_inverse=True)
        texts = [number_text(value) for value in distinct.tolist()]
    else:
        moments, codes[present] = np.unique(cells.times[present], return_inverse=True)
        texts = [str(moment) for moment in moments]
    return TextCells(codes, pa.array(texts, TEXT))


def concat(parts: Sequence[Cells]) -> Cells:
    """Join the cells of one column from several chunks; parts of different types are joined as text."""
    if len(parts) == 1:
        return parts[0]
    filled = [part for part in parts if not (isinstance(part, TextCells) and len(part.texts) == 0)]
    if filled and all(isinstance(part, NumberCells) for part in filled):
        numbers = [part.numbers if isinstance(part, NumberCells) else np.full(len(part), np.nan) for part in parts]
        return NumberCells(np.concatenate(numbers))
    if filled and all(isinstance(part, TimeCells) for part in filled):
        times = [part.times if isinstance(part, TimeCells) else np.full(len(part), _NO_TIME) for part in parts]
        return TimeCells(np.concatenate(times), sum(part.out_of_range for part in parts if isinstance(part, TimeCells)))
    return _concat_text([as_text(part) for part in parts])


def _concat_text(parts: Sequence[TextCells]) -> TextCells:
    chunks = [pa.DictionaryArray.from_arrays(pa.array(p.codes, mask=p.codes < 0), p.texts) for p in parts]
    joined = pa.chunked_array(chunks).unify_dictionaries()
    same_levels = all(part.texts.equals(parts[0].texts) for part in parts)
    return TextCells(
        np.concatenate([_codes(chunk) for chunk in joined.chunks]),
        joined.chunk(0).dictionary,
        declared=all(part.declared for part in parts),
        ordered=same_levels and all(part.ordered for part in parts),
    )


def _codes(array: pa.DictionaryArray) -> npt.NDArray[np.int64]:
    indices = array.indices.cast(pa.int64())  # Polars' are unsigned
    return np.asarray(pc.fill_null(indices, -1).to_numpy(zero_copy_only=False), dtype=np.int64)


def _from_dictionary(array: pa.DictionaryArray, *, declared: bool = False, ordered: bool = False) -> TextCells:
    return TextCells(_codes(array), array.dictionary, declared, ordered)


# --- from Arrow -----------------------------------------------------------------------------------------------------


def table_cells(table: pa.Table) -> tuple[Cells, ...]:
    """Bring the columns of an Arrow table into cells, as `from_arrow` does."""
    return tuple(from_arrow(column, field.metadata) for field, column in zip(table.schema, table.columns, strict=True))


def from_arrow(column: pa.ChunkedArray, metadata: Mapping[bytes, bytes] | None = None) -> Cells:
    """Bring an Arrow column of any type into one of the three forms.

    Booleans, and integers and decimals that float64 cannot hold, become text; durations and times of day become
    seconds, periods of pandas their beginnings; nested values become JSON text; bytes become text where they are UTF-8
    and hexadecimal digits elsewhere.

    Parameters
    ----------
    column
        [N].
    metadata
        Of its field, which names the type where it is an extension that nobody has registered.
    """
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        storage = pa.chunked_array([chunk.storage for chunk in column.chunks], type=kind.storage_type)
        if kind.extension_name == _PERIOD:
            return _from_periods(storage, kind.__arrow_ext_serialize__())
        return from_arrow(storage)
    if metadata and metadata.get(b"ARROW:extension:name") == _PERIOD.encode():
        return _from_periods(column, metadata[b"ARROW:extension:metadata"])
    if pa.types.is_dictionary(kind):
        return _from_categorical(column)
    for matches, convert in _CONVERSIONS:
        if matches(kind):
            return convert(column)
    return text_cells([None if value is None else cell_text(value) for value in column.to_pylist()])


def _from_categorical(column: pa.ChunkedArray) -> TextCells:
    unified = column.unify_dictionaries()
    if unified.num_chunks == 0:
        return empty_cells(0)
    levels = as_text(from_arrow(pa.chunked_array([unified.chunk(0).dictionary])))
    codes = np.concatenate([_codes(chunk) for chunk in unified.chunks])
    # The dictionary may hold null or (after rounding) equal entries: go through the codes of its own encoding.
    return TextCells(np.append(levels.codes, -1)[codes], levels.texts, declared=True, ordered=bool(column.type.ordered))


def _from_strings(column: pa.ChunkedArray) -> TextCells:
    encoded = column.cast(TEXT).combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = pa.concat_arrays(encoded.chunks) if encoded.num_chunks else pa.array([], TEXT)
    return _from_dictionary(encoded.dictionary_encode())


def _from_integers(column: pa.ChunkedArray) -> Cells:
    extremes = pc.min_max(column).as_py()
    if any(value is not None and abs(value) > EXACT_INTEGER for value in extremes.values()):
        return _from_strings(column.cast(pa.string()))
    return _from_floats(column)


def _from_floats(column: pa.ChunkedArray) -> Cells:
    values = column.cast(pa.float64(), safe=False).to_numpy()
    return NumberCells(np.array(values, dtype=np.float64))


def _from_decimals(column: pa.ChunkedArray) -> Cells:
    texts = column.cast(pa.string())
    if column.type.scale > 0:
        texts = pc.utf8_rtrim(pc.utf8_rtrim(texts, "0"), ".")
    if pc.any(pc.match_substring_regex(texts, _TOO_MANY_DIGITS)).as_py():
        return _from_strings(texts)
    return _from_floats(column)


def _from_periods(ordinals: pa.ChunkedArray, described: bytes) -> TimeCells:
    """Read the periods of pandas, which are stored as numbers, as the moments at which they begin."""
    stored = pc.fill_null(ordinals, np.iinfo(np.int64).min).to_numpy()
    periods = pd.arrays.PeriodArray(stored, dtype=pd.PeriodDtype(json.loads(described)["freq"]))
    return times_from_microseconds(np.asarray(periods.to_timestamp()).astype("datetime64[us]"))


def _from_seconds(column: pa.ChunkedArray) -> NumberCells:
    width = pa.int32() if column.type.bit_width == 32 else pa.int64()
    ticks = column.cast(width).cast(pa.float64(), safe=False).to_numpy()
    return NumberCells(np.asarray(ticks, dtype=np.float64) * _SECONDS_PER_UNIT[column.type.unit])


def _from_timestamps(column: pa.ChunkedArray) -> TimeCells:
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        return TimeCells(column.cast(pa.timestamp("ns")).to_numpy().astype("datetime64[ns]"))
    return times_from_microseconds(column.cast(pa.timestamp("us"), safe=False).to_numpy().astype("datetime64[us]"))


def times_from_microseconds(values: npt.NDArray[np.datetime64]) -> TimeCells:
    """Bring datetime64[us] [N] to nanoseconds; what nanoseconds cannot hold becomes missing and is counted."""
    outside = ~np.isnat(values) & (np.abs(values.astype(np.int64)) > _NS_LIMIT_US)
    inside = np.where(outside, np.datetime64("NaT", "us"), values)
    return TimeCells(inside.astype("datetime64[ns]"), int(outside.sum()))


def _from_bytes(column: pa.ChunkedArray) -> TextCells:
    try:
        return _from_strings(column.cast(TEXT))
    except pa.ArrowInvalid:
        return text_cells([None if value is None else value.hex() for value in column.to_pylist()])


def cell_text(value: Any) -> str:
    """Write any Python value as one cell of valid Unicode text."""
    if isinstance(value, str):
        text = value
    elif isinstance(value, bool | np.bool_):
        text = "true" if value else "false"
    elif isinstance(value, float | np.floating):
        text = number_text(float(value))
    elif isinstance(value, dict | list):
        text = json.dumps(value, ensure_ascii=False, default=str)
    else:
        text = str(value)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


_CONVERSIONS = (
    (lambda t: pa.types.is_string(t) or pa.types.is_large_string(t) or pa.types.is_string_view(t), _from_strings),
    (lambda t: pa.types.is_boolean(t) or pa.types.is_null(t), _from_strings),
    (pa.types.is_integer, _from_integers),
    (pa.types.is_floating, _from_floats),
    (pa.types.is_decimal, _from_decimals),
    (lambda t: pa.types.is_timestamp(t) or pa.types.is_date(t), _from_timestamps),
    (lambda t: pa.types.is_time(t) or pa.types.is_duration(t), _from_seconds),
    (lambda t: pa.types.is_binary(t) or pa.types.is_large_binary(t) or pa.types.is_fixed_size_binary(t), _from_bytes),
)
