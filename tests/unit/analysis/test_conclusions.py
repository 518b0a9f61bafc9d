from __future__ import annotations

import pytest

from vaeaudit.analysis.conclusions import facts
from vaeaudit.statistics.measures import Interval, Measure

AUC = Measure(0.7, Interval(0.6, None, 0.95), 40, expected=0.5)


def test_evidence_is_fields_under_their_own_names_and_intervals_are_their_bounds() -> None:
    assert facts(AUC, "n", "ci", "value") == {"n": 40, "ci": [0.6, None], "value": 0.7}
    assert list(facts(AUC, "value", "n")) == ["value", "n"]


def test_evidence_of_a_field_that_is_not_there_is_refused() -> None:
    with pytest.raises(AttributeError, match="shares"):
        facts(AUC, "n", "shares")
