"""Read a reader's judgements on the things of a list from a CSV, such as the one that `vaeaudit review` writes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from vaeaudit.errors import InputError
from vaeaudit.outputs.judgements import LISTS, Asked, ListName, Verdict
from vaeaudit.storage.csv_safe import neutralise

#: Cells that name a thing, as a file may have them -> the names that are written so.
_Known = Mapping[tuple[str, ...], list[str]]
_MOST_BYTES = 50_000_000


@dataclass(frozen=True)
class GivenJudgement:
    """One judged line of the file; `content` is empty where the file does not say what the thing held."""

    line: int
    name: str
    judgement: Verdict
    note: str = ""
    content: str = ""


def read_judgements(path: Path, of: ListName, things: Iterable[tuple[str, ...]]) -> tuple[GivenJudgement, ...]:
    """Read the lines that are judged.

    Columns are those that name a thing, `judgement`, and where they are there `note` and `content`.

    Parameters
    ----------
    path
        CSV in UTF-8, separated by commas or, as some spreadsheets save it, semicolons. An empty judgement is none.
    of, things
        The list, and the cells that name each thing that can be judged (`Asked.keys`).

    Raises
    ------
    InputError
        Where the file cannot be read, or names a thing that is not there, a word that is no judgement, or the same
        thing twice with different judgements.
    """
    file, asked = f"--judgements {path.name}", LISTS[of]
    header, lines = _lines(path, file)
    for name in (*asked.keys, "judgement"):
        if header.count(name) != 1:
            raise InputError(
                f"{file}: expected one column called {name}, found {header.count(name)}.",
                hint="`vaeaudit review RUN` writes a file with the columns that are read.",
            )
    known = _spelled(asked, things)
    given: dict[str, GivenJudgement] = {}
    for number, cells in lines:
        if len(cells) != len(header):
            raise InputError(f"{file}, line {number}: expected {len(header)} cells, found {len(cells)}.")
        values = dict(zip(header, (cell.strip() for cell in cells), strict=True))
        if not values["judgement"]:
            continue
        one = _judgement(f"{file}, line {number}", number, values, asked, known)
        earlier = given.setdefault(one.name, one)
        if earlier.judgement != one.judgement:
            raise InputError(
                f"{file}, line {number}: {asked.thing} {_short(one.name)} is judged {one.judgement} here and "
                f"{earlier.judgement} in line {earlier.line}.",
                hint="Leave one of them; judgements of different readers go into a file each, with --by.",
            )
    if not given:
        raise InputError(
            f"{file}: no {asked.thing} is judged.", hint=f"Write {_words(asked)} into the column judgement."
        )
    return tuple(given.values())


def _judgement(where: str, line: int, values: Mapping[str, str], asked: Asked, known: _Known) -> GivenJudgement:
    cells = tuple(values[key] for key in asked.keys)
    meant = known.get(cells, [])
    if len(meant) != 1:
        found = f"several {asked.thing}s are called so" if meant else f"there is no such {asked.thing} to judge"
        raise InputError(
            f"{where}: {asked.thing} {_short(asked.name(cells))}: {found}.",
            hint="Spreadsheets change ids such as 007 unless the column is read as text.",
        )
    word = " ".join(values["judgement"].casefold().split())
    if word not in asked.words:
        raise InputError(f"{where}: expected {_words(asked)}, or nothing, found {_short(values['judgement'])}.")
    return GivenJudgement(line, meant[0], asked.words[word], values.get("note", ""), values.get("content", ""))


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


def _spelled(asked: Asked, things: Iterable[tuple[str, ...]]) -> _Known:
    """Return how cells may stand in a file -> what they name: as they are, or as our own files write them."""
    listed = list(things)
    plain = [tuple(cell.strip() for cell in cells) for cells in listed]
    spelled = {cells: [asked.name(named)] for cells, named in zip(plain, listed, strict=True)}
    for cells, named in zip(plain, listed, strict=True):
        written = tuple(neutralise(cell).strip() for cell in named)
        if written != cells:
            spelled.setdefault(written, []).append(asked.name(named))
    return spelled


def _words(asked: Asked) -> str:
    *others, last = asked.words
    return f"{', '.join(others)} or {last}"


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:60]}…")
