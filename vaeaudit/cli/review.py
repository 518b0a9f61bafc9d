"""`vaeaudit review RUN`: a reader's judgements on the rows of highest score; never imports TensorFlow."""

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

#: Columns of the table that is put to a reader which are no cells of the row.
_OWN = ("row_id", "rank", "judgement", "note", "reasons", "content")


@click.command()
@click.argument("run", metavar="[RUN]", required=False, type=click.Path(path_type=Path))
@click.option("--rows", type=int, default=12, show_default=True, metavar="N", help="How many rows to judge.")
@path_option("--out", "FILE.csv", "Where the rows to judge go; reviews/<run>.csv.")
@path_option("--judgements", "FILE.csv", "Rows that were judged: that file with its column judgement filled in.")
@click.option("--by", metavar="NAME", help="Who judges; the name that you are logged in with.")
@output_options
def review(
    run: Path | None, *, rows: int, out: Path | None, judgements: Path | None, by: str | None, output: Output
) -> None:
    """Judge rows of highest score, and learn how right the list is; print the path of the rows to judge.

    RUN is a run directory that `fit` made; without it, the newest complete run of runs/. Some rows, spread over the
    first hundred of the list, are put to you one by one, or, where there is no terminal, written as a CSV: write
    "wrong" (or "cannot exist") or "sound" (or "is so in the world") into its column judgement, and give it back with
    --judgements. Judgements are kept in the run with name and date, and reports use them.
    """
    from vaeaudit.workflow.review import review as review_run  # noqa: PLC0415 - keeps `--help` free of pandas

    asks = judgements is None and not output.as_json and sys.stdin.isatty() and sys.stdout.isatty()
    display = Display(quiet=output.quiet or asks)
    with nullcontext() if asks else display.shown():  # which would keep Ctrl-C from ending a question
        made = review_run(
            run,
            rows=rows,
            out=out,
            judgements=judgements,
            by=by,
            ask=_ask if asks else None,
            on_progress=display.listen,
        )
    document = {
        "kept": [asdict(judgement) for judgement in made.kept],
        "outdated": list(made.outdated),
        "proposed": made.proposed.to_dict("records"),
        "review": None if made.review is None else asdict(made.review),
        "path": str(made.path),
    }
    output.conclude(made.path, json.dumps(document, indent=2, allow_nan=False), _say)


def _ask(rows: pd.DataFrame) -> Answers:
    """Put rows to the reader one by one; what was answered before `q` counts."""
    answers: Answers = {}
    for number, row in enumerate(rows.to_dict("records"), start=1):
        click.echo(f"\n{number} of {len(rows)}: row {printable(row['row_id'])}, place {row['rank']} of the list")
        for name, cell in row.items():
            if name not in _OWN and cell != "":
                click.echo(f"  {printable(str(name))}: {printable(str(cell))}")
        if row["reasons"]:
            click.echo(f"  Why it is listed: {printable(row['reasons'])}")
        question = "Does it belong? s = sound, w = wrong (cannot be so), n = next, q = keep these and quit"
        answer = click.prompt(question, type=click.Choice(["s", "w", "n", "q"]), show_choices=False)
        if answer == "q":
            break
        if answer != "n":
            answers[row["row_id"]] = ("sound" if answer == "s" else "wrong", "")
    return answers


def _say(document: dict[str, Any]) -> None:
    from vaeaudit.wording.review import review_in_words  # noqa: PLC0415 - keeps `--help` free of pandas

    kept, outdated = document["kept"], document["outdated"]
    lines = [f"{phrases.plural(len(kept), 'judgement')} of {kept[0]['by']} added."] if kept else []
    if outdated:
        lines.append(
            f"{phrases.plural(len(outdated), 'row')} held other values when judged, and nothing was added: "
            f"{phrases.listed(outdated)}."
        )
    lines += [] if document["review"] is None else review_in_words(document["review"])
    if not lines:
        lines = [
            f"{phrases.plural(len(document['proposed']), 'row')} to judge: write wrong or sound into the column "
            "judgement, and give the file back with --judgements."
        ]
    for line in lines:
        click.echo(printable(line), err=True)
