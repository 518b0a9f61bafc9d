"""`vaeaudit explain [CODE]`: the checks, what one of them is, and the policy of the verdict."""

from __future__ import annotations

import json

import click

from vaeaudit.cli.options import printable


@click.command()
@click.argument("check", metavar="[CODE]", required=False)
@click.option(
    "--policy",
    metavar="[NAME]",
    is_flag=False,
    flag_value="default",
    help="Print how the verdict follows from the checks, as TOML: default, strict, hiring, credit or medical-pictures.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def explain(check: str | None, *, policy: str | None, as_json: bool) -> None:
    """List the checks, or say what one asks, how it is computed, when it is wrong, and what to do.

    CODE is a code such as VA101, or a name such as group-short-of-population.
    """
    from vaeaudit.workflow.explain import (  # noqa: PLC0415 - keeps `--help` free of pandas
        checks_in_words,
        list_checks,
        page_of,
    )

    if policy is not None:
        from vaeaudit.analysis.audit.policy_files import policy_text  # noqa: PLC0415

        click.echo(policy_text(policy), nl=False)
    elif check is not None:
        click.echo(page_of(check), nl=False)
    elif as_json:
        click.echo(json.dumps(list_checks(), indent=2))
    else:
        for line in checks_in_words():
            click.echo(printable(line))
