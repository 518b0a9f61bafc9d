"""Rows are placed by the first rule that they satisfy; rules go to JSON and back, and nothing else is let in."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from vaeaudit.analysis.coverage.latent_points import place_rows
from vaeaudit.errors import RunError
from vaeaudit.outputs.latents import LatentCodes
from vaeaudit.outputs.region_rules import Condition, RegionRule, regions_to_dict
from vaeaudit.runs.documents import REGIONS

FRAME = pd.DataFrame(
    {
        "age": [20.0, 40.0, np.nan, 60.0],
        "sex": pd.Categorical(["f", "m", "f", None], categories=pd.Index(["f", "m"], dtype=object)),
        "when": pd.to_datetime(["2020-01-01", "2021-01-01", None, "2022-01-01"]),
    }
)
YOUNG = RegionRule("R1", "independence", (Condition("age", "between", [None, 50.0]),))
WOMEN = RegionRule("R2", "population", (Condition("sex", "in", ["f"]),))
UNTOLD = RegionRule("R3", "independence", (Condition("sex", "missing", None),))


def codes(mean: np.ndarray) -> LatentCodes:
    n_rows, n_latents = mean.shape
    flat, none = np.zeros(n_rows), np.zeros((n_rows, 0))
    return LatentCodes(
        mean=mean,
        stddev=np.ones((n_rows, n_latents)),
        kl=np.zeros((n_rows, n_latents)),
        log_likelihood=flat,
        iwae=flat,
        unit_correction=flat,
        reason_column=none.astype(int),
        reason_nats=none,
        reason_p=none,
        held_out=np.ones(n_rows, bool),
        columns=(),
    )


CODES = codes(np.array([[0.0, -1.0], [0.0, 0.0], [0.0, 1.0], [0.0, 2.0]]))


def test_the_first_rule_that_holds_wins() -> None:
    assert place_rows([YOUNG, WOMEN, UNTOLD], FRAME, CODES).tolist() == ["R1", "R1", "R2", "R3"]
    assert place_rows([WOMEN, YOUNG], FRAME, CODES).tolist() == ["R2", "R1", "R2", None]
    assert place_rows([], FRAME, CODES).tolist() == [None] * 4


def test_a_rule_may_name_a_latent_unless_a_column_has_its_name() -> None:
    far = RegionRule("R1", "independence", (Condition("z_1", "between", [0.5, None]),))
    assert place_rows([far], FRAME, CODES).tolist() == [None, None, "R1", "R1"]
    assert place_rows([far], FRAME.assign(z_1=[1.0, 0, 0, 0]), CODES).tolist() == ["R1", None, None, None]


def test_rules_over_columns_that_the_data_lacks_place_nobody() -> None:
    assert place_rows([UNTOLD, YOUNG], FRAME, CODES, lacking=("sex",)).tolist() == ["R1", "R1", None, None]


def test_a_level_that_the_run_does_not_know_is_not_missing() -> None:
    strange = FRAME.assign(sex=pd.Categorical(["f", "x", "m", None], categories=["f", "m", "x"]))
    assert place_rows([UNTOLD], strange, CODES).tolist() == [None, None, None, "R3"]


@pytest.mark.parametrize("name", ["z_2", "z_01", "z_-1", "zz", "z_99999999999999999999"])
def test_a_rule_over_what_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(RunError, match="neither a column nor a latent"):
        place_rows([RegionRule("R1", "independence", (Condition(name, "missing", None),))], FRAME, CODES)


def test_rules_come_back_from_strict_json() -> None:
    dated = RegionRule("R4", "reference", (Condition("when", "between", ["2020-06-01T00:00:00", None]),))
    regions = (YOUNG, WOMEN, UNTOLD, dated)
    text = json.dumps(regions_to_dict(regions), allow_nan=False)
    assert REGIONS.parse(text).regions == regions
    assert place_rows(REGIONS.parse(text).regions, FRAME, CODES).tolist() == ["R1", "R1", "R2", "R3"]


def test_numbers_of_numpy_are_written_as_plain_ones() -> None:
    rule = RegionRule("R1", "independence", (Condition("age", "between", (np.float64(1), np.int64(3))),))
    assert regions_to_dict([rule])["regions"][0]["rule"][0]["value"] == [1.0, 3.0]
