"""Records that are only files: what they take and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest

from vaeaudit.runs.artifacts import DecodedRegions, Traversals


def test_a_code_that_many_rare_levels_share_has_no_name_and_is_kept() -> None:
    expected = np.array([[[1.0, np.nan], [2.0, 0.0]]])
    kept = Traversals.from_arrays(Traversals(expected, np.array([-1.0, 1.0])).to_arrays())
    np.testing.assert_array_equal(kept.values, expected)
    decoded = DecodedRegions.of({"region": expected[0]})
    np.testing.assert_array_equal(DecodedRegions.from_arrays(decoded.to_arrays()).by_key["region"], expected[0])


def test_positions_along_a_latent_are_known() -> None:
    with pytest.raises(ValueError, match="positions must hold finite numbers"):
        Traversals(np.zeros((1, 2, 1)), np.array([-1.0, np.nan]))
