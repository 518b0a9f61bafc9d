"""`vaeaudit rebalance RUN`: weights and a collection plan for what a run lacks, and what generated rows would do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from vaeaudit.cli.options import Output, output_options, path_option, population_option, printable, settings_of
from vaeaudit.cli.progress_display import Display
from vaeaudit.config import Weighting
from vaeaudit.wording import numbers, phrases
from vaeaudit.wording.repairs import repairs_in_words

#: Lines of the plan that are shown unless -v asks for all.
_LINES = 5


@click.command()
@click.argument("run", metavar="[RUN]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--method",
    type=click.Choice([method.value for method in Weighting]),
    default=Weighting.TARGETS.value,
    show_default=True,
    help="Whose weights stand in the column `weight`; those of all methods stand beside it.",
)
@click.option(
    "--close",
    metavar="REGION",
    multiple=True,
    help="A region of the report, such as R3fa2b1c9, that you know to be a fault although nothing says so; "
    "repeat for more.",
)
@click.option(
    "--generated",
    is_flag=True,
    help="Write generated rows for all that is short, though nothing may show that they help; else they are written "
    "only where a check on held-out rows says so.",
)
@click.option("--alpha", type=float, metavar="X", help="Smoothing of the densities; that of `fit`.")
@click.option("--cap", type=float, metavar="X", help="Largest weight as a multiple of the median one; that of `fit`.")
@path_option("--out", "DIR", "Where it goes; rebalance/<run>/.")
@population_option
@output_options
def rebalance(
    run: Path | None,
    *,
    method: str,
    close: tuple[str, ...],
    generated: bool,
    out: Path | None,
    population: Path | None,
    output: Output,
    **options: Any,
) -> None:
    """Weight the rows of RUN, plan what to collect, and say what either would change; print the path of the folder.

    RUN is a run directory that `fit` made; without it, the newest complete run of runs/. weights.parquet holds the
    weights, plan.csv the fewest rows that close the findings, rebalance.json shares before and after. Weights are
    checked on rows that they were not fitted to. Generated rows are judged by what learns the label with them and
    without; generated.csv is written only where they help, or with --generated.
    """
    from vaeaudit.workflow.rebalance import rebalance as rebalance_run  # noqa: PLC0415 - keeps `--help` free of pandas

    with Display(quiet=output.quiet).shown() as display:
        made = rebalance_run(
            run,
            method=method,
            close=close,
            generated=generated,
            out=out,
            population=population,
            on_progress=display.listen,
            **settings_of(options),
        )
    document = (made.path / "rebalance.json").read_text(encoding="utf-8")
    output.conclude(made.path, document, lambda found: _say(found, all_lines=output.verbose), checks=made.checks)


def _say(document: dict[str, Any], *, all_lines: bool) -> None:
    most = len(document["repairs"]) if all_lines else _LINES
    plan = plan_in_words(document, all_lines=all_lines)
    for line in (*methods_in_words(document), *plan, *repairs_in_words(document, most)):
        click.echo(printable(line), err=True)


def methods_in_words(document: dict[str, Any]) -> list[str]:
    """Return a short table: what the weights of each method are worth, and what they close on held-out rows.

    Parameters
    ----------
    document
        `rebalance.json`.
    """
    lines = [
        f"Weights for {phrases.plural(document['rows'], 'row')}; findings are checked on halves that the weights were "
        "not fitted to."
    ]
    faults = {gap["id"] for gap in document["gaps"] if gap["question"] is None}
    for method in document["methods"]:
        chosen = "*" if method["method"] == document["method"] else " "
        closed = _check_in_words(method, faults) if faults else "nothing to close"
        opened = f", opens {len(method['newly_short'])}" if method["newly_short"] else ""
        lines.append(
            f" {chosen} {method['method']:<14} worth {numbers.count(method['effective_size'])} rows "
            f"({numbers.share(method['effective_share'])}), largest weight {numbers.ratio(method['largest'])}: "
            f"{closed}{opened}{_labels_in_words(method['labels'])}"
        )
        lines.extend(f"     {said}" for said in method["unreachable"][:_LINES])
        if len(method["unreachable"]) > _LINES:
            lines.append(f"     … and {len(method['unreachable']) - _LINES} more in rebalance.json")
    return [*lines, *document["notes"]]


def _check_in_words(method: dict[str, Any], faults: set[str]) -> str:
    told = [gap["held_out"] for gap in method["gaps"] if gap["id"] in faults]
    unsure = told.count("too few to tell")
    more = f" ({unsure} more: too few rows to tell)" if unsure else ""
    return f"closes {method['closed']} of {method['faults']} findings{more}"


def _labels_in_words(changes: list[dict[str, Any]]) -> str:
    if not changes:
        return ""
    told = [change["held_out"] for change in changes]
    where = "shares of a class in a group" if changes[0]["group"] else "shares of a class"
    unsure = told.count("too few to tell")
    more = f" ({unsure} more: too few rows to tell)" if unsure else ""
    return f"; evens {told.count('passes')} of {len(told)} {where}{more}"


def plan_in_words(document: dict[str, Any], *, all_lines: bool) -> list[str]:
    """Return the first lines of the collection plan, and its total.

    Parameters
    ----------
    document
        `rebalance.json`.
    all_lines
        Whether to return all of them.
    """
    plan = document["plan"]
    shown = plan["lines"] if all_lines else plan["lines"][:_LINES]
    lines = []
    if plan["lines"]:
        closed = sum(share["closed"] for share in plan["expected"])
        lines.append(
            f"To collect, at least: {phrases.plural(plan['rows'], 'row')} close {closed} of {len(plan['expected'])} "
            f"findings as they are counted ({_range(plan)} over their intervals; the report asks for the upper end of "
            "a region's)"
        )
    lines += [f"   {line['rows']:>7,} ({_range(line)}) where {line['name']}" for line in shown]
    if len(shown) < len(plan["lines"]):
        lines.append(f"   … and {len(plan['lines']) - len(shown)} more kinds of rows in plan.csv")
    if plan["questions"]:
        lines.append(f"{len(plan['questions'])} further regions are questions: collect only if such rows exist.")
    return [*lines, *plan["notes"]]


def _range(rows: dict[str, Any]) -> str:
    return numbers.span(rows["fewest"], rows["most"], "count")
