"""`vaeaudit review RUN`: a reader's judgements on the things of a list; never imports TensorFlow."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vaeaudit.cli.options import Output, output_options, path_option, printable
from vaeaudit.cli.progress_display import Display
from vaeaudit.wording import phrases

if TYPE_CHECKING:
    import pandas as pd

    from vaeaudit.workflow.review import Answers

#: Columns of the table that is put to a reader which are not told one by one.
_OWN = ("rank", "judgement", "note", "reasons", "content")


@click.command()
@click.argument("run", metavar="[RUN]", required=False, type=click.Path(path_type=Path))
@click.option("--of", default="rows", show_default=True, metavar="LIST", help="rows, cells, labels, copies or regions.")
@click.option("-n", "--number", type=int, default=12, show_default=True, metavar="N", help="How many to judge.")
@path_option("--out", "FILE.csv", "Where what is to be judged goes; reviews/<run>.csv.")
@path_option("--judgements", "FILE.csv", "What was judged: that file with its column judgement filled in.")
@click.option("--by", metavar="NAME", help="Who judges; the name that you are logged in with.")
@output_options
def review(
    run: Path | None,
    *,
    of: str,
    number: int,
    out: Path | None,
    judgements: Path | None,
    by: str | None,
    output: Output,
) -> None:
    """Judge the things of a list, and learn how right it is; print the path of what is to be judged.

    RUN is a run directory that `fit` made; without it, the newest complete run of runs/. Lists are those of the report:
    rows of highest score, suspicious cells, doubted labels, copies, regions short of rows. Some of their things, spread
    over the first hundred, are put to you one by one, or, where there is no terminal, written as a CSV. Write into its
    column judgement "wrong" (or "cannot exist") or "sound" (or "is so in the world"); of copies, "copy" or "apart"; of
    regions, "missing", or where no rows are missing "cannot exist" or "is so in the world". Give it back with
    --judgements. Judgements are kept in the run with name and date, and reports, `score` and `rebalance` use them.
    """
    from vaeaudit.workflow.review import review as review_run  # noqa: PLC0415 - keeps `--help` free of pandas

    asks = judgements is None and not output.as_json and sys.stdin.isatty() and sys.stdout.isatty()
    display = Display(quiet=output.quiet or asks)
    with nullcontext() if asks else display.shown():  # which would keep Ctrl-C from ending a question
        made = review_run(
            run,
            of=of,
            number=number,
            out=out,
            judgements=judgements,
            by=by,
            ask=_ask if asks else None,
            on_progress=display.listen,
        )
    document = {
        "of": made.of,
        "kept": [asdict(judgement) for judgement in made.kept],
        "outdated": list(made.outdated),
        "proposed": made.proposed.to_dict("records"),
        "review": None if made.review is None else asdict(made.review),
        "path": str(made.path),
    }
    output.conclude(made.path, json.dumps(document, indent=2, allow_nan=False), _say)


def _ask(of: Any, things: pd.DataFrame) -> Answers:
    """Put things of a list to the reader one by one; what was answered before `q` counts."""
    from vaeaudit.wording.review import question_about, what_is_asked  # noqa: PLC0415 - keeps `--help` free of pandas

    question, words = question_about(of)
    thing, _ = what_is_asked(of)
    choices = ", ".join(f"{key} = {meaning}" for key, (_, meaning) in words.items())
    answers: Answers = {}
    for number, row in enumerate(things.to_dict("records"), start=1):
        click.echo(f"\n{number} of {len(things)}: {thing}, place {row['rank']} of the list")
        for name, cell in row.items():
            if name not in _OWN and str(cell) != "":
                click.echo(f"  {printable(str(name))}: {printable(str(cell))}")
        if row.get("reasons"):
            click.echo(f"  Why it is listed: {printable(row['reasons'])}")
        answer = click.prompt(
            f"{question} {choices}, n = next, q = keep these and quit",
            type=click.Choice([*words, "n", "q"]),
            show_choices=False,
        )
        if answer == "q":
            break
        if answer in words:
            answers[number - 1] = (words[answer][0], "")
    return answers


def _say(document: dict[str, Any]) -> None:
    from vaeaudit.wording.review import review_in_words, what_is_asked  # noqa: PLC0415 - keeps `--help` free of pandas

    kept, outdated = document["kept"], document["outdated"]
    thing, verdicts = what_is_asked(document["of"])
    lines = [f"{phrases.plural(len(kept), 'judgement')} of {kept[0]['by']} added."] if kept else []
    if outdated:
        lines.append(
            f"{phrases.plural(len(outdated), thing)} held other values when judged, and nothing was added: "
            f"{phrases.listed(outdated)}."
        )
    lines += [] if document["review"] is None else review_in_words(document["review"])
    if not lines:
        lines = [
            f"{phrases.plural(len(document['proposed']), thing)} to judge: write {phrases.listed(verdicts, last='or')} "
            "into the column judgement, and give the file back with --judgements."
        ]
    for line in lines:
        click.echo(printable(line), err=True)
