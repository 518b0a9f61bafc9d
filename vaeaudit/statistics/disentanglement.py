"""How the latents of a model and known factors of the data go together: published scores, on levels of the factors.

All take `latents` [N, L], posterior means that vary, and `factors` [N, K], whole numbers from 0: the level of each
factor in each row. What learns is judged on rows that it did not learn from. A score is 1
where each factor has a latent of its own, and 0 (`factorvae`: 1 / K) where latents and factors have nothing to do with
one another.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse, special
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from vaeaudit.statistics.cross_fit import random_half

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

#: Bins of a latent, of equal width as published; each of the outer ones takes in this share of the rows besides.
LATENT_BINS, OUTER_SHARE = 20, 0.005
#: Shuffles that say what chance alone gives, and the standard deviations beyond it that count: among 200 pairs of a
#: latent and a factor without a relation, one passes in one table of a hundred.
SHUFFLES, BEYOND_CHANCE = 20, 4.0
#: Trees of a forest, and fewest rows of a leaf.
TREES, LEAF = 50, 3
#: Inverse strength of the penalty of the linear model: without any, its loss has no bound where levels lie apart.
WEAK_PENALTY = 1e4
#: Parts of the rows, each of which is judged by a linear model of the others: on half of few rows it learns too much.
PARTS = 5
#: Votes, rows behind each (Kim and Mnih 2018), and fewest rows of a level that is voted on.
VOTES, VOTERS, FEWEST = 800, 64, 10


@dataclass(frozen=True)
class Score:
    """A figure and its standard error, by the bootstrap over rows; 0 where there were no resamples."""

    value: float
    error: float


def score_all(latents: FloatArray, factors: IntArray, rng: np.random.Generator, resamples: int = 0) -> dict[str, Score]:
    """Return every score of this module that N latents and K factors have, by name.

    Parameters
    ----------
    latents, factors
        [N, L], [N, K]; L, K >= 1. With one factor there is no `infom`, `dci_disentanglement` and `factorvae`, with one
        latent no `infoc` and `dci_completeness`.
    rng
        Of shuffles, halves, forests, votes and resamples.
    resamples
        Of the rows, for the standard errors.
    """
    found: dict[str, Score] = {}
    for part in (information_scores, dci_scores, predictability_scores, factorvae_score):
        found |= part(latents, factors, rng, resamples)
    needs: dict[str, npt.NDArray[Any]] = {"infom": factors, "dci_disentanglement": factors, "factorvae": factors}
    needs |= {"infoc": latents, "dci_completeness": latents}
    return {name: score for name, score in found.items() if name not in needs or needs[name].shape[1] > 1}


def scores_by_chance(
    latents: FloatArray, factors: IntArray, rng: np.random.Generator, times: int = 3
) -> dict[str, float]:
    """Return the means of those scores of `score_all` that are above 0 where the factors are shuffled over the rows.

    Parameters
    ----------
    latents, factors
        As for `score_all`.
    rng, times
        Of the shuffles, halves and votes, and how many shuffles.
    """
    found: dict[str, list[float]] = {}
    for _ in range(times):
        shuffled = rng.permutation(factors)
        for part in (predictability_scores, factorvae_score):
            for name, score in part(latents, shuffled, rng).items():
                found.setdefault(name, []).append(score.value)
    return {name: float(np.mean(values)) for name, values in found.items()}


def _scores(
    measure: Callable[[FloatArray], Mapping[str, float]], n: int, rng: np.random.Generator, resamples: int
) -> dict[str, Score]:
    """Measure with weight 1 for each of n rows, then with how often each was drawn."""
    drawn = [measure(rng.multinomial(n, np.full(n, 1 / n)).astype(np.float64)) for _ in range(resamples)]
    errors = {name: [each[name] for each in drawn] for name in drawn[0]} if resamples > 1 else {}
    return {
        name: Score(float(value), float(np.std(errors[name], ddof=1)) if errors else 0.0)
        for name, value in measure(np.ones(n)).items()
    }


# --- mutual information: MIG, InfoM, InfoC ---------------------------------------------------------------------------


class Information:
    """How much of each factor's entropy each latent tells.

    Mutual information of a latent's bins and a factor's levels, less its mean over `SHUFFLES` shuffles of the rows, in
    shares of the factor's entropy less the same: the adjusted mutual information of Vinh et al. (2010, JMLR 11), 0 in
    expectation where a latent tells nothing, at any N.

    Parameters
    ----------
    latents, factors
        [N, L], [N, K].
    rng
        Of the shuffles.
    """

    def __init__(self, latents: FloatArray, factors: IntArray, rng: np.random.Generator) -> None:
        low, high = np.quantile(latents, [OUTER_SHARE, 1 - OUTER_SHARE], axis=0)
        width = np.where(high > low, high - low, 1.0) / LATENT_BINS
        bins = np.clip((latents - low) / width, 0, LATENT_BINS - 1).astype(np.int64)
        self._bins, self._first_bin = _one_hot(bins)
        self._levels, self._first_level = _one_hot(factors)
        every = np.ones(len(latents))
        shuffled = [self._nats(every, rng.permutation(len(latents)))[0] for _ in range(SHUFFLES)]
        self._chance = np.mean(shuffled, axis=0)
        spread = np.std(shuffled, axis=0, ddof=1)
        found, entropy = self._nats(every)
        self._told = found > self._chance + BEYOND_CHANCE * spread
        self.unseen = float((spread / np.maximum(entropy, 1e-12)).mean())  # what is set to 0 is known no better

    def shares(self) -> FloatArray:
        """Return [L, K], 0 to 1; 0 where chance may give as much."""
        found = self.unbiased(np.ones(self._bins.shape[0]))
        return np.asarray(np.where(self._told, np.clip(found, 0.0, 1.0), 0.0))

    def unbiased(self, weight: FloatArray) -> FloatArray:
        """Return [L, K] with weights [N] of the rows; below 0 by chance, 0 for what tells or is told of nothing."""
        nats, entropy = self._nats(weight)
        return _where_told((nats - self._chance) / np.maximum(entropy - self._chance, 1e-12), self._told)

    def _nats(self, weight: FloatArray, order: IntArray | None = None) -> tuple[FloatArray, FloatArray]:
        """Mutual information [L, K], and entropy of the factors [K]."""
        levels = self._levels if order is None else self._levels[order]
        total = weight.sum()
        joint = special.entr((self._bins.T @ levels.multiply(weight[:, None])).toarray() / total)
        of_both = np.add.reduceat(np.add.reduceat(joint, self._first_bin, axis=0), self._first_level, axis=1)
        of_latent = np.add.reduceat(special.entr(self._bins.T @ weight / total), self._first_bin)
        of_factor = np.add.reduceat(special.entr(levels.T @ weight / total), self._first_level)
        return np.asarray(of_latent[:, None] + of_factor - of_both), np.asarray(of_factor)


def _one_hot(codes: IntArray) -> tuple[sparse.csr_array, IntArray]:
    """[N, codes of all columns] and the place [columns] where each column's codes begin."""
    sizes = codes.max(axis=0) + 1
    first = np.cumsum(sizes) - sizes
    pointers = np.arange(0, codes.size + 1, codes.shape[1])
    shape = (len(codes), int(sizes.sum()))
    return sparse.csr_array((np.ones(codes.size), (codes + first).ravel(), pointers), shape=shape), first


def information_scores(
    latents: FloatArray, factors: IntArray, rng: np.random.Generator, resamples: int = 0
) -> dict[str, Score]:
    """Return `mig`, `infom` and `infoc`, from the shares that latents tell of factors (`Information`).

    `mig`: by how much the best latent of a factor tells more than the next best, averaged over factors (Chen et al.
    2018, arXiv 1802.04942). `infom`: how far a latent tells of one factor alone, averaged over the latents that tell of
    any; `infoc`: how far one latent alone tells of a factor, averaged over factors (Hsu et al. 2023, arXiv 2305.18378).

    Parameters
    ----------
    latents, factors, rng, resamples
        As for `score_all`.
    """
    table = Information(latents, factors, rng)

    def measure(weight: FloatArray) -> dict[str, float]:
        shares = table.unbiased(weight)
        best, second = np.sort(np.vstack([shares.clip(0, 1), np.zeros_like(shares[:1])]), axis=0)[::-1][:2]
        of_latents = _concentration(shares[shares.any(axis=1)])
        return {
            "mig": float((best - second).mean()),
            "infom": float(of_latents.mean()) if of_latents.size else 0.0,
            "infoc": float(_concentration(shares.T).mean()),
        }

    scores = _scores(measure, len(latents), rng, resamples)
    mig = scores["mig"]
    return {**scores, "mig": Score(mig.value, float(np.hypot(mig.error, table.unseen)) if resamples > 1 else 0.0)}


def _concentration(shares: FloatArray) -> FloatArray:
    """How far the largest of each row [M, J] stands alone: 1 if all others are 0, 0 if all are equal, or all 0."""
    even, total = 1 / max(shares.shape[1], 2), shares.sum(axis=1)
    largest = np.divide(shares.max(axis=1, initial=0.0), total, out=np.full(len(shares), even), where=total > 0)
    return np.asarray((largest.clip(even, 1.0) - even) / (1 - even))


def _where_told(found: FloatArray, told: BoolArray) -> FloatArray:
    """Set latents that tell of no factor, and factors that no latent tells of, to 0 in [L, K]."""
    return np.asarray(np.where(told.any(axis=1, keepdims=True) & told.any(axis=0, keepdims=True), found, 0.0))


# --- what models predict: DCI, SAP, InfoE ----------------------------------------------------------------------------


def dci_scores(
    latents: FloatArray, factors: IntArray, rng: np.random.Generator, resamples: int = 0
) -> dict[str, Score]:
    """Return `dci_disentanglement`, `dci_completeness` and `dci_informativeness` (Eastwood and Williams 2018, ICLR).

    A forest predicts each factor from all latents. The importance of a latent is by how much the probability of the
    true level falls on rows that the forest did not learn from, when the latent is shuffled among them (Breiman 2001,
    Machine Learning 45); published are importances on the rows that were learned from, which noise has, too.
    Informativeness is the accuracy beyond that of guessing the most frequent level, 1 for none wrong.

    Parameters
    ----------
    latents, factors, rng, resamples
        As for `score_all`.
    """
    n, n_latents = latents.shape
    falls = np.zeros((factors.shape[1], n, n_latents))
    right, guessed = np.zeros((2, *factors.T.shape))
    for learn, judge in _halves(n, rng):
        for k, levels in enumerate(factors.T):
            forest = _forest(rng)
            forest.fit(latents[learn], levels[learn])
            sure = _probability(forest, latents[judge], levels[judge])
            right[k, judge] = forest.predict(latents[judge]) == levels[judge]
            guessed[k, judge] = np.bincount(levels[learn]).argmax() == levels[judge]
            for latent in range(n_latents):
                moved = latents[judge]
                moved[:, latent] = rng.permutation(moved[:, latent])
                falls[k, judge, latent] = sure - _probability(forest, moved, levels[judge])
    told = (falls.mean(axis=1) > BEYOND_CHANCE * falls.std(axis=1) / np.sqrt(n)).T

    def measure(weight: FloatArray) -> dict[str, float]:
        importance = _where_told(np.maximum(weight @ falls / n, 0.0).T, told)
        by_chance = guessed @ weight / n
        beyond = (right @ weight / n - by_chance) / np.maximum(1 - by_chance, 1e-12)
        return {
            "dci_disentanglement": float(
                importance.sum(axis=1) @ _certainty(importance) / max(importance.sum(), 1e-12)
            ),
            "dci_completeness": float(_certainty(importance.T).mean()),
            "dci_informativeness": float(np.clip(beyond, 0.0, 1.0).mean()),
        }

    return _scores(measure, n, rng, resamples)


def _forest(rng: np.random.Generator) -> RandomForestClassifier:
    """All latents compete at every split: where only some may, latents that tell nothing gain importance."""
    seed = int(rng.integers(2**31))
    return RandomForestClassifier(TREES, min_samples_leaf=LEAF, max_features=None, random_state=seed)


def predictability_scores(
    latents: FloatArray, factors: IntArray, rng: np.random.Generator, resamples: int = 0
) -> dict[str, Score]:
    """Return `sap` and `infoe`.

    `sap`: by how much the best latent of a factor predicts it better than the next best, each by as many thresholds as
    part its levels, in balanced accuracy, 0 for chance and 1 for none wrong, averaged over factors (Kumar et al. 2018,
    arXiv 1711.00848, whose score for levels is not scaled). `infoe`: the share of a factor's entropy that a linear
    (multinomial logistic) model of all latents tells on other rows, averaged over factors (Hsu et al. 2023).

    Parameters
    ----------
    latents, factors, rng, resamples
        As for `score_all`.
    """
    n, n_latents = latents.shape
    right = np.zeros((factors.shape[1], n, n_latents))
    loss, blind = np.zeros((2, *factors.T.shape))
    scaled = latents / latents.std(axis=0)
    parts = np.array_split(rng.permutation(n), PARTS)
    for judge in parts:
        learn = np.setdiff1d(np.arange(n), judge)
        for k, levels in enumerate(factors.T):
            linear = LogisticRegression(C=WEAK_PENALTY, max_iter=300)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                linear.fit(scaled[learn], levels[learn])
            loss[k, judge] = -np.log(_probability(linear, scaled[judge], levels[judge]).clip(1 / n))
            shares = (np.bincount(levels[learn], minlength=factors.max() + 1) / len(learn)).clip(1 / n)
            blind[k, judge] = -np.log(shares[levels[judge]])
    for learn, judge in _halves(n, rng):
        for k, levels in enumerate(factors.T):
            for latent in range(n_latents):
                tree = DecisionTreeClassifier(max_leaf_nodes=int(levels.max()) + 1, class_weight="balanced")
                tree.fit(latents[learn][:, [latent]], levels[learn])
                right[k, judge, latent] = tree.predict(latents[judge][:, [latent]]) == levels[judge]

    def measure(weight: FloatArray) -> dict[str, float]:
        gaps = [_sap_of(weight, right[k], levels) for k, levels in enumerate(factors.T)]
        told = 1 - loss @ weight / np.maximum(blind @ weight, 1e-12)
        return {"sap": float(np.mean(gaps)), "infoe": float(np.clip(told, 0.0, 1.0).mean())}

    return _scores(measure, n, rng, resamples)


def _sap_of(weight: FloatArray, right: FloatArray, levels: IntArray) -> float:
    rows = np.bincount(levels, weight)
    hits = np.stack([np.bincount(levels, weight * each) for each in right.T])[:, rows > 0] / rows[rows > 0]
    chance = 1 / max(hits.shape[1], 2)
    beyond = np.append(np.clip((hits.mean(axis=1) - chance) / (1 - chance), 0.0, 1.0), 0.0)
    second, best = np.sort(beyond)[-2:]
    return float(best - second)


def _halves(n: int, rng: np.random.Generator) -> Iterator[tuple[IntArray, IntArray]]:
    first = random_half(n, rng)
    yield np.flatnonzero(first), np.flatnonzero(~first)
    yield np.flatnonzero(~first), np.flatnonzero(first)


def _probability(
    model: RandomForestClassifier | LogisticRegression, latents: FloatArray, levels: IntArray
) -> FloatArray:
    """[M]; of the true level, 0 for one that was not learned."""
    place = np.searchsorted(model.classes_, levels).clip(max=len(model.classes_) - 1)
    found = model.predict_proba(latents)[np.arange(len(levels)), place]
    return np.asarray(np.where(model.classes_[place] == levels, found, 0.0))


def _certainty(importance: FloatArray) -> FloatArray:
    """1 less the entropy of each row [M, J] in units of log J; 0 where all of a row is 0."""
    total = importance.sum(axis=1, keepdims=True)
    shares = np.divide(importance, total, out=np.full_like(importance, 1 / importance.shape[1]), where=total > 0)
    return np.asarray(1 - special.entr(shares).sum(axis=1) / np.log(max(importance.shape[1], 2)))


# --- which latent holds still: FactorVAE -----------------------------------------------------------------------------


def factorvae_score(
    latents: FloatArray, factors: IntArray, rng: np.random.Generator, resamples: int = 0
) -> dict[str, Score]:
    """Return `factorvae`: how often the latent that varies least among rows of one level tells which factor it was of.

    A vote is the latent whose variance among `VOTERS` rows of one level, over its variance among all, is least; each
    latent stands for the factor that it has most votes of, among one half of the rows, and is judged on votes of the
    other half (Kim and Mnih 2018, arXiv 1802.05983). The other factors vary among rows of a level as they do in
    the data. Factors without a level of `FEWEST` rows or more in either half have no vote.

    Parameters
    ----------
    latents, factors, rng, resamples
        As for `score_all`.
    """
    scaled = latents / latents.std(axis=0)
    halves = next(_halves(len(latents), rng))

    def measure(weight: FloatArray) -> dict[str, float]:
        drawn = [np.repeat(half, weight[half].astype(np.int64)) for half in halves]
        learned, judged = (_votes(scaled[rows], factors[rows], rng) for rows in drawn)
        right = judged[np.arange(len(judged)), learned.argmax(axis=1)].sum()
        return {"factorvae": float(right / max(judged.sum(), 1))}

    return _scores(measure, len(latents), rng, resamples)


def _votes(latents: FloatArray, factors: IntArray, rng: np.random.Generator) -> IntArray:
    """[L, K]; how often each latent varied least where a level of each factor was held."""
    votes = np.zeros((latents.shape[1], factors.shape[1]), np.int64)
    for k, levels in enumerate(factors.T):
        order, rows = np.argsort(levels, kind="stable"), np.bincount(levels)
        common = rows[levels] >= FEWEST
        if common.any():
            held = rng.choice(levels[common], size=VOTES // factors.shape[1])
            places = (np.cumsum(rows) - rows)[held][:, None] + rng.random((len(held), VOTERS)) * rows[held][:, None]
            least = latents[order[places.astype(np.int64)]].var(axis=1).argmin(axis=1)
            votes[:, k] = np.bincount(least, minlength=latents.shape[1])
    return votes
