"""What tests of scores share."""

from __future__ import annotations

import pytest

from vaeaudit.scoring import geometry


@pytest.fixture
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the trees, for properties that do not depend on how many there are."""
    monkeypatch.setattr(geometry, "TREES", 20)
