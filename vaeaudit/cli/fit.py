"""`vaeaudit fit DATA`: read, learn, score; leaves a run directory and prints its path."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vaeaudit.cli.options import (
    Output,
    choice_option,
    config_option,
    factors_option,
    fit_config_from,
    group_options,
    mute_option,
    output_options,
    path_option,
    printable,
    read_options,
    settings_of,
    together,
    uniform_option,
)
from vaeaudit.cli.progress_display import Display
from vaeaudit.config import Density, FitConfig, Objective, Preset, Rarity
from vaeaudit.errors import UsageError
from vaeaudit.settings import with_settings
from vaeaudit.wording import numbers, phrases

if TYPE_CHECKING:
    from vaeaudit.runs.reading import Run

#: Options that say where things are or what is shown; with --resume all others come from the interrupted run.
_FREE_WITH_RESUME = {"source", "run", "out", "resume", "quiet", "verbose", "as_json"}

_BETA = "Weight of the KL term (1 is the VAE), or of what the objective has in its place; auto: by short trainings."
_CAPACITY = "What the KL rises to while training; with --objective capacity."
_DEBIAS = "Draw rows for training the more often, the rarer their latents (DB-VAE)."
_POWER = "Plant gaps and wrong cells in copies of DATA, and say how many the audit finds."
_LADDER = "Train an auto-encoder, a VAE and a beta-VAE beside, and show what each makes of the rows."
_SEED = "The same seed gives the same result on the same machine; 0."
#: Adds everything that a fit is told, but for how its result is shown.
fit_options = together(
    (
        read_options,
        path_option("--run", "DIR", "Where the run goes; runs/<name>-<time>."),
        path_option("--population", "FILE", "Shares that the sensitive groups ought to have, as CSV."),
        path_option("--reference", "DATA", "Another dataset to compare with, read with the columns of DATA."),
        uniform_option,
        choice_option("--preset", Preset, "How long training may take."),
        choice_option("--objective", Objective, "What training minimises."),
        click.option("--beta", metavar="X", help=_BETA),
        click.option("--capacity", type=float, metavar="NATS", help=_CAPACITY),
        click.option("--latents", metavar="N", help="Number of latents, or auto."),
        click.option("--epochs", type=int, metavar="N", help="Most epochs."),
        click.option("--members", type=int, metavar="N", help="Refits from other seeds that say what is stable; 1."),
        click.option("--debias", is_flag=True, help=_DEBIAS),
        click.option("--power", is_flag=True, help=_POWER),
        click.option("--ladder", is_flag=True, help=_LADDER),
        click.option("--fdr", type=float, metavar="X", help="False-discovery rate of flags and tests; 0.05."),
        choice_option("--rarity", Rarity, "What makes a row rare; joint."),
        choice_option("--density", Density, "Family of the joint density; auto."),
        factors_option,
        mute_option,
        group_options,
        click.option("--seed", type=int, metavar="N", help=_SEED),
        click.option("--resume", is_flag=True, help="Go on with the training that was interrupted."),
        config_option,
    )
)


@click.command()
@click.argument("source", metavar="DATA", type=click.Path(path_type=Path))
@fit_options
@output_options
@click.pass_context
def fit(context: click.Context, /, source: Path, *, output: Output, **options: Any) -> None:
    """Learn DATA and score its rows; print the path of the run directory.

    DATA is a CSV, TSV, Parquet, Feather or JSON-lines file (also .gz or .zst), a folder of such files, a folder of
    pictures, or a .npy or .npz file of pictures or vectors. The label and sensitive columns stay out of the model
    unless --include lets them in, or --condition gives them beside the latents; of pictures only the pixels enter.
    """
    given = fit_arguments(context, options)
    from vaeaudit.workflow.fit import fit as make_run  # noqa: PLC0415 - keeps `--help` free of pandas

    with Display(quiet=output.quiet).shown() as display:
        made = make_run(source, **given, on_progress=display.listen, is_interrupted=display.is_interrupted)
    document = json.dumps({"run": str(made.path), **made.metadata, **asdict(made.answers)}, allow_nan=False, indent=2)

    def say(_: Any) -> None:
        say_what_was_read(made, output)
        click.echo(f"Next: vaeaudit report {printable(shlex.quote(str(made.path)))}", err=True)

    output.conclude(made.path, document, say)


def fit_arguments(context: click.Context, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `fit_options` say, as the workflow's `fit` takes it.

    Raises
    ------
    UsageError
        Where a value cannot be used, or is given with --resume.
    """
    if options["resume"]:
        _refuse_settings(context)
    places = {name: options[name] for name in ("run", "population", "reference", "resume")}
    return {**places, "config": fit_config_of(options["config_file"], options)}


def fit_config_of(config_file: Path | None, options: Mapping[str, Any]) -> FitConfig:
    """Lay the command line over `--config` over the defaults.

    Raises
    ------
    UsageError
        Where a value cannot be used.
    """
    return with_settings(fit_config_from(config_file), settings_of(options))


def say_what_was_read(run: Run, output: Output) -> None:
    """Print row accounting, what was left out, and what the model came to, on standard error."""
    rows, training = run.metadata["rows"], run.metadata["training"]
    click.echo(f"Rows: {phrases.accounting(rows)}", err=True)
    notes = [*run.metadata["notes"], *(f"{c.name}: {problem}" for c in run.schema for problem in c.problems)]
    output.notes(notes, "or in `vaeaudit inspect`")
    codes = run.codes
    click.echo(
        f"Model: {int(codes.active.sum())} of {codes.n_latents} latents active; held-out ELBO "
        f"{numbers.nats(codes.elbo[codes.held_out].mean())} nats per row, {numbers.nats(training['baseline_nats'])} "
        f"without latents; {phrases.plural(training['epochs'], 'epoch')} in {numbers.duration(training['seconds'])}.",
        err=True,
    )


def _refuse_settings(context: click.Context) -> None:
    given = [
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name not in _FREE_WITH_RESUME
        and context.get_parameter_source(str(parameter.name)) is click.core.ParameterSource.COMMANDLINE
    ]
    if given:
        raise UsageError(
            f"--resume goes on with the settings of the interrupted run; leave out {', '.join(given)}.",
            hint="Leave out --resume to start afresh with other settings.",
        )
