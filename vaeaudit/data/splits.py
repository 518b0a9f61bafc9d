"""Which split (train, val, test) each row belongs to: as declared, as folders say, or as a name suggests."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from vaeaudit.config import ReadConfig
from vaeaudit.data.cells import Cells, as_text
from vaeaudit.data.image_folder import SPLIT_NAMES
from vaeaudit.data.naming import words
from vaeaudit.data.records import RawTable
from vaeaudit.data.schema import Column, Kind
from vaeaudit.data.storage import Typed, category, n_distinct
from vaeaudit.errors import UsageError

#: A column of more values is no split: the pairs of splits would be too many to read.
MAX_SPLITS = 20
#: The column that split folders make, see `folder_columns`.
_FOLDER_SPLIT = "split"
_SPLIT_WORDS = frozenset(["split", "splits", "subset", "partition", "fold", "folds"])


def store_split(name: str, cells: Cells, kind: str | None) -> Typed:
    """Store the column declared by `--split`: a category of 2 to `MAX_SPLITS` levels, whatever its values look like.

    Raises
    ------
    UsageError
        Where it has fewer or more, or was declared to be of another kind.
    """
    if kind not in (None, Kind.CATEGORY.value):
        raise UsageError(f"--split {name}: a split is read as a category, but --kind-of {name}={kind} was given too.")
    text = as_text(cells)
    found = n_distinct(text)
    if not 2 <= found <= MAX_SPLITS:
        raise UsageError(
            f"--split {name}: expected 2 to {MAX_SPLITS} splits, found {found:,} distinct value(s).",
            hint="Name the column that says train, val or test, or the number of the fold.",
        )
    return category(text)


def with_split_folders(
    table: RawTable, from_folders: Collection[str], config: ReadConfig
) -> tuple[RawTable, ReadConfig]:
    """Declare the column that split folders made to be the split, unless the user said something else about it.

    Parameters
    ----------
    table
        The pictures' columns.
    from_folders
        Those of them that folders gave.
    config
        What the user declared.
    """
    taken = (config.label, config.id, *config.sensitive, *config.exclude, *config.kinds, *config.levels)
    if config.split is not None or _FOLDER_SPLIT in taken or _FOLDER_SPLIT not in from_folders:
        return table, config
    found = n_distinct(as_text(table.cells[table.names.index(_FOLDER_SPLIT)]))
    if not 2 <= found <= MAX_SPLITS:
        return table, config
    said = f"the column {_FOLDER_SPLIT} has the role split: pictures that occur in more than one split are reported"
    return replace(table, notes=(*table.notes, said)), replace(config, split=_FOLDER_SPLIT)


def suggest_split(columns: Iterable[Column]) -> tuple[str, ...]:
    """Return a note for each column that looks like a split; a suggestion only.

    Examples
    --------
    >>> suggest_split([Column("subset", Kind.CATEGORY, levels=("train", "test"), unique=2)])
    ('the column subset could say which split a row belongs to: --split subset',)
    """
    return tuple(
        f"the column {column.name} could say which split a row belongs to: --split {column.name}"
        for column in columns
        if _looks_like_split(column)
    )


def _looks_like_split(column: Column) -> bool:
    named = set(words(column.name)) & _SPLIT_WORDS
    if not named or not 2 <= column.unique <= MAX_SPLITS:
        return False
    known = sum(level.lower() in SPLIT_NAMES for level in column.levels)
    return known >= 2 or bool(named & {"fold", "folds"})
