"""What the decoder makes of the space between and around the rows: continuity, completeness, coverage."""

from __future__ import annotations

from vaeaudit.analysis.latents.results import LatentSpaceSummary, ModelSummary
from vaeaudit.report.parts import figures
from vaeaudit.report.parts.blocks import Answer, Block, Figure, Paragraph
from vaeaudit.report.parts.tables import Cell, Column, Table, table
from vaeaudit.statistics.measures import Measure
from vaeaudit.wording import numbers, phrases

#: Jumps are called rare below this share of the walks, with the whole interval.
_RARE = 0.05
_NO_JUMPS = "Jumps are rare: from a row to its neighbours, what the model decodes changes gradually."
_JUMPS = "There, a short way in the latents leads to something quite different."
_NOTHING_KEPT = (
    "But the reconstructions keep none of the rows' variation: they all look like the average row, which is near to "
    "many rows and says nothing about any."
)


def space_between_rows(model: ModelSummary, space: LatentSpaceSummary) -> list[Block]:
    """Build the blocks on the latent space of a model that measured it."""
    blocks: list[Block] = [_between(model.continuity, space.jumps)]
    if model.completeness is not None:
        blocks.append(_around(model.completeness, space))
    if not model.objective.has_prior:
        said = "This model was trained without a prior: nothing led its latents towards N(0, 1), "
        blocks.append(Paragraph(said + "from which samples are drawn here as for every other model."))
    return [*blocks, _numbers(model, space), _distances(space)]


def _between(evenness: Measure | None, jumps: Measure | None) -> Answer:
    if evenness is None or jumps is None:
        return Answer("Between neighbouring rows the decoder changes nothing, so continuity says nothing.", "unsure")
    measured = (
        f"Continuity {_interval(evenness)}, over {phrases.plural(evenness.n, 'walk')} from a row to one of its nearest "
        "in the latents: 1 if what is decoded changes by as much in every step, 0 if all at once."
    )
    if jumps.ci.high is not None and jumps.ci.high < _RARE:
        return Answer(f"{measured} {_NO_JUMPS}", "good")
    return Answer(
        f"{measured} In {_percent(jumps)} of the walks a single step holds more than half of it. {_JUMPS}", "unsure"
    )


def _around(near: Measure, space: LatentSpaceSummary) -> Answer:
    covered, kept = space.coverage, space.kept_variation
    measured = (
        f"Completeness {_percent(near)}: this share of {phrases.plural(near.n, 'sample')} drawn from the prior is "
        "decoded to something as near to a row of the data as reconstructions of held-out rows are (a sound model: "
        f"{_expected(near)}). Coverage {_percent(covered)}: this share of held-out rows has such a sample close by "
        f"({_expected(covered)})."
    )
    if kept is None or kept.ci.low is None or kept.ci.low <= 0:
        return Answer(f"{measured} {_NOTHING_KEPT}", "unsure")
    short = []
    if _falls_short(near):
        short.append(f"{_amount(near)} what the model draws is unlike any row")
    if _falls_short(covered):
        short.append(f"{_amount(covered)} the rows are hardly ever drawn")
    if short:
        return Answer(f"{measured} That is less than a sound model gives: {' and '.join(short)}.", "unsure")
    return Answer(f"{measured} Nothing here speaks against drawing rows or pictures from this model.", "good")


def _amount(measure: Measure) -> str:
    return "some of" if measure.value >= 0.5 else "most of"


def _falls_short(measure: Measure) -> bool:
    """Whether the whole interval lies below what an ideal model gives."""
    return measure.expected is not None and measure.ci.high is not None and measure.ci.high < measure.expected


def _numbers(model: ModelSummary, space: LatentSpaceSummary) -> Table:
    measures: list[tuple[str, Measure | None, bool]] = [
        ("Continuity: evenness of the change between neighbours", model.continuity, False),
        ("Walks with a jump: more than half of the change in one step", space.jumps, True),
        ("Completeness: prior samples as near to the data as reconstructions", model.completeness, True),
        ("Coverage: held-out rows that prior samples reach", space.coverage, True),
        ("Variation of the held-out rows that reconstructions keep", space.kept_variation, True),
    ]
    rows: list[tuple[Cell, ...]] = [
        (
            name,
            _percent(found) if percent else _interval(found),
            _expected(found, percent=percent),
            numbers.count(found.n),
        )
        for name, found, percent in measures
        if found is not None
    ]
    columns = [
        Column("Measure", wide=True),
        Column("Found, with interval"),
        Column("A sound model"),
        Column("Of", True),
    ]
    return table("The latent space in numbers", columns, rows)


def _distances(space: LatentSpaceSummary) -> Figure:
    said = (
        f"Distance to the nearest of {phrases.plural(space.n_reference, 'row')}; the dotted line is the distance "
        f"within which a sample counts as near ({numbers.number(space.yardstick)}). A curve further right lies further "
        "from the data. A model that decodes everything to the average is near to all rows too: read completeness and "
        "coverage together with the variation that reconstructions keep."
    )
    return Figure("model-distances", "How near prior samples fall to the data", said, figures.distances(space))


def _interval(measure: Measure) -> str:
    return numbers.with_interval(measure.value, measure.ci, "ratio")


def _percent(measure: Measure) -> str:
    return numbers.with_interval(measure.value, measure.ci, "share")


def _expected(measure: Measure, *, percent: bool = True) -> str:
    if measure.expected is None:
        return numbers.ABSENT
    return numbers.share(measure.expected) if percent else numbers.ratio(measure.expected)
