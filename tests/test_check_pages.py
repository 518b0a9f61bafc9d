"""Every check has a page that says what it does: headings, question, severities and limits are those of the code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import click
import pandas as pd
import pytest

from vaeaudit.analysis.audit.policy import DEFAULT_POLICY
from vaeaudit.analysis.audit.policy_files import policy_text
from vaeaudit.analysis.checks.base import Check
from vaeaudit.analysis.checks.registry import all_checks
from vaeaudit.analysis.conclusions import SEVERITIES as MEANINGS
from vaeaudit.analysis.conclusions import State
from vaeaudit.cli.main import COMMANDS, cli
from vaeaudit.config import FitConfig
from vaeaudit.wording.phrases import SEVERITY

PAGES = files("vaeaudit.analysis.checks").joinpath("pages")
OURS = [check for code, check in all_checks().items() if code.startswith("VA")]
HEADINGS = [
    "What it looks at",
    "How it is computed",
    "Source",
    "Example",
    "When it is wrong",
    "What to do",
]


def page(code: str) -> str:
    return PAGES.joinpath(f"{code}.md").read_text(encoding="utf-8")


def part(code: str, heading: str) -> str:
    """Return what stands under a heading, lines joined."""
    return " ".join(page(code).split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0].split())


def test_every_check_has_a_page_and_every_page_a_check() -> None:
    named = {entry.name.removesuffix(".md") for entry in PAGES.iterdir() if entry.name.endswith(".md")}
    assert named == {check.code for check in OURS}


@pytest.mark.parametrize("check", OURS, ids=lambda check: check.code)
def test_a_page_has_the_title_question_and_headings_that_all_have(check: Check) -> None:
    lines = page(check.code).splitlines()
    assert lines[0] == f"# {check.code} {check.name}"
    assert lines[2] == f"*{check.question}*"
    assert [line for line in lines if line.startswith("#")][1:] == [f"## {heading}" for heading in HEADINGS]
    assert 25 <= len(lines) <= 45
    assert max(map(len, lines)) <= 120
    assert part(check.code, "Example").startswith("> ")


@pytest.mark.parametrize("check", OURS, ids=lambda check: check.code)
def test_a_page_names_options_settings_and_checks_that_exist(check: Check) -> None:
    text = page(check.code)
    context = click.Context(cli, info_name="vaeaudit")
    options = {
        option
        for name in COMMANDS
        for parameter in cli.get_command(context, name).params  # type: ignore[union-attr]
        for option in parameter.opts
    }
    assert set(re.findall(r"--[a-z][a-z-]+", text)) <= options
    assert set(re.findall(r"\bVA\d{3}\b", text)) <= set(all_checks())
    config = FitConfig()
    settings = {**vars(config.model), **vars(config.train), **vars(config.analysis)}
    for name, value in re.findall(r"`([a-z]+(?:_[a-z]+)*)`[^`]{0,5}\(([\d.]+) unless set", text):
        assert float(value) == settings[name], name


# --- what the code says of severities and limits ------------------------------------------------------------------

#: Code -> the severities that its findings can have, where somebody wrote them down a second time.
SEVERITIES: Mapping[str, set[str]] = {
    "VA101": {"high", "medium"},
    "VA102": {"low"},
    "VA103": {"medium"},
    "VA104": {"low"},
    "VA105": {"medium", "low"},
    "VA201": {"high", "medium", "low"},
    "VA202": {"high", "medium", "low"},
    "VA203": {"low"},
    "VA204": {"low"},
    "VA301": {"medium", "low"},
    "VA302": {"medium", "low"},
    "VA303": {"medium", "low"},
    "VA351": {"low"},
    "VA352": {"medium", "low"},
    "VA401": {"high", "medium", "low"},
    "VA402": {"medium", "low"},
    "VA403": {"medium", "low", "info"},
    "VA404": {"medium", "low"},
    "VA451": {"high", "medium"},
    "VA452": {"high", "medium"},
    "VA454": {"medium", "low"},
    "VA455": {"medium"},
    "VA501": {"high", "medium", "low"},
    "VA502": {"high", "medium"},
    "VA601": {"high", "medium", "info"},
    "VA602": {"medium", "low", "info"},
    "VA603": {"medium", "low"},
    "VA604": {"medium", "low"},
    "VA605": {"high", "medium"},
    "VA651": {"high", "medium", "low"},
    "VA652": {"medium", "low"},
    "VA653": {"low", "info"},
    "VA701": set(),
    "VA702": set(),
    "VA703": {"info"},
    "VA704": set(),
    "VA801": {"high", "low"},
    "VA802": {"medium", "low"},
    "VA803": {"low", "info"},
    "VA804": {"info"},
    "VA805": {"info"},
    "VA806": {"medium", "low"},
    "VA807": {"medium", "low"},
    "VA808": {"low"},
}


@pytest.mark.parametrize("check", OURS, ids=lambda check: check.code)
def test_a_page_tells_the_severities_that_a_finding_can_have(check: Check) -> None:
    told = set(re.findall(r"\*\*(\w+)\*\*", part(check.code, "How it is computed")))
    assert told == SEVERITIES.get(check.code, told)
    assert told <= set(SEVERITY)


def test_a_check_that_cannot_touch_the_verdict_says_so_and_one_that_can_does_not() -> None:
    for check in OURS:
        if check.code == "VA401":  # only a high one can
            continue
        may = check.code in DEFAULT_POLICY or "high" in SEVERITIES.get(check.code, set())
        if check.code not in SEVERITIES:
            continue
        says_no = re.search(r"not touch the verdict|none touches the verdict", part(check.code, "How it is computed"))
        if may:
            assert not says_no, check.code
        else:
            assert says_no, check.code


def limits() -> list[tuple[str, str]]:
    """Return code and the written form of each limit that its page has to name, from the constants of the code."""
    from vaeaudit.analysis.checks import short_regions as regions
    from vaeaudit.analysis.checks import unequal_rates as unequal
    from vaeaudit.analysis.checks import va105_differs_from_reference as va105
    from vaeaudit.analysis.checks import va303_deletion_hits_a_group as va303
    from vaeaudit.analysis.checks import va352_rule_broken as va352
    from vaeaudit.analysis.checks import va401_label_balance as va401
    from vaeaudit.analysis.checks import va402_label_errors as va402
    from vaeaudit.analysis.checks import va403_same_row_other_label as va403
    from vaeaudit.analysis.checks import va404_annotators_disagree as va404
    from vaeaudit.analysis.checks import va454_cleaning_hits_a_group as va454
    from vaeaudit.analysis.checks import va502_label_given_away as va502
    from vaeaudit.analysis.checks import va601_copies_across_splits as va601
    from vaeaudit.analysis.checks import va651_label_changes as va651
    from vaeaudit.analysis.checks import va652_column_changes as va652
    from vaeaudit.analysis.checks import va653_row_order_tells as va653
    from vaeaudit.analysis.checks import va701_too_few_rows as va701
    from vaeaudit.analysis.checks import va802_missing_cells as va802
    from vaeaudit.analysis.checks import va806_placeholder_values as va806
    from vaeaudit.analysis.checks import va807_missing_by_group as va807
    from vaeaudit.analysis.checks import va808_missing_for_a_reason as va808
    from vaeaudit.analysis.coverage import crossed_columns
    from vaeaudit.analysis.coverage.axes import MAX_COLUMNS
    from vaeaudit.analysis.coverage.comparison import FEWEST_ROWS, MOST_ROWS
    from vaeaudit.analysis.coverage.results import GAP
    from vaeaudit.analysis.duplicates import splits
    from vaeaudit.analysis.duplicates.duplicates import MOST_COPIES
    from vaeaudit.analysis.fairness import cleaning, group_rates, predicted, proxies
    from vaeaudit.analysis.latents import grades
    from vaeaudit.analysis.leakage import leaks, target
    from vaeaudit.analysis.order import changes, orders, series
    from vaeaudit.analysis.quality import missingness, placeholders
    from vaeaudit.outputs.latents import ACTIVE_THRESHOLD
    from vaeaudit.statistics.change_points import BINS, MOST_CHANGES
    from vaeaudit.wording.numbers import count, rate

    far = f"less than {unequal.GRAVE_RATIO:g} times or more than {1 / unequal.GRAVE_RATIO:g} times"
    short = f"upper end of the interval is below {regions.GRAVE_RATIO:g}"
    first = f"The first {regions.MOST_REGIONS} have a finding each"
    tested = f"{crossed_columns.MIN_EXPECTED:g} rows are expected"
    in_use = f"both exceed {ACTIVE_THRESHOLD:g}"
    rows = f"up to {count(MOST_ROWS)}"
    return [
        ("VA105", f"lies above {va105._PLAIN:g}"),
        ("VA105", f"lies above {va105._CHANCE:g}"),
        ("VA105", f"at least {va105._LEAST_DISTANCE:g} apart"),
        ("VA105", f"Below {FEWEST_ROWS} rows"),
        ("VA105", rows),
        *((code, text) for code in ("VA201", "VA202") for text in (short, first, tested)),
        ("VA203", first),
        ("VA203", f"at least {GAP:g} of what its columns have to do"),
        ("VA203", f"up to {MAX_COLUMNS} columns and triples of up to {crossed_columns.TRIPLE_COLUMNS}"),
        ("VA204", first),
        ("VA303", f"is {va303.GRAVE_RATIO:g} or more"),
        ("VA352", f"The first {va352.MOST_TOLD} broken rules have a finding each"),
        ("VA401", f"fewer than {va401.FEWEST} rows"),
        ("VA401", f"less than {rate(va401.TINY_SHARE)}"),
        ("VA401", f"has less than {rate(va401.SMALL_SHARE)}"),
        ("VA401", f"has less than {rate(va401.SMALL_OF_SEVERAL)}"),
        ("VA401", f"fills more than {rate(va401.SPIKE)}"),
        ("VA401", f"fills more than {rate(va401.NEARLY_CONSTANT)}"),
        ("VA401", f"more than {va401.MOST_CLASSES} different values"),
        ("VA402", f"p at most {va402.LEVEL:g}"),
        ("VA402", f"at least {rate(va402.LEAST_RATE)} and {va402.FEWEST_ERRORS} rows"),
        ("VA402", f"above {rate(va402.MANY)}"),
        ("VA402", f"more than {rate(va402.UNSURE)}"),
        ("VA402", f"up to {count(target.MOST_ROWS)} rows"),
        ("VA403", f"at least {rate(va403.MANY)} of the labels"),
        ("VA404", f"lies below {va404.TOO_LOW:g}"),
        ("VA404", f"lies below {va404.TENTATIVE:g}"),
        *((code, text) for code in ("VA451", "VA452") for text in (far, f"at least {unequal.GRAVE_DIFFERENCE:g} (")),
        ("VA452", f"from {predicted.EVEN:g} on"),
        ("VA454", f"surely {100 * va454.SOME:g} percentage points more"),
        ("VA454", f"is {va454.GRAVE_RATIO:g} or more, and it loses {rate(va454.GRAVE_LOSS)} of its rows"),
        ("VA454", f"lack {rate(cleaning.MOSTLY_MISSING)} of their cells"),
        ("VA454", f"up to {group_rates.MOST_COMBINATIONS} combinations, at most {group_rates.MOST_SETS} sets"),
        ("VA501", f"above {proxies.PROXY_AUC:g}"),
        ("VA501", f"above {proxies.CLEAR_PROXY_AUC:g}"),
        ("VA501", f"above {proxies.OPEN_PROXY_AUC:g}"),
        ("VA501", f"shuffled {proxies.SHUFFLES} times"),
        ("VA501", f"up to {count(proxies.MOST_ROWS)} rows"),
        ("VA502", f"up to {count(target.MOST_ROWS)} rows".capitalize()),
        ("VA502", f"err at most {leaks.SAME_ERRORS:g} times as often as always"),
        ("VA502", f"an AUC of {leaks.SAME_AUC:g}"),
        ("VA502", f"errs at most {leaks.SAME_ERRORS_OF_MEASURED:g} times"),
        ("VA502", f"a rank correlation of {leaks.SAME_CORRELATION:g}"),
        (
            "VA502",
            f"err at most {leaks.PART_ERRORS:g} times as often, or hold the same value in {rate(leaks.PART_PURITY)}",
        ),
        ("VA502", f"an AUC of {leaks.STRONG_AUC:g} or a rank correlation of {leaks.STRONG_CORRELATION:g}"),
        ("VA502", f"reach {va502.ALL_BUT_KNOWN:g} in {count(va502.ENOUGH_ROWS)} rows or more"),
        ("VA601", f"more than {va601.MOST_LEAKS} pairs"),
        ("VA602", f"more than {rate(MOST_COPIES)} of the rows"),
        ("VA603", f"more than {rate(MOST_COPIES)} of the rows"),
        ("VA604", f"is at least {splits.LEAST_DISTANCE:g} and its p-value"),
        ("VA604", f"at most {splits.LEVEL:g}."),
        ("VA604", f"with a probability of {splits.LATER:g} or more"),
        ("VA604", f"Up to {splits.MOST_LEVELS} new levels"),
        ("VA605", f"more than {rate(MOST_COPIES)} of its rows"),
        ("VA651", f"(rank correlation {orders.SAME_ORDER:g} or more)"),
        ("VA651", f"each column of at most {changes.MOST_GROUPS} groups"),
        ("VA651", f"at most {BINS} bins"),
        ("VA651", f"each value of the label (at most {series.MOST_LEVELS})"),
        ("VA651", f"Up to {MOST_CHANGES} steps"),
        (
            "VA651",
            f"by {va651.GRAVE_TO_NONE:g} or more to nearly none or all ({va651.NEARLY_NONE:g}), or by {va651.GRAVE:g}",
        ),
        ("VA651", f"from {va651.MEDIUM:g}"),
        ("VA652", f"A change of less than {va652.SMALLEST:g} is not told"),
        ("VA652", f"by {va652.MEDIUM:g} or more"),
        ("VA652", f"the first {va652.MOST_FINDINGS} places a finding each"),
        ("VA653", f"if there are {orders.FEWEST_ROWS} or more"),
        ("VA653", f"differs by {va653.SMALLEST:g} or more"),
        ("VA701", f"fewer than {va701.FEWEST_ROWS} rows"),
        ("VA702", in_use),
        ("VA703", in_use),
        ("VA704", f"A from {grades.GRADES[0][1]:g}, B"),
        ("VA704", f"from {grades.GRADES[1][1]:g}, C from {grades.GRADES[2][1]:g}, D below"),
        ("VA704", f"A latent of less than {grades.LEAST_KL:g} nats"),
        ("VA802", f"{rate(va802.SOME_MISSING)} of their cells or more"),
        ("VA802", f"lacks {rate(va802.MOSTLY_MISSING)} or more"),
        ("VA806", f"at least {placeholders.FEWEST_OTHERS} other values"),
        ("VA806", f"in at least {placeholders.FEWEST_ROWS} rows"),
        ("VA806", f"in more than {rate(placeholders.MOST_ROWS['zero'])} of the rows"),
        ("VA806", f"where {rate(va806.MANY)} of the rows"),
        ("VA807", f"up to {missingness.MOST_GROUPS} groups"),
        ("VA807", f"beyond {100 * va807.SOME:g} percentage points"),
        ("VA807", f"surely {100 * va807.MUCH:g} percentage points"),
        ("VA807", f"The first {va807.MOST_FINDINGS} have a finding each"),
        ("VA808", f"at least {missingness.FEWEST_CELLS} missing cells"),
        ("VA808", f"up to {count(missingness.MOST_ROWS)} rows; of more than {missingness.MOST_SETS} sets"),
        ("VA808", f"but for {rate(missingness.SAME_ROWS)} of them"),
        ("VA808", f"lies above {missingness.TELLING_AUC:g}"),
        ("VA808", f"first {va808.MOST_FINDINGS} sets have a finding each"),
    ]


@pytest.mark.parametrize(("code", "written"), limits())
def test_a_limit_is_named_as_the_code_has_it(code: str, written: str) -> None:
    assert written in " ".join(page(code).split())


# --- docs/checks.md -----------------------------------------------------------------------------------------------

OVERVIEW = (Path(__file__).parents[1] / "docs" / "checks.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", OVERVIEW, re.MULTILINE | re.DOTALL)


def rows_under(head: str) -> list[list[str]]:
    """Return the cells of the table with this head."""
    table = OVERVIEW.split(f"| {head} |", 1)[1].split("\n\n", 1)[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def test_the_overview_explains_states_and_severities_in_the_words_of_the_code() -> None:
    assert [row[0] for row in rows_under("state | means")] == [f"`{state}`" for state in get_args(State)]
    assert rows_under("severity | means") == [[f"`{word}`", meaning] for word, meaning in MEANINGS.items()]


def test_the_overview_has_the_policy_that_explain_prints() -> None:
    assert blocks("toml")[0] == policy_text("default")


@pytest.mark.parametrize(("end", "state"), [([2, 3], "passed"), ([2, 0], "finding"), (None, "not_applicable")])
def test_the_check_that_the_overview_shows_works(end: list[int] | None, state: str) -> None:
    (source,) = blocks("python")
    assert len(source.splitlines()) <= 30
    names: dict[str, Any] = {}
    exec(source, names)  # noqa: S102 - our own page
    frame = pd.DataFrame({"begin": [1, 2]} | ({} if end is None else {"end": end}))
    answer = names["CHECK"].ask(SimpleNamespace(inputs=SimpleNamespace(frame=frame)))
    assert answer.state == state
    assert [finding.id for finding in answer.findings] == ["ACME101"] * (state == "finding")
