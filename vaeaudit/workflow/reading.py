"""Read the data of a fit: the rows, the rules of their table, which columns the model is to see; `inspect` stops there.

Nothing here imports what judges a run, so that `vaeaudit inspect` starts in a second.
"""

from __future__ import annotations

from typing import Any, Unpack

from vaeaudit.analysis.rules.find import find_rules
from vaeaudit.analysis.rules.repeats import without_repeats
from vaeaudit.config import ReadConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.reading.load import load
from vaeaudit.outputs.table_rules import TableRules
from vaeaudit.progress import Listener, Progress, ignore
from vaeaudit.settings import ReadSettings, refuse_unknown, section_with


def inspect(source: Any, config: ReadConfig | None = None, **settings: Unpack[ReadSettings]) -> Dataset:
    """Read a source and say what `fit` would do with it; trains nothing.

    Parameters
    ----------
    source
        As for `fit`.
    config
        How to read it.
    **settings
        Single settings, which win over `config`: `label`, `sensitive`, `kind_of` … (`vaeaudit.settings.ReadSettings`).
    """
    refuse_unknown(inspect, settings, ReadSettings)
    dataset, _ = read_data(source, section_with(config or ReadConfig(), settings), seed=0)
    return dataset


def read_data(source: Any, config: ReadConfig, seed: int, on_progress: Listener = ignore) -> tuple[Dataset, TableRules]:
    """Read a source, find the rules of its table, and leave out of the model what only repeats another column.

    Elements of vectors are no columns that anybody made rules for: they take no part in the search.

    Parameters
    ----------
    source, config
        As for `load`.
    seed
        Of the samples on which rules are sought first.
    on_progress
        Told about pictures.
    """
    dataset = load(source, config, on_progress=reading_progress(on_progress))
    rules = find_rules(dataset.frame, dataset.schema, seed, aside=dataset.elements)
    return without_repeats(dataset, rules, config.include), rules


def reading_progress(listener: Listener) -> Any:
    """Return what tells a listener how many files of a source are read."""
    return lambda done, total: listener(Progress("reading", done, total))
