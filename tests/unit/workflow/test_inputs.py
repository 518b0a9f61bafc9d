"""What a run keeps becomes what an analysis starts from."""

from __future__ import annotations

from typing import Any

import numpy as np

from vaeaudit.runs.artifacts import DecodedRegions
from vaeaudit.runs.contents import StoredReference
from vaeaudit.workflow.inputs import as_compared as reference_of
from vaeaudit.workflow.inputs import inputs_of


def stored(fitted: Any) -> StoredReference:
    facts = {"name": "a", "fingerprint": "f", "lacking": ["sex"], "notes": []}
    p_value = np.ones(len(fitted.run.frame))
    p_value[:3] = 1e-4
    return StoredReference(facts, fitted.run.frame, fitted.run.codes, p_value)


def test_outliers_of_a_reference_are_chosen_at_the_rate_of_the_report(fitted: Any) -> None:
    counts = [int(reference_of(stored(fitted), fdr=fdr).outlier.sum()) for fdr in (0.001, 0.5)]
    assert counts == [0, 3]
    assert reference_of(stored(fitted), fdr=0.05).lacking == ("sex",)


def test_inputs_have_the_reference_that_is_given_or_none(fitted: Any) -> None:
    config = fitted.run.config.analysis
    assert inputs_of(fitted.run, config).reference is None
    reference = inputs_of(fitted.run, config, reference=stored(fitted)).reference
    assert reference is not None
    assert reference.name == "a"


def test_rules_may_be_any_text_as_keys_of_what_is_decoded() -> None:
    arrays = DecodedRegions.of({"a/b is <c>": np.ones((2, 1)), "": np.zeros((1, 1))}).to_arrays()
    assert arrays["keys"].tolist() == ["a/b is <c>", ""]
    assert arrays["values/0"].tolist() == [[1], [1]]
    assert DecodedRegions.from_arrays(arrays).by_key[""].tolist() == [[0]]
