"""Read a reader's judgements on rows from a CSV, such as the one that `vaeaudit review` writes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vaeaudit.errors import InputError
from vaeaudit.outputs.judgements import Verdict
from vaeaudit.storage.csv_safe import neutralise

#: What a reader may write, and what it means.
WORDS: Mapping[str, Verdict] = {
    "sound": "sound",
    "is so in the world": "sound",
    "wrong": "wrong",
    "cannot exist": "wrong",
}
_MOST_BYTES = 50_000_000


@dataclass(frozen=True)
class GivenJudgement:
    """One judged line of the file; `content` is empty where the file does not say what the row held."""

    line: int
    row_id: str
    judgement: Verdict
    note: str = ""
    content: str = ""


def read_judgements(path: Path, row_ids: Iterable[str]) -> tuple[GivenJudgement, ...]:
    """Read the lines that are judged: columns `row_id` and `judgement`, and where they are there `note` and `content`.

    Parameters
    ----------
    path
        CSV in UTF-8, separated by commas or, as some spreadsheets save it, semicolons. An empty judgement is none.
    row_ids
        Of all rows that can be judged.

    Raises
    ------
    InputError
        Where the file cannot be read, or names a row that is not there, a word that is no judgement, or the same row
        twice with different judgements.
    """
    file = f"--judgements {path.name}"
    header, lines = _lines(path, file)
    for name in ("row_id", "judgement"):
        if header.count(name) != 1:
            raise InputError(
                f"{file}: expected one column called {name}, found {header.count(name)}.",
                hint="`vaeaudit review RUN` writes a file with the columns that are read.",
            )
    known = _spelled(row_ids)
    given: dict[str, GivenJudgement] = {}
    for number, cells in lines:
        if len(cells) != len(header):
            raise InputError(f"{file}, line {number}: expected {len(header)} cells, found {len(cells)}.")
        values = dict(zip(header, (cell.strip() for cell in cells), strict=True))
        if not values["judgement"]:
            continue
        one = _judgement(f"{file}, line {number}", number, values, known)
        earlier = given.setdefault(one.row_id, one)
        if earlier.judgement != one.judgement:
            raise InputError(
                f"{file}, line {number}: row {_short(one.row_id)} is judged {one.judgement} here and "
                f"{earlier.judgement} in line {earlier.line}.",
                hint="Leave one of them; judgements of different readers go into a file each, with --by.",
            )
    if not given:
        raise InputError(f"{file}: no row is judged.", hint=f"Write {_words()} into the column judgement.")
    return tuple(given.values())


def _judgement(where: str, line: int, values: Mapping[str, str], known: Mapping[str, Sequence[str]]) -> GivenJudgement:
    meant = known.get(values["row_id"], ())
    if len(meant) != 1:
        found = "several rows are called so" if meant else "there is no such row among those scored"
        raise InputError(
            f"{where}: row {_short(values['row_id'])}: {found}.",
            hint="Spreadsheets change ids such as 007 unless the column is read as text.",
        )
    word = " ".join(values["judgement"].casefold().split())
    if word not in WORDS:
        raise InputError(f"{where}: expected {_words()}, or nothing, found {_short(values['judgement'])}.")
    return GivenJudgement(line, meant[0], WORDS[word], values.get("note", ""), values.get("content", ""))


def _lines(path: Path, file: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    try:
        with path.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise InputError(f"{file}: larger than {_MOST_BYTES // 1_000_000} MB, which no file of judgements is.")
        text = content.decode("utf-8-sig")
        first = text.partition("\n")[0]
        delimiter = ";" if first.count(";") > first.count(",") else ","
        reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
        lines = [(reader.line_num, cells) for cells in reader if any(cells)]
    except OSError as error:
        raise InputError(f"--judgements {path}: the file cannot be read ({error.strerror}).") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{file}: expected a CSV in UTF-8 ({error}).") from error
    if not lines:
        raise InputError(f"{file}: the file is empty.")
    return [cell.strip() for cell in lines[0][1]], lines[1:]


def _spelled(row_ids: Iterable[str]) -> dict[str, list[str]]:
    """Return how ids may stand in a file -> the ids: as they are, or as our own files write them for spreadsheets."""
    ids = list(row_ids)
    spelled = {row_id.strip(): [row_id] for row_id in ids}
    for row_id in ids:
        written = neutralise(row_id).strip()
        if written != row_id.strip():
            spelled.setdefault(written, []).append(row_id)
    return spelled


def _words() -> str:
    *others, last = WORDS
    return f"{', '.join(others)} or {last}"


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:60]}…")
