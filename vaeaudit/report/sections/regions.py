"""What is missing: combinations with fewer rows than expected, as rules that a person can read."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.analysis.coverage.results import LatentRange, Region
from vaeaudit.report.parts import figures
from vaeaudit.report.parts.blocks import Answer, Block, Figure, Paragraph, Section
from vaeaudit.report.parts.decoded_galleries import region_gallery
from vaeaudit.report.parts.tables import Cell, Lines, Table, Track, numeric, plain, table, wide
from vaeaudit.report.sections.reviewed import reviewed
from vaeaudit.wording import numbers, phrases, rules

#: A box in more latents than this says nothing to a reader; report.json has it.
_MOST_RANGES = 3
#: What the columns of the table are.
_HOW_TO_READ = (
    "Rows to collect close the region even if its ratio stands at the lower end of the interval; below them, how many "
    "from the upper and from the lower end. “Returns” is the share of resamples of the rows (of refits, where a rule "
    "names latents) in which the region is found again; what seldom is comes last and fails no check."
)
BASELINE_MEANING: Mapping[str, str] = {
    "independence": "as many as there would be if the columns of the rule had nothing to do with one another",
    "population": "as many as the given population shares lead one to expect",
    "reference": "as many as the reference dataset leads one to expect",
    "uniform": "as many as an even spread over the values that occur would give",
}


def regions(results: AuditResults) -> Section:
    """Build the section."""
    lead = regions_lead(results.regions, results.regions_tested, settled=results.settled_regions)
    if not results.regions:
        tone = "good" if results.regions_tested else "unsure"
        return Section("regions", "What is missing", "", (Answer(lead, tone),))
    blocks: list[Block] = [Paragraph(sentence) for sentence in baselines_in_words(results.regions)]
    blocks += [*_latents_as_columns(results), *_computed_columns(results)]
    stated = [region for region in results.regions if not region.is_question]
    asked = [region for region in results.regions if region.is_question]
    blocks += [Paragraph(_HOW_TO_READ)]
    judged = _judged(results)
    blocks += [_table("Under-represented regions, by rank", stated, judged)] if stated else []
    blocks += [_table("Questions for somebody who knows the field", asked, judged)] if asked else []
    blocks += reviewed(results.review_of("regions"))
    if results.pictures is not None:
        blocks += region_gallery(results.pictures, results.regions)
    blocks.append(_figure(results.regions, settled=results.settled_regions))
    return Section("regions", "What is missing", lead, tuple(blocks))


def _judged(results: AuditResults) -> Mapping[str, str]:
    """Return, by id, what readers say of the regions that they judged."""
    settled = {
        name: f"no gap by readers: {phrases.name(said.reason)} ({phrases.name(said.by)})"
        for name, said in results.settled_regions.items()
    }
    return settled | dict.fromkeys(results.missing_regions, "rows are missing, say readers")


def _latents_as_columns(results: AuditResults) -> list[Block]:
    """Say what the columns of a rule are that the data does not have."""
    known = {column.name for column in results.columns}
    asked = {condition.column for region in results.regions for condition in region.rule}
    unknown = sorted(asked - known)
    if not unknown:
        return []
    are = "is a latent" if len(unknown) == 1 else "are latents"
    said = (
        f"{phrases.listed(unknown, most=8)} {are} of the model, in standard deviations of the prior; rows.parquet has "
        "each row's place on them under the same name."
    )
    return [Paragraph(f"{said}{_what_latents_follow(results, unknown)}")]


def _what_latents_follow(results: AuditResults, names: Sequence[str]) -> str:
    """Say for the latents of a rule which known column each goes with most, where one does."""
    best = {f"z_{latent.index}": latent.explains[0] for latent in results.latents if latent.explains}
    told = [
        f"{name} {phrases.explains(cause.column, cause.direction)} ({numbers.share(cause.score)} of its variance)"
        for name, cause in best.items()
        if name in names
    ]
    return f" In known columns: {'; '.join(told)}." if told else ""


def _computed_columns(results: AuditResults) -> list[Block]:
    """Say what those columns of a rule measure that were computed from the pictures."""
    asked = {condition.column for region in results.regions for condition in region.rule}
    said = [
        f"{column.name} ({column.meaning})" for column in results.columns if column.derived and column.name in asked
    ]
    return [Paragraph(f"Computed from the pictures: {'; '.join(said)}.")] if said else []


def _table(title: str, found: Sequence[Region], judged: Mapping[str, str]) -> Table:
    resampled = any(region.stability is not None for region in found)
    columns = (
        plain("Region")
        + wide("Rule")
        + numeric("Rows")
        + plain("Ratio, with interval")
        + numeric("Rows to collect", "Adjusted p")
    )
    several = len({region.baseline for region in found}) > 1
    top = max([1.0, *(region.ci.high or region.ratio for region in found)])
    track = Track(0.0, top, "ratio", reference=1.0)
    rows = [_row(region, track, resampled, several, judged.get(region.id)) for region in found]
    return table(title, columns, rows, fold=False)


def _row(region: Region, track: Track, resampled: bool, several: bool, judged: str | None) -> tuple[Cell, ...]:
    lines = [rules.describe(region.rule, cut=True), *([judged] if judged else [])]
    if several:
        lines.append(f"against {region.baseline}")
    lines += _told(region)
    where = ", ".join(_latent_range(side) for side in region.latent_box)
    if 0 < len(region.latent_box) <= _MOST_RANGES:
        lines.append(f"in the latents: {where}")
    return (
        region.id,
        Lines(tuple(lines)),
        Lines((numbers.count(region.observed), *_set_aside(region), f"of {numbers.expected(region.expected)}")),
        track.mark(region.ratio, region.ci),
        Lines(tuple(filter(None, (numbers.count(region.rows_to_collect), _range(region.rows_to_collect_range))))),
        Lines((numbers.p_value(region.p_adjusted), *((_comes_back(region),) if resampled else ()))),
    )


def _set_aside(region: Region) -> tuple[str, ...]:
    return (f"{numbers.count(region.set_aside)} flagged",) if region.set_aside else ()


def _told(region: Region) -> list[str]:
    """Tell a region by more than its rule: in known columns, by what is decoded there, by rows that exist."""
    lines = []
    if region.is_dependence and region.gap_share is not None:
        lines.append(
            f"these columns go together in other ways too: this is {numbers.share(region.gap_share)} of what they "
            "have to do with one another"
        )
    if region.description and region.precision is not None and region.recall is not None:
        lines.append(
            f"in known columns, mostly: {rules.describe(region.description, cut=True)} "
            f"({numbers.share(region.precision)} of such rows lie in it, {numbers.share(region.recall)} of its "
            "rows are such)"
        )
    if region.decoded:
        cells = "; ".join(f"{phrases.name(column)} {phrases.name(value)}" for column, value in region.decoded)
        lines.append(f"the model decodes there: {cells}")
    if region.nearest:
        lines.append(f"nearest rows: {phrases.listed(list(region.nearest), most=5)}")
    return lines


def _range(rows: tuple[int, int]) -> str:
    low, high = rows
    return "" if low == high else numbers.span(low, high, "count")


def _comes_back(region: Region) -> str:
    """Say in how many resamples a region came back; what seldom does is marked and fails no gate."""
    if region.stability is None:
        return "returns: not known"
    share = numbers.share(region.stability)
    return f"unstable, {share}" if region.stable is False else f"returns {share}"


def _latent_range(side: LatentRange) -> str:
    if side.low is None and side.high is None:
        return f"latent {side.latent} anywhere"
    if side.low is None:
        return f"latent {side.latent} below {numbers.number(side.high or 0.0)}"
    if side.high is None:
        return f"latent {side.latent} above {numbers.number(side.low)}"
    return f"latent {side.latent} from {numbers.span(side.low, side.high)}"


def _figure(found: Sequence[Region], *, settled: Container[str] = ()) -> Figure:
    still_open = [region for region in found if region.id not in settled]
    if still_open:
        widest = max(still_open, key=lambda region: region.expected - region.observed)
        which = "The widest gap that readers leave open" if len(still_open) < len(found) else "The widest gap"
        said = (
            f"{which} is in {widest.id} ({rules.describe(widest.rule, cut=True)}): "
            f"{numbers.count(widest.observed)} of about {numbers.expected(widest.expected)} expected rows."
        )
    else:
        said = "Readers say of each of these regions that no rows are missing."
    return Figure("regions-counts", "Rows there are, and rows expected", said, figures.observed_and_expected(found))


def regions_lead(regions: Sequence[Region], tested: int, *, settled: Container[str] = ()) -> str:
    """Answer what is missing.

    Parameters
    ----------
    regions, tested
        By rank; combinations that were tested.
    settled
        Regions, by id, of which readers say that no rows are missing.
    """
    if tested == 0:
        return "No combination could be tested: there are too few rows or too few columns."
    if not regions:
        return (
            f"No region is flagged: of {phrases.plural(tested, 'combination')} tested, none holds clearly fewer rows "
            "than its baseline leads one to expect."
        )
    stated = [region for region in regions if not region.is_question]
    asked = len(regions) - len(stated)
    first = min(stated or regions, key=lambda region: region.id in settled)
    named = (
        f"{rules.describe(first.rule, cut=True)}, with {phrases.plural(first.observed, 'row')} where about "
        f"{numbers.expected(first.expected)} were expected."
    )
    questions = f"{phrases.plural(asked, 'combination')} that columns have more rarely than if they were independent"
    if not stated:
        are = "is a question" if asked == 1 else "are questions"
        return f"{questions} {are} for somebody who knows the field, not faults. The first: {named}"
    also = f" Beside them, {questions}: questions for somebody who knows the field." if asked else ""
    return (
        f"{phrases.plural(len(stated), 'region')} of {phrases.plural(tested, 'combination')} tested "
        f"{'holds' if len(stated) == 1 else 'hold'} clearly fewer rows than expected. The first: {named}{also}"
    )


def baselines_in_words(regions: Sequence[Region]) -> list[str]:
    """Say what each baseline that occurs means."""
    kinds = sorted({region.baseline for region in regions})
    return [f"Baseline “{kind}”: expected is {BASELINE_MEANING.get(kind, kind)}." for kind in kinds]
