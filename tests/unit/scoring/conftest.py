"""What tests of scores share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from vaeaudit.scoring import geometry

TREES = geometry.TREES


@pytest.fixture(scope="module")
def few_trees() -> Iterator[None]:
    """A tenth of the trees, for properties that do not depend on how many there are, in all tests of a file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(geometry, "TREES", TREES // 10)
        yield


@pytest.fixture
def all_trees(few_trees: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as a run has."""
    monkeypatch.setattr(geometry, "TREES", TREES)
