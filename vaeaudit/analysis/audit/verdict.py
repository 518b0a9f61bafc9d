"""The verdict: a few yes-or-no questions about the dataset, each answered with its figure, and their sum in words.

A question that was not asked (representation without a population) is not listed, and "cannot tell" never counts as
a pass.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from vaeaudit.analysis.audit.results import Measurements
from vaeaudit.analysis.conclusions import Gate, GateStatus, Verdict
from vaeaudit.analysis.coverage.results import Region
from vaeaudit.analysis.coverage.shortages import STATED
from vaeaudit.analysis.latents.findings import learned_structure
from vaeaudit.analysis.latents.results import ModelSummary
from vaeaudit.analysis.outliers.results import OutlierSummary
from vaeaudit.analysis.representation.representation import Representation
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.dataset import RowAccounting
from vaeaudit.statistics.intervals import share_interval
from vaeaudit.statistics.measures import Interval
from vaeaudit.wording import numbers, phrases
from vaeaudit.wording.phrases import listed, plural
from vaeaudit.wording.rules import describe

#: Fewest rows for a verdict: with 240 rows a two-sided test at 5 % finds a group of 10 % at half its share with a power
#: of 80 % (one-sample test of a proportion: ((1.96 sqrt(.1 * .9) + 0.84 sqrt(.05 * .95)) / .05)^2 = 238).
FEWEST_ROWS = 240
#: What was given, in words.
_GIVEN = {"population": "the shares that were given", "reference": "the reference data"}
#: Reasons spelled out in the sentence.
_NAMED = 2


@dataclass(frozen=True)
class _Answer:
    """A gate, and its answer as a clause for the sentence of the verdict."""

    gate: Gate
    clause: str


def judge(
    measured: Measurements,
    accounting: RowAccounting,
    sensitive: Collection[str],
    config: AnalysisConfig,
    *,
    population_given: bool,
) -> Verdict:
    """Answer every question that was asked and sum the answers up.

    Parameters
    ----------
    measured
        What the audit measured.
    accounting
        What became of every record.
    sensitive
        Names of the sensitive columns.
    config
        Thresholds.
    population_given
        Whether the shares of a population were given; without them representativeness is not judged.
    """
    answers = [
        _rows(accounting),
        _data_quality(accounting, config),
        _model(measured.model),
        _outliers(measured.outliers, config),
    ]
    if population_given:
        answers.append(_representation(measured.representation, config))
    answers.append(_regions(measured.regions, measured.regions_tested, sensitive, config))
    statuses = [answer.gate.status for answer in answers]
    status: GateStatus = "fail" if "fail" in statuses else "inconclusive" if "inconclusive" in statuses else "pass"
    compared = population_given or measured.comparison is not None
    sentence = " ".join(_sentences(status, answers, bool(sensitive), compared))
    return Verdict(status, sentence, tuple(answer.gate for answer in answers))


def _rows(accounting: RowAccounting) -> _Answer:
    enough = accounting.scored >= FEWEST_ROWS
    meaning = (
        f"Are there enough rows to tell? {numbers.count(accounting.scored)} were scored; below {FEWEST_ROWS} a group "
        "of 10 % could be at half its proper share without being noticed."
    )
    gate = Gate("rows", "pass" if enough else "inconclusive", float(accounting.scored), float(FEWEST_ROWS), meaning)
    return _Answer(gate, f"with {plural(accounting.scored, 'row')} there are too few to tell")


def _data_quality(accounting: RowAccounting, config: AnalysisConfig) -> _Answer:
    share = accounting.quarantined / accounting.read if accounting.read else 0.0
    found = f"{numbers.count(accounting.quarantined)} of {plural(accounting.read, 'record')} ({numbers.share(share)})"
    meaning = f"Could the data be read? {found} could not; {numbers.rate(config.max_quarantined_share)} are tolerated."
    status: GateStatus = "fail" if share > config.max_quarantined_share else "pass"
    gate = Gate("data_quality", status, share, config.max_quarantined_share, meaning)
    return _Answer(gate, f"{found} could not be read")


def _model(model: ModelSummary) -> _Answer:
    gain = model.elbo_nats - model.baseline_nats
    learned = model.active_latents > 0 and learned_structure(model)
    gained = numbers.nats(gain)
    if model.elbo_ci.low is not None and model.elbo_ci.high is not None:
        low, high = model.elbo_ci.low - model.baseline_nats, model.elbo_ci.high - model.baseline_nats
        gained = numbers.with_interval(gain, Interval(low, high, model.elbo_ci.level), "nats")
    meaning = (
        f"Did the model learn how the {model.parts} go together? It gains {gained} nats per held-out row "
        f"over separate {model.parts}, with {plural(model.active_latents, 'active latent')}."
    )
    if not model.objective.has_prior:
        meaning += " An autoencoder has no prior, which flatters this figure."
    if not learned:
        meaning += " That could be chance, so no statement about outliers or latents can rest on it."
    gate = Gate("model", "pass" if learned else "inconclusive", gain, 0.0, meaning)
    return _Answer(
        gate,
        f"what the model gains over separate {model.parts} could be chance, so no statement about outliers or latents "
        "can rest on it",
    )


def _outliers(outliers: OutlierSummary, config: AnalysisConfig) -> _Answer:
    share = outliers.flagged / outliers.n if outliers.n else 0.0
    ci = share_interval(outliers.flagged, outliers.n, config.confidence)
    written = numbers.with_interval(share, ci, "share")
    most = config.max_outlier_share
    status: GateStatus = "fail" if (ci.low or 0.0) > most else "inconclusive" if share > most else "pass"
    meaning = (
        f"Do the rows belong together? {numbers.count(outliers.flagged)} of {plural(outliers.n, 'row')} ({written}) "
        f"are flagged as outliers; {numbers.rate(most)} are tolerated."
    )
    clause = f"{plural(outliers.flagged, 'row')} ({numbers.share(share)}) do not belong with the rest"
    return _Answer(Gate("outliers", status, share, most, meaning), clause)


def _representation(cells: Sequence[Representation], config: AnalysisConfig) -> _Answer:
    """Fail where a cell is surely under its share; single groups that cannot be told leave the gate open.

    Intersections that cannot be told do not: with enough attributes there are always some. The value is the lowest
    upper bound of any ratio: what the worst-off group has at best.
    """
    judged = [cell for cell in cells if cell.status is not None and cell.reference_share]
    at_best = {id(cell): (cell.ci.high or 0.0) / (cell.reference_share or 1.0) for cell in judged}
    under = sorted((cell for cell in judged if cell.status == "under"), key=lambda cell: cell.ratio or 0.0)
    open_groups = [cell for cell in judged if cell.status == "inconclusive" and len(cell.attributes) == 1]
    unclear = sum(cell.status == "inconclusive" for cell in judged)
    question = f"Does every group have at least {numbers.rate(config.min_ratio)} of its share of the population?"
    if not judged:
        meaning = f"{question} No sensitive attribute is described by the population that was given."
        return _Answer(
            Gate("representation", "inconclusive", None, config.min_ratio, meaning),
            "the population given describes none of the sensitive attributes",
        )
    found = f"{len(under)} of {plural(len(judged), 'group')} and combinations surely do not"
    if unclear:
        found += f"; {unclear} are too small to tell"
    status: GateStatus = "fail" if under else "inconclusive" if open_groups else "pass"
    gate = Gate("representation", status, min(at_best.values()), config.min_ratio, f"{question} {found}.")
    if under:
        return _Answer(gate, _worst_group(under))
    names = [phrases.group(cell.attributes, cell.group) for cell in open_groups]
    return _Answer(gate, f"the share of {listed(names)} cannot be told from so few rows")


def _worst_group(under: Sequence[Representation]) -> str:
    """Name the largest group that is short on its own, or else the worst combination."""
    alone = [cell for cell in under if len(cell.attributes) == 1]
    worst = max(alone, key=lambda cell: (cell.reference_share or 0.0) - cell.share) if alone else under[0]
    more = f" (and {plural(len(under) - 1, 'further shortfall')} among groups and their combinations)"
    more = more if len(under) > 1 else ""
    return (
        f"rows with {phrases.group(worst.attributes, worst.group)} are {numbers.share(worst.share)} of all where the "
        f"population has {numbers.share(worst.reference_share or 0.0)}{more}"
    )


def _regions(regions: Sequence[Region], tested: int, sensitive: Collection[str], config: AnalysisConfig) -> _Answer:
    """Fail only against a stated expectation.

    A shortfall against a population or reference is a fault of the sample. A shortfall against independence may be how
    the world is (few husbands are women), so it cannot fail a dataset; where it touches a sensitive attribute it leaves
    the gate open until somebody has looked, and otherwise it is listed and no more. So is one that is only a sign of
    columns that go together, one against an even spread, and one that does not come back on resampled rows.
    """
    lasting = [region for region in regions if region.stable is not False]
    stated = [region for region in lasting if region.baseline in STATED]
    independent = [region for region in lasting if region.baseline == "independence"]
    gaps = [region for region in independent if not region.is_dependence]
    touching = [region for region in gaps if any(condition.column in sensitive for condition in region.rule)]
    question = (
        f"Does every combination of columns have at least {numbers.rate(config.min_ratio)} of the rows to be expected?"
    )
    lowest = min((region.ratio for region in stated or lasting), default=None)
    if tested == 0:
        meaning = f"{question} Nothing could be tested."
        gate = Gate("regions", "inconclusive", None, config.min_ratio, meaning)
        return _Answer(gate, "no combination of columns could be tested for missing rows")
    if stated:
        given = " and ".join(_GIVEN[name] for name in dict.fromkeys(region.baseline for region in stated))
        meaning = f"{question} {len(stated)} of {numbers.count(tested)} tested surely do not, by {given}."
        gate = Gate("regions", "fail", lowest, config.min_ratio, meaning)
        return _Answer(gate, f"{_short(stated[0])} by {_GIVEN[stated[0].baseline]}")
    if touching:
        meaning = (
            f"{question} {len(independent)} of {numbers.count(tested)} tested hold fewer than if the columns were "
            f"independent, {len(touching)} of them with a sensitive attribute. Nothing that was given says whether "
            "such rows ought to exist: somebody who knows the world has to look."
        )
        gate = Gate("regions", "inconclusive", lowest, config.min_ratio, meaning)
        unsaid = "if these columns were independent, and nothing that was given says whether they ought to be"
        return _Answer(gate, f"{_short(touching[0])} {unsaid}")
    meaning = f"{question} None of {numbers.count(tested)} tested is surely short."
    if regions:
        meaning = (
            f"{question} Of {numbers.count(tested)} tested, {len(regions)} are listed as questions only: none is short "
            "against what was given, and none that holds fewer rows than independence leads one to expect touches a "
            "sensitive attribute and comes back when the rows are drawn anew."
        )
    return _Answer(Gate("regions", "pass", lowest, config.min_ratio, meaning), "")


def _short(region: Region) -> str:
    found = f"{plural(region.observed, 'row')} where {describe(region.rule)}"
    return f"there {'is' if region.observed == 1 else 'are'} {found}, against {numbers.expected(region.expected)}"


def _sentences(status: GateStatus, answers: Sequence[_Answer], any_sensitive: bool, compared: bool) -> Iterator[str]:
    failed = [answer for answer in answers if answer.gate.status == "fail"]
    unclear = [answer for answer in answers if answer.gate.status == "inconclusive"]
    asked = plural(len(answers), "check")
    if status == "fail":
        yield f"Not ready to train on as it is: {len(failed)} of {asked} failed."
        yield _reasons(failed)
        if unclear:
            yield f"{plural(len(unclear), 'check')} could not be settled."
    elif status == "inconclusive":
        yield f"No verdict yet: {len(unclear)} of {asked} could not be settled, and none failed."
        yield _reasons(unclear)
    else:
        yield f"Nothing speaks against training on it: all of {asked} passed."
    if not any_sensitive:
        yield "No sensitive attribute was declared, so nothing was judged about groups of people."
    elif not compared:
        yield (
            "Without the shares of a population only the balance of the groups is described; whether they are "
            "represented as in the world was not judged."
        )


def _reasons(answers: Sequence[_Answer]) -> str:
    clauses = [answer.clause for answer in answers[:_NAMED]]
    text = "; ".join(clauses)
    return text[:1].upper() + text[1:] + "."
