"""A page writes a value in one way: two forms that round from one value are a fault, wherever they stand."""

from __future__ import annotations

import base64
import gzip
import html
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vaeaudit.analysis.audit.asking import ask_all
from vaeaudit.analysis.audit.policy import judge
from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.analysis.checks.base import Seen
from vaeaudit.analysis.checks.measurements import Measurements
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.population_shares import Population, PopulationColumn
from vaeaudit.data.schema.columns import Column, Kind, Role, Schema
from vaeaudit.report import to_html
from vaeaudit.wording import numbers

CONFIG = AnalysisConfig()
#: Chosen limits and levels, which are written with the digits that they have.
CHOSEN = {"5", "10", "80", "95", "1", "2", "0.1", "0.01", "0.001", "100"}
NUMBER = r"[\N{MINUS SIGN}<>]*\d+(?:,\d{3})*(?:\.\d+)?"
INTERVAL = rf"\[\+?({NUMBER}), \+?({NUMBER})\]"


def concluded(results: AuditResults) -> AuditResults:
    """Draw findings, answers and verdict from the measurements, as an audit does; no check looks into single cells."""
    measured = Measurements(**{entry.name: getattr(results, entry.name) for entry in fields(Measurements)})
    columns = (Column(column.name, Kind(column.kind), Role(column.role), in_model=False) for column in results.columns)
    named = {column.name for column in results.columns}
    named |= {name for cell in results.representation for name in cell.attributes}
    inputs: Any = SimpleNamespace(
        frame=pd.DataFrame(index=range(results.outliers.n), columns=sorted(named)),
        schema=Schema(tuple(columns)),
        codes=SimpleNamespace(held_out=np.ones(4_884, dtype=bool)),
        pictures=results.pictures,
        reference=None,
        member_means=np.zeros((1, 1, 6)),
        judgements=(),
    )
    population = Population("census.csv", (PopulationColumn("sex", levels=("Female", "Male")),), (0.48, 0.52))
    checks, findings = ask_all(Seen(measured, inputs, CONFIG, population))
    return replace(results, checks=checks, findings=findings, verdict=judge(checks, findings))


def shares_of(results: AuditResults) -> Iterator[float | None]:
    """Yield all that is a share of rows, of cells or of a variance, with both ends of its interval."""
    for cell in results.representation:
        yield from (cell.share, *cell.ci.bounds, cell.reference_share)
    for entry in results.disparities:
        yield from (entry.rate, *entry.ci.bounds)
        yield None if entry.difference is None else entry.rate - entry.difference
    for rate in (*results.outliers.by_group, *results.outliers.by_combination):
        yield from (rate.rate, *rate.ci.bounds, rate.rate_of_others)
    for leak in results.duplicates.leakage:
        yield from (leak.share, *leak.ci.bounds)
    yield results.outliers.flagged / results.outliers.n
    yield from (region.stability for region in results.regions)
    yield from (cause.score for latent in results.latents for cause in latent.explains)


def figures_of(results: AuditResults) -> Iterator[tuple[float | None, Callable[[float], str]]]:
    """Yield ratios, AUC, nats and expected rows, and how each is written."""
    for proxy in results.proxies:
        yield from ((value, numbers.ratio) for value in (proxy.auc, *proxy.ci.bounds, *proxy.by_column.values()))
    for region in results.regions:
        yield from ((value, numbers.ratio) for value in (region.ratio, *region.ci.bounds))
        yield region.expected, numbers.expected
    yield from ((cell.ratio, numbers.ratio) for cell in results.representation)
    model = results.model
    nats = (model.elbo_nats, *model.elbo_ci.bounds, model.iwae_nats, model.baseline_nats)
    yield from ((value, numbers.nats) for value in (*nats, model.elbo_nats - model.baseline_nats))
    yield from ((latent.kl_nats, numbers.nats) for latent in results.latents)


def others_of(results: AuditResults) -> Iterator[str]:
    """Yield the forms of numbers of other kinds, which may happen to round from one of those above."""
    for latent in results.latents:
        yield from map(numbers.number, latent.histogram.edges)
    space, curve = results.model.latent_space, results.outliers.curve
    if space is not None:
        yield from map(numbers.number, (*space.prior_distances, *space.held_out_distances))
    if curve is not None:
        yield from map(numbers.number, curve.scores)
    yield from ("2.3", "4.6")  # what a nat is, in the glossary
    yield from map(numbers.p_value, (entry.p_adjusted for entry in (*results.representation, *results.disparities)))
    yield from map(numbers.p_value, (region.p_adjusted for region in results.regions))
    for entry in results.disparities:
        bounds = () if entry.ratio_ci is None else entry.ratio_ci.bounds
        yield from (numbers.ratio(value) for value in (entry.ratio, *bounds) if value is not None)
    for rate in (*results.outliers.by_group, *results.outliers.by_combination):
        yield from (numbers.ratio(value) for value in (rate.ratio, *rate.ratio_ci.bounds) if value is not None)
    yield from map(
        numbers.nats_of_a_part, results.model.held_out.per_dimension.values() if results.model.held_out else ()
    )
    yield from (numbers.nats(why.nats) for row in results.outliers.top for why in row.reasons)


def words_of(page: str) -> str:
    """Return what a reader sees: the text of the page, and what the figures say on pointing at them."""
    packed = re.search(r'<script type="text/plain" id="figures-gzip">(.*?)</script>', page, flags=re.S)
    specs = json.loads(gzip.decompress(base64.b64decode(packed.group(1)))) if packed else {}
    bare = re.sub(r"<(script|style|pre)\b.*?</\1>", " ", page, flags=re.S)
    bare = re.sub(r"data:image/[^\"']*", " ", bare)
    text = html.unescape(re.sub(r"<[^>]*>", " ", bare)).replace("\N{NO-BREAK SPACE}", " ")
    return "\n".join([text, *(html.unescape(hover.replace("<br>", "\n")) for hover in hovers(specs))])


def hovers(spec: Any) -> Iterator[str]:
    if isinstance(spec, Mapping):
        for key, value in spec.items():
            yield from value if key == "hovertext" else hovers(value)
    elif isinstance(spec, list):
        for value in spec:
            yield from hovers(value)


def percentages(text: str) -> set[str]:
    """Return all numbers in per cent: before the sign, and in the interval around it."""
    found = set(re.findall(rf"({NUMBER}) ?%", text))
    for pattern in (rf"%\s+{INTERVAL}", rf"{INTERVAL} ?%"):
        found |= {token for ends in re.findall(pattern, text) for token in ends}
    return found


def forms(token: str, value: float) -> bool:
    """Whether a number as written rounds from this value."""
    plain = token.replace(",", "").replace("\N{MINUS SIGN}", "-").lstrip("<>")
    decimals = len(plain.partition(".")[2])
    return abs(value - float(plain)) <= 0.5 * 10**-decimals * (1 + 1e-9)


def written_otherwise(
    tokens: Iterable[str], values: Iterable[tuple[float, str]], also: Iterable[str] = ()
) -> list[tuple[float, str, str]]:
    """Return (value, its form, the other form) of each value that is written in another form, too."""
    pairs = list(values)
    known = {form for _, form in pairs} | set(also)
    unknown = [token for token in tokens if token not in known]
    return [(value, form, token) for value, form in pairs for token in unknown if forms(token, value)]


def doubles(text: str, results: AuditResults) -> list[tuple[float, str, str]]:
    """Return all values of the results that the text writes with different digits."""
    shares = [
        (100 * value, numbers.share(value).removesuffix(" %")) for value in shares_of(results) if value is not None
    ]
    figures = [(value, write(value)) for value, write in figures_of(results) if value is not None]
    bare = re.sub(rf"{INTERVAL} ?(%|pp)|{NUMBER} ?(%|pp)(\s+{INTERVAL})?", " ", text)
    # Of one digit, such as "0.5 is guessing", nothing is said about any value.
    decimals = {
        token for token in re.findall(NUMBER, bare) if "." in token and len(token.strip("\N{MINUS SIGN}0.")) > 1
    }
    found = written_otherwise(percentages(text), shares, CHOSEN)
    return found + written_otherwise(decimals, figures, others_of(results))


@pytest.fixture(scope="module")
def audited(results: AuditResults) -> AuditResults:
    return concluded(results)


@pytest.fixture(scope="module")
def text(audited: AuditResults) -> str:
    return words_of(to_html(audited))


def test_no_value_is_written_in_two_ways_on_a_page(text: str, audited: AuditResults) -> None:
    assert doubles(text, audited) == []


def test_no_value_is_written_in_two_ways_on_a_page_of_pictures(pictured: AuditResults) -> None:
    shown = concluded(pictured)
    assert doubles(words_of(to_html(shown)), shown) == []


def test_findings_and_sections_say_the_same_of_the_same_value(text: str, audited: AuditResults) -> None:
    titles = " ".join(finding.title for finding in audited.findings)
    short = next(cell for cell in audited.representation if cell.group == ("Female",))
    said = numbers.with_interval(short.share, short.ci, "share")
    assert said in titles
    assert text.count(said.split(" %")[0]) > 2
    assert all(numbers.count(count) in text and str(count) not in text for count in (48_842, 16_192))


@pytest.mark.parametrize(
    "planted",
    [
        "33 % of the rows",
        "33.15 % of all",
        "[32.73, 33.6] %",
        "AUC 0.933",
        "about 41.2 rows",
        "\N{MINUS SIGN}14.8 nats",
    ],
)
def test_a_second_form_of_a_value_is_noticed(text: str, audited: AuditResults, planted: str) -> None:
    assert doubles(f"{text} {planted}", audited) != []


def test_what_figures_say_on_pointing_is_read_too(text: str) -> None:
    assert "rows there are" in text
    assert "would if all belonged" in text
