from __future__ import annotations

import numpy as np
import pytest

from benchmarks.review import JUDGED, figures, is_held_out, measured


def test_readers_are_simulated_and_what_they_bring_is_told_for_held_out_sets_apart(people):
    outlier = (people.frame["region"] == "south").to_numpy()
    names = [next(name for name in "abcdefgh" if is_held_out(name) is held_out) for held_out in (True, False)]
    readings = [reading for name in names for reading in measured(name, people, outlier, 2)]
    found = figures(readings)
    assert [row["judged"] for row in found["held_out"]] == list(JUDGED)
    assert {row["sets"] for row in found["held_out"]} == {1}
    none, *_, most = found["held_out"]
    assert none["ap after"] == pytest.approx(none["ap before"])
    assert most["ap after"] > most["ap before"]
    assert most["width"] < none["width"]
    assert [row["set"] for row in found["per_set_after_20"]] == names
    assert all(np.isfinite(value) for row in found["held_out"] for value in row.values())
