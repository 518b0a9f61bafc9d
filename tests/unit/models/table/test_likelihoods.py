"""Every column's likelihood is the distribution it says it is, cell by cell, and rows are sums over columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from scipy import integrate, special, stats

from vaeaudit.data.encoding.column_encoding import CLIP, MISSING_CODE, ColumnEncoding, Likelihood
from vaeaudit.data.encoding.table_encoding import Encoding
from vaeaudit.data.schema.columns import Kind
from vaeaudit.models.table.likelihoods import SCALE_FLOOR, MixedLikelihood, blocks_of
from vaeaudit.models.table.vae import TableInputs

tfd = tfp.distributions
RNG = np.random.default_rng(7)
B = 400

QUANTISED = ColumnEncoding(
    "hours",
    Kind.COUNT,
    Likelihood.QUANTISED,
    n_codes=6,
    atoms=(40.0,),
    edges=(20.0, 30.0, 45.0, 60.0),
    centres=(40.0, 15.0, 25.0, 38.0, 50.0, 65.0),
    tails=(4.0, 6.0),
)
COLUMNS = (
    ColumnEncoding("height", Kind.REAL, Likelihood.NORMAL, location=170.0, scale=9.0),
    ColumnEncoding("pay", Kind.POSITIVE, Likelihood.LOG_NORMAL, has_missing=True, location=8.0, scale=0.5),
    ColumnEncoding("change", Kind.REAL, Likelihood.STUDENT_T, location=0.0, scale=2.0),
    ColumnEncoding("visits", Kind.COUNT, Likelihood.NEGATIVE_BINOMIAL, location=2.0, scale=0.8),
    ColumnEncoding("flag", Kind.BOOLEAN, Likelihood.BERNOULLI, n_codes=2),
    ColumnEncoding("grade", Kind.ORDINAL, Likelihood.ORDERED_LOGISTIC, has_missing=True, n_codes=4),
    ColumnEncoding("region", Kind.CATEGORY, Likelihood.CATEGORICAL, n_codes=3),
    ColumnEncoding("job", Kind.CATEGORY, Likelihood.CATEGORICAL, n_codes=4, shared_levels=5),
    QUANTISED,
)
NAMES = [column.name for column in COLUMNS]


class Case:
    """The likelihood of `COLUMNS` with free parameters away from their start, random outputs, and cells."""

    def __init__(self, columns: tuple[ColumnEncoding, ...] = COLUMNS) -> None:
        self.likelihood = MixedLikelihood(Encoding(columns))
        self.likelihood.build()
        shift = np.random.default_rng(1)
        for weight in self.likelihood.trainable_weights:
            weight.assign(weight.numpy() + shift.normal(0, 0.5, weight.shape))
        self.free = {w.name: w.numpy().astype(np.float64) for w in self.likelihood.trainable_weights}
        self.parameters = RNG.normal(0, 1.2, (B, self.likelihood.n_parameters)).astype(np.float32)
        self.values = np.column_stack(
            [RNG.normal(size=B), RNG.normal(size=B), RNG.standard_t(3, B), RNG.poisson(9, B)]
        ).astype(np.float32)
        self.codes = np.column_stack([RNG.integers(0, column.n_codes, B) for column in columns[4:]]).astype(np.int32)
        self.observed = np.ones((B, len(columns)), bool)

    def log_prob(self, **changed: Any) -> np.ndarray:
        cells = {name: getattr(self, name) for name in ("parameters", "values", "codes", "observed")} | changed
        return self.likelihood.log_prob(*(tf.constant(cells[name]) for name in cells)).numpy()

    def output(self, name: str) -> np.ndarray:
        """The decoder's outputs for one column, [B] or [B, width], and without what pads them."""
        start = 0
        for block in self.likelihood.blocks:
            for column in block.columns:
                if column.name == name:
                    piece = self.parameters[:, start : start + block.width].astype(np.float64)
                    return piece[:, : column.n_codes] if block.width > 1 else piece[:, 0]
                start += block.width
        raise KeyError(name)

    def value(self, name: str) -> np.ndarray:
        return self.values[:, NAMES.index(name)].astype(np.float64)

    def code(self, name: str) -> np.ndarray:
        return self.codes[:, NAMES.index(name) - 4]


@pytest.fixture(scope="module")
def case() -> Case:
    return Case()


def softplus(raw: np.ndarray) -> np.ndarray:
    return np.logaddexp(0, raw)


def scale_of(case: Case, block: int, position: int = 0) -> float:
    return float(SCALE_FLOOR + softplus(case.free[f"raw_scale_{block}"])[position])


def cutpoints_of(case: Case) -> np.ndarray:
    raw = case.free["raw_cutpoints_4"][0]
    return np.cumsum(np.concatenate([raw[:1], 1e-3 + softplus(raw[1:])]))


def grade_probabilities(case: Case) -> np.ndarray:
    """P(grade = k) is the part of a logistic curve around the decoder's output that lies between two cutpoints."""
    edges = np.concatenate([[-np.inf], cutpoints_of(case), [np.inf]])
    return np.diff(special.expit(edges - case.output("grade")[:, None]))


def expected_of(case: Case, name: str) -> np.ndarray:
    """log p(x_c | z) by SciPy."""
    out = case.output(name)
    if name in ("flag", "grade", "region", "job", "hours"):
        return expected_of_code(case, name, out)
    cells = case.value(name)
    if name == "change":
        df = float(1 + softplus(case.free["raw_df_1"])[0])
        return stats.t.logpdf(cells, df, out, scale_of(case, 1))
    if name == "visits":
        r = float(SCALE_FLOOR + softplus(case.free["raw_total_count_2"])[0])
        return stats.nbinom.logpmf(cells, r, r / (r + np.exp(2.0 + 0.8 * out)))
    return stats.norm.logpdf(cells, out, scale_of(case, 0, NAMES.index(name)))


def expected_of_code(case: Case, name: str, out: np.ndarray) -> np.ndarray:
    if name == "flag":
        return stats.bernoulli.logpmf(case.code(name), special.expit(out))
    log_probs = np.log(grade_probabilities(case)) if name == "grade" else special.log_softmax(out, axis=1)
    return np.take_along_axis(log_probs, case.code(name)[:, None], axis=1)[:, 0]


@pytest.mark.parametrize("name", NAMES)
def test_a_columns_log_likelihood_is_that_of_scipy(case: Case, name: str) -> None:
    found = case.log_prob()[:, NAMES.index(name)].astype(np.float64)
    if COLUMNS[NAMES.index(name)].has_missing:
        found = found - stats.bernoulli.logpmf(0, special.expit(missing_logit(case, name)))
    np.testing.assert_allclose(found, expected_of(case, name), rtol=2e-4, atol=2e-4)


def missing_logit(case: Case, name: str) -> np.ndarray:
    with_missing = [column.name for column in COLUMNS if column.has_missing]
    return case.parameters[:, case.likelihood.n_parameters - len(with_missing) + with_missing.index(name)]


def test_the_numeric_blocks_are_those_of_tensorflow_probability(case: Case) -> None:
    found = case.log_prob()
    scale = SCALE_FLOOR + tf.nn.softplus(case.free["raw_scale_0"].astype(np.float32))
    normal = tfd.Normal(case.parameters[:, :1], scale[0]).log_prob(case.values[:, :1])
    r = SCALE_FLOOR + tf.nn.softplus(case.free["raw_total_count_2"].astype(np.float32))
    log_mean = 2.0 + 0.8 * case.parameters[:, 3:4]
    counts = tfd.NegativeBinomial(r, logits=log_mean - tf.math.log(r)).log_prob(case.values[:, 3:4])
    df = 1 + tf.nn.softplus(case.free["raw_df_1"].astype(np.float32))
    student = tfd.StudentT(df, case.parameters[:, 2:3], scale_of(case, 1)).log_prob(case.values[:, 2:3])

    np.testing.assert_allclose(found[:, :1], normal, rtol=1e-5)
    np.testing.assert_allclose(found[:, 2:3], student, rtol=1e-5)
    np.testing.assert_allclose(found[:, 3:4], counts, rtol=1e-5)


def test_the_coded_blocks_are_those_of_tensorflow_probability(case: Case) -> None:
    found = case.log_prob()
    flag = tfd.Bernoulli(logits=case.parameters[:, 4]).log_prob(case.codes[:, 0])
    ordered = tfd.OrderedLogistic(cutpoints_of(case).astype(np.float32), case.parameters[:, 5])
    grade = ordered.log_prob(case.codes[:, 1]) + tfd.Bernoulli(logits=missing_logit(case, "grade")).log_prob(0)
    job = tfd.Categorical(logits=case.output("job").astype(np.float32)).log_prob(case.code("job"))

    np.testing.assert_allclose(found[:, 4], flag, rtol=1e-5)
    np.testing.assert_allclose(found[:, 5], grade, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found[:, 7], job, rtol=1e-5)


@pytest.mark.parametrize("output", [-300.0, -40.0, 0.0, 40.0, 300.0])
def test_log_likelihood_and_gradient_are_finite_however_far_the_decoder_goes(case: Case, output: float) -> None:
    parameters = tf.Variable(np.full_like(case.parameters, output))
    with tf.GradientTape() as tape:
        log_prob = case.likelihood.log_prob(
            parameters, tf.constant(case.values), tf.constant(case.codes), tf.constant(case.observed)
        )
    for gradient in tape.gradient(log_prob, [parameters, *case.likelihood.trainable_weights]):
        assert np.isfinite(gradient).all()
    assert np.isfinite(log_prob).all()


@pytest.mark.parametrize("n_codes", [2, 3, 7])
def test_an_ordinal_of_any_number_of_levels_is_an_ordered_logistic(n_codes: int) -> None:
    column = ColumnEncoding("grade", Kind.ORDINAL, Likelihood.ORDERED_LOGISTIC, n_codes=n_codes)
    likelihood = MixedLikelihood(Encoding((column,)))
    likelihood.build()
    outputs = RNG.normal(0, 2, (n_codes, 1)).astype(np.float32)
    codes = np.arange(n_codes, dtype=np.int32)[:, None]
    raw = likelihood.trainable_weights[0].numpy()[0]
    cutpoints = np.cumsum(np.concatenate([raw[:1], 1e-3 + softplus(raw[1:])])).astype(np.float32)
    found = likelihood.log_prob(*(tf.constant(part) for part in (outputs, np.zeros((n_codes, 0)), codes, codes >= 0)))
    np.testing.assert_allclose(
        found[:, 0], tfd.OrderedLogistic(cutpoints, outputs[:, 0]).log_prob(codes[:, 0]), rtol=1e-4
    )


def test_the_negative_binomials_decoder_output_is_the_standardised_log_of_its_mean(case: Case) -> None:
    expected = case.likelihood.expectation(tf.constant(case.parameters)).numpy()[:, 3]
    np.testing.assert_allclose(expected, np.exp(2.0 + 0.8 * case.output("visits")), rtol=1e-4)


@pytest.mark.parametrize("count", [0, 7, 1e3, 1e6, 1e9, 1e12])
def test_a_large_count_keeps_its_log_likelihood_in_float32(count: float) -> None:
    column = ColumnEncoding("n", Kind.COUNT, Likelihood.NEGATIVE_BINOMIAL, location=np.log1p(count), scale=1.0)
    likelihood = MixedLikelihood(Encoding((column,)))
    likelihood.build()
    r = float(SCALE_FLOOR + softplus(likelihood.trainable_weights[0].numpy())[0])
    found = likelihood.log_prob(
        tf.zeros((1, 1)), tf.constant([[count]], tf.float32), tf.zeros((1, 0), tf.int32), tf.ones((1, 1), tf.bool)
    )
    wanted = stats.nbinom.logpmf(count, r, r / (r + 1 + count))
    assert float(found[0, 0]) == pytest.approx(wanted, abs=2e-2 if count else 1e-5)


@pytest.mark.parametrize("name", ["flag", "grade", "region", "job", "hours"])
def test_the_probabilities_of_all_codes_sum_to_one(case: Case, name: str) -> None:
    position = NAMES.index(name)
    total = np.zeros(B)
    for code in range(COLUMNS[position].n_codes):
        codes = case.codes.copy()
        codes[:, position - 4] = code
        total += np.exp(case.log_prob(codes=codes)[:, position])
    if COLUMNS[position].has_missing:
        total /= special.expit(-missing_logit(case, name))
    np.testing.assert_allclose(total, 1.0, rtol=1e-4)


def test_the_probabilities_of_all_counts_sum_to_one(case: Case) -> None:
    counts = np.arange(B, dtype=np.float32)
    values = np.tile(case.values[:1], (B, 1))
    values[:, 3] = counts
    parameters = np.tile(case.parameters[:1] * 0, (B, 1))  # mean exp(2): the counts from B on weigh nothing
    assert np.exp(case.log_prob(values=values, parameters=parameters)[:, 3]).sum() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(
    ("column", "grid"),
    [
        (COLUMNS[0], np.linspace(170 - 9 * 15, 170 + 9 * 15, 40_001)),
        (COLUMNS[1], np.geomspace(np.exp(8 - 0.5 * 18), np.exp(8 + 0.5 * 18), 40_001)),
        (COLUMNS[2], np.linspace(-2 * CLIP, 2 * CLIP, 40_001)),
        (QUANTISED, np.linspace(-120, 260, 40_002)),
    ],
    ids=lambda value: value.name if isinstance(value, ColumnEncoding) else "",
)
def test_with_the_unit_correction_a_density_has_mass_one_in_the_users_units(
    column: ColumnEncoding, grid: np.ndarray
) -> None:
    encoding = Encoding((column,))
    likelihood = MixedLikelihood(encoding)
    likelihood.build()
    parameters = np.tile(RNG.normal(0, 0.7, likelihood.n_parameters).astype(np.float32), (len(grid), 1))

    def density(numbers: np.ndarray) -> np.ndarray:
        frame = pd.DataFrame({column.name: numbers})
        rows = encoding.encode(frame)
        nats = likelihood.log_prob(
            tf.constant(parameters[: len(numbers)]),
            *(tf.constant(part) for part in (rows.values, rows.codes, rows.observed)),
        ).numpy()[:, 0]
        if column.has_missing:
            nats = nats - stats.bernoulli.logpmf(0, special.expit(parameters[0, -1]))
        return np.exp(nats + encoding.base_log_density(frame)[:, 0] + encoding.unit_correction(frame))

    mass = integrate.trapezoid(density(grid), grid) + density(np.array(column.atoms, float)).sum()
    # A Student t has mass beyond the clip; what lies there is scored as if it lay at the clip.
    assert mass == pytest.approx(1.0, abs=0.02 if column.likelihood is Likelihood.STUDENT_T else 2e-3)


def test_a_missing_cell_contributes_its_missingness_alone(case: Case) -> None:
    observed = case.observed.copy()
    observed[:, NAMES.index("pay")] = False
    observed[:, NAMES.index("grade")] = False
    values, codes = case.values.copy(), case.codes.copy()
    values[:, 1], codes[:, 1] = 0.0, MISSING_CODE
    found = case.log_prob(observed=observed, values=values, codes=codes)

    for name in ("pay", "grade"):
        of_missing = stats.bernoulli.logpmf(1, special.expit(missing_logit(case, name)))
        np.testing.assert_allclose(found[:, NAMES.index(name)], of_missing, rtol=1e-4, atol=1e-6)
    others = [index for index, name in enumerate(NAMES) if name not in ("pay", "grade")]
    np.testing.assert_allclose(found[:, others], case.log_prob()[:, others], rtol=1e-6)


def test_what_stands_in_a_missing_cell_changes_nothing(case: Case) -> None:
    observed = RNG.random(case.observed.shape) < 0.5
    other_values = np.where(observed[:, :4], case.values, 3.0).astype(np.float32)
    other_codes = np.where(observed[:, 4:], case.codes, MISSING_CODE).astype(np.int32)
    np.testing.assert_array_equal(
        case.log_prob(observed=observed),
        case.log_prob(observed=observed, values=other_values, codes=other_codes),
    )


def test_neighbouring_columns_of_one_likelihood_are_scored_as_one_block() -> None:
    blocks = blocks_of(Encoding(COLUMNS))

    assert [(block.likelihood, block.n_columns, block.width) for block in blocks] == [
        (Likelihood.NORMAL, 2, 1),
        (Likelihood.STUDENT_T, 1, 1),
        (Likelihood.NEGATIVE_BINOMIAL, 1, 1),
        (Likelihood.BERNOULLI, 1, 1),
        (Likelihood.ORDERED_LOGISTIC, 1, 1),
        (Likelihood.CATEGORICAL, 2, 4),
        (Likelihood.CATEGORICAL, 1, 8),
    ]
    assert [(block.start, block.stop) for block in blocks] == [(0, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 8), (8, 9)]


def test_leading_dimensions_are_samples(case: Case) -> None:
    several = np.stack([case.parameters, case.parameters[::-1]])
    found = case.log_prob(parameters=several)

    assert found.shape == (2, B, len(COLUMNS))
    np.testing.assert_allclose(found[0], case.log_prob(), rtol=1e-5, atol=1e-5)


def test_the_expectation_is_the_mean_or_the_most_probable_code(case: Case) -> None:
    expected = case.likelihood.expectation(tf.constant(case.parameters)).numpy()

    np.testing.assert_allclose(expected[:, 0], case.output("height"), rtol=1e-6)
    np.testing.assert_array_equal(expected[:, 4], case.output("flag") > 0)
    np.testing.assert_array_equal(expected[:, 5], grade_probabilities(case).argmax(axis=1))
    for name in ("region", "job", "hours"):
        np.testing.assert_array_equal(expected[:, NAMES.index(name)], case.output(name).argmax(axis=1))


def test_expected_features_are_the_mean_of_the_features_of_rows_that_follow_the_distributions() -> None:
    case, n_rows = Case(), 40_000
    one_row, generator = case.parameters[:1], np.random.default_rng(3)
    drawn = [part.sample(n_rows, seed=4).numpy()[:, 0] for part in case.likelihood.distributions(one_row)]
    values = np.concatenate(drawn[:3], axis=1).clip([-CLIP] * 3 + [0], [CLIP] * 3 + [np.inf])
    codes = np.concatenate(drawn[3:], axis=1).astype(np.int32)
    observed = np.ones((n_rows, len(COLUMNS)), bool)
    for name in ("pay", "grade"):
        observed[:, NAMES.index(name)] = generator.random(n_rows) > special.expit(missing_logit(case, name)[0])
    codes = np.where(observed[:, 4:], codes, MISSING_CODE)
    features = TableInputs(case.likelihood.encoding)(values.astype(np.float32), codes, observed).numpy()
    expected = case.likelihood.mean_features(one_row).numpy()[0]

    assert expected.shape == features.shape[1:]
    counts = 3  # of a count it is the log of the mean, and no mean of logs
    error = 5 * features.std(axis=0) / np.sqrt(n_rows) + 1e-4
    assert np.all(np.delete(np.abs(features.mean(axis=0) - expected) <= error, counts))
    assert expected[counts] == pytest.approx((np.log1p(values[:, counts].mean()) - 2.0) / 0.8, abs=0.05)


def test_expected_features_are_probabilities_where_codes_are_and_keep_leading_axes() -> None:
    case = Case()
    stacked = case.likelihood.mean_features(case.parameters.reshape(2, B // 2, -1)).numpy()
    assert stacked.shape == (2, B // 2, TableInputs(case.likelihood.encoding).n_features)
    flat = stacked.reshape(B, -1)
    missing = flat[:, -2:]  # pay and grade
    np.testing.assert_allclose(flat[:, 4:6].sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(flat[:, 6:10].sum(axis=1), 1 - missing[:, 1], rtol=1e-4)
    assert flat[:, 4:].min() >= 0
    assert flat[:, 4:].max() <= 1


def test_expected_numbers_are_clipped_like_encoded_ones() -> None:
    case = Case()
    far = case.likelihood.mean_features(1e4 * tf.ones([1, case.likelihood.n_parameters])).numpy()
    assert np.abs(far).max() <= CLIP
