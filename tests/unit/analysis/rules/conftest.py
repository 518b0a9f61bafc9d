"""Small tables with rules that a test plants one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vaeaudit.analysis.rules.find import find_rules
from vaeaudit.data.reading.load import load
from vaeaudit.outputs.table_rules import TableRules

N = 1_000


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture
def found() -> Callable[[Mapping[str, Any]], TableRules]:
    """The rules of a table with these columns, read as a person's data would be."""

    def find(columns: Mapping[str, Any]) -> TableRules:
        dataset = load(pd.DataFrame(columns))
        return find_rules(dataset.frame, dataset.schema)

    return find


@pytest.fixture
def plain(rng: np.random.Generator) -> dict[str, Any]:
    """Three columns that have nothing to do with one another."""
    return {
        "weight": rng.normal(70, 10, N).round(1),
        "visits": rng.integers(0, 40, N),
        "town": rng.choice(list("abcd"), N),
    }
