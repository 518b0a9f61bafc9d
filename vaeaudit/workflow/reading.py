"""Read the data of a fit: the rows, the rules of their table, and which columns the model is to see."""

from __future__ import annotations

from typing import Any

from vaeaudit.analysis.rules.find import find_rules
from vaeaudit.analysis.rules.repeats import without_repeats
from vaeaudit.config import ReadConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.reading.load import load
from vaeaudit.outputs.table_rules import TableRules
from vaeaudit.progress import Listener, ignore
from vaeaudit.workflow.other import reading_progress


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
