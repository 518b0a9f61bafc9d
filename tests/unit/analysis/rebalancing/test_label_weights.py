"""Weights by the label do what their formulas promise, on closed forms, and say what they cannot do."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_sample_weight

from vaeaudit.analysis.coverage.regions import RegionSearch
from vaeaudit.analysis.rebalancing.label_weights import fit_label_weights, label_groups
from vaeaudit.analysis.rebalancing.rebalance import rebalance
from vaeaudit.config import AnalysisConfig, Weighting
from vaeaudit.data.population_shares import Population, PopulationColumn
from vaeaudit.data.schema.columns import Kind, Role
from vaeaudit.errors import UsageError

FEW = AnalysisConfig(bootstraps=0)


@pytest.fixture
def labelled(build):
    """Make inputs of a label and any number of sensitive columns, each given as its values."""

    def make(label, *sensitive, kind=Kind.CATEGORY):
        columns = {f"s{place}": (values, Kind.CATEGORY, Role.SENSITIVE) for place, values in enumerate(sensitive)}
        if label is not None:
            columns["y"] = (label, kind, Role.LABEL)
        n_rows = len(sensitive[0] if label is None else label)
        return build(columns, np.random.default_rng(0).normal(size=(n_rows, 2)), outlier=np.zeros(n_rows, bool))

    return make


def cells(n_00, n_01, n_10, n_11):
    """Make groups a and b, labels no and yes, with these numbers of rows."""
    counts = (n_00, n_01, n_10, n_11)
    return np.repeat(["no", "yes", "no", "yes"], counts).astype(object), np.repeat(list("aabb"), counts).astype(object)


def weights_of(inputs, method, cap=1e6):
    rows = np.arange(len(inputs.frame))
    return fit_label_weights(method, label_groups(inputs, None), rows, cap)(rows)


def weighted_cells(inputs, weight, *columns):
    return inputs.frame.assign(w=weight).groupby(list(columns), observed=True)["w"].sum() / len(inputs.frame)


def searched(inputs):
    return RegionSearch((), 0, np.full(len(inputs.frame), None, dtype=object), ())


def result_of(made, method):
    return next(result for result in made.results.methods if result.method is method)


def test_reweighing_gives_each_row_what_it_would_have_if_label_and_group_were_independent(labelled):
    inputs = labelled(*cells(30, 20, 45, 5))
    weight = weights_of(inputs, Weighting.REWEIGHING)
    assert weight == pytest.approx(np.repeat([37.5 / 30, 12.5 / 20, 37.5 / 45, 12.5 / 5], [30, 20, 45, 5]))


def test_after_reweighing_label_and_the_product_of_all_groups_are_independent_and_keep_their_shares(labelled):
    rng = np.random.default_rng(3)
    sex, town = rng.choice(["f", "m"], 2000), rng.choice(["x", "y", "z"], 2000, p=[0.6, 0.3, 0.1])
    label = np.where(rng.random(2000) < np.where((sex == "f") & (town == "x"), 0.1, 0.5), "yes", "no")
    inputs = labelled(label.astype(object), sex.astype(object), town.astype(object))
    weight = weights_of(inputs, Weighting.REWEIGHING)
    joint = weighted_cells(inputs, weight, "s0", "s1", "y")
    for (*group, value), share in joint.items():
        group_share = np.mean((sex == group[0]) & (town == group[1]))
        assert share == pytest.approx(group_share * np.mean(label == value))


def test_class_balanced_weights_are_those_of_scikit_learn(labelled):
    label = np.repeat(["a", "b", "c"], [70, 25, 5]).astype(object)
    weight = weights_of(labelled(label), Weighting.CLASS_BALANCED)
    assert weight == pytest.approx(compute_sample_weight("balanced", label))


def test_a_cap_holds_and_the_mean_stays_one(labelled):
    inputs = labelled(*cells(500, 300, 199, 1))
    weight = weights_of(inputs, Weighting.REWEIGHING, cap=3.0)
    assert weight.max() == pytest.approx(3.0)
    assert weight.mean() == pytest.approx(1.0)
    assert weights_of(inputs, Weighting.REWEIGHING, cap=1.0) == pytest.approx(np.ones(1000))


def test_a_group_without_a_class_is_named_and_its_rows_keep_their_weight(labelled):
    inputs = labelled(*cells(300, 300, 40, 0))
    made = rebalance(inputs, searched(inputs), FEW, method=Weighting.REWEIGHING)
    reweighing = result_of(made, Weighting.REWEIGHING)
    assert reweighing.unreachable == ("s0 = b: none of 40 rows has y yes; only collecting some changes that.",)
    assert made.weights["weight"].to_numpy()[-40:].min() > 0
    assert made.weights["weight"].mean() == pytest.approx(1.0)


def test_the_check_on_held_out_rows_passes_where_there_are_rows_and_says_where_they_are_too_few(labelled):
    inputs = labelled(*cells(2000, 2000, 1900, 500))
    made = rebalance(inputs, searched(inputs), FEW)
    reweighing = result_of(made, Weighting.REWEIGHING)
    (short,) = (change for change in reweighing.labels if (change.group, change.value) == (("b",), "yes"))
    assert (short.n, short.total, short.target) == (500, 2400, pytest.approx(2500 / 6400))
    assert (short.status_before, short.status_after, short.held_out) == ("still fails", "passes", "passes")
    assert short.after.share == pytest.approx(short.target)
    few = labelled(*cells(60, 20, 8, 2))
    told = result_of(rebalance(few, searched(few), FEW), Weighting.REWEIGHING).labels
    assert "too few to tell" in {change.held_out for change in told}


def test_rows_without_a_label_weigh_one_and_missing_groups_are_a_group(labelled):
    label = np.array(["no", "yes", None] * 200, dtype=object)
    group = np.array(["a", "a", "b", "b", None] * 120, dtype=object)
    inputs = labelled(label, group)
    made = rebalance(inputs, searched(inputs), FEW, method=Weighting.REWEIGHING)
    assert (made.weights["weight"][inputs.frame["y"].isna()] == 1).all()
    assert "200 rows without y weigh 1" in made.results.notes[-1]
    assert ("(missing)",) in {change.group for change in result_of(made, Weighting.REWEIGHING).labels}


def test_rows_outside_a_population_are_a_group_of_their_own(labelled):
    inputs = labelled(*cells(100, 50, 50, 100))
    shares = Population("shares", (PopulationColumn("s0", ("a", "x")),), (0.5, 0.5))
    assert label_groups(inputs, shares).groups == (("(in no interval)",), ("a",))


def test_cells_that_only_the_other_half_has_get_the_cap_and_unseen_groups_weigh_as_before(labelled):
    inputs = labelled(*cells(50, 50, 50, 10))
    label = label_groups(inputs, None)
    without_cell, without_group = np.arange(150), np.arange(100)
    last = np.array([0, 159])
    first, second = fit_label_weights(Weighting.REWEIGHING, label, without_cell, 5.0)(last)
    assert second > first
    assert fit_label_weights(Weighting.REWEIGHING, label, without_group, 5.0)(last) == pytest.approx([1, 1])


@pytest.mark.parametrize(
    ("label", "kind", "said"),
    [
        (None, None, "no label was declared"),
        (np.arange(60.0), Kind.REAL, "y has 60 values and no classes"),
        (np.full(60, "x", object), Kind.CATEGORY, "y has one value only"),
        (np.full(60, np.nan), Kind.REAL, "y has no value"),
    ],
)
def test_without_classes_the_other_methods_are_made_and_these_are_refused_with_the_reason(labelled, label, kind, said):
    inputs = labelled(label, np.repeat(["a", "b"], 30).astype(object), kind=kind or Kind.CATEGORY)
    made = rebalance(inputs, searched(inputs), FEW)
    assert [result.method for result in made.results.methods] == list(Weighting)[:4]
    assert made.results.notes[-1].startswith(f"No weights of class-balanced and reweighing: {said}")
    with pytest.raises(UsageError, match=f"--method reweighing: {said}"):
        rebalance(inputs, searched(inputs), FEW, method=Weighting.REWEIGHING)


def test_without_a_sensitive_column_only_reweighing_is_refused(labelled):
    inputs = labelled(np.repeat(["no", "yes"], 30).astype(object))
    made = rebalance(inputs, searched(inputs), FEW, method=Weighting.CLASS_BALANCED)
    assert result_of(made, Weighting.CLASS_BALANCED).labels[0].attributes == ()
    assert made.results.notes[-1] == "No weights of reweighing: no column was declared sensitive."


def test_a_number_of_few_values_has_classes(labelled):
    inputs = labelled(np.repeat([0.0, 1.0], [50, 10]), kind=Kind.REAL)
    assert label_groups(inputs, None).classes == ("0", "1")


def test_of_many_groups_the_largest_are_checked_and_all_are_weighted(labelled):
    group = np.repeat([f"g{place}" for place in range(300)], 4).astype(object)
    inputs = labelled(np.tile(["no", "yes", "yes", "no"], 300).astype(object), group)
    made = rebalance(inputs, searched(inputs), FEW, method=Weighting.REWEIGHING)
    assert len(result_of(made, Weighting.REWEIGHING).labels) == 200
    assert "Of the 600 shares of y that reweighing evens, 200 were checked" in made.results.notes[-1]
    assert made.weights["weight"].to_numpy() == pytest.approx(np.ones(1200))


def test_of_many_classes_as_many_shares_are_checked(labelled):
    inputs = labelled(np.repeat([f"c{place}" for place in range(250)], 4).astype(object))
    made = rebalance(inputs, searched(inputs), FEW, method=Weighting.CLASS_BALANCED)
    assert len(result_of(made, Weighting.CLASS_BALANCED).labels) == 200
    assert "Of the 250 shares of y that class-balanced evens, 200 were checked" in made.results.notes[-1]
