"""Findings about the latents, the model behind them, and the quality of the table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vaeaudit.analysis.conclusions import Finding, facts
from vaeaudit.analysis.latents.results import LatentSummary, ModelSummary
from vaeaudit.analysis.quality.columns import ColumnSummary
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.dataset import RowAccounting
from vaeaudit.data.schema.columns import Kind, Role
from vaeaudit.statistics.intervals import share_interval
from vaeaudit.wording import numbers
from vaeaudit.wording.phrases import listed, plural

#: Columns with a larger share of missing cells are named; from the second share on they say more about who
#: answered than about the answer.
SOME_MISSING, MOSTLY_MISSING = 0.05, 0.5
_LISTED = 40


def latent_findings(latents: Sequence[LatentSummary], model: ModelSummary) -> Iterator[Finding]:
    """Yield a finding where no latent is active, where some are not, and where the model gained nothing."""
    active = [latent for latent in latents if latent.active]
    evidence = {
        "active": len(active),
        "latents": len(latents),
        "kl_nats": [latent.kl_nats for latent in latents][:_LISTED],
    }
    if not active:
        yield Finding(
            id="latent-none-active",
            kind="latent",
            severity="high",
            title=(
                f"None of the {len(latents)} latents carries anything: the model sees nothing but separate "
                f"{model.parts}"
            ),
            evidence=evidence,
            action=(
                "Fit with a smaller --beta or a longer --preset; if nothing changes, the "
                f"{model.parts} are independent."
            ),
            anchor="latents",
        )
    elif len(active) < len(latents):
        yield Finding(
            id="latent-inactive",
            kind="latent",
            severity="info",
            title=f"{len(active)} of {len(latents)} latents are in use; the others carry next to nothing",
            evidence=evidence,
            action="Nothing to do: the model needed no more of them.",
            anchor="latents",
        )
    if active and not learned_structure(model):
        yield Finding(
            id="latent-no-gain",
            kind="latent",
            severity="medium",
            title=(
                f"The model does not surely describe held-out rows better than separate {model.parts} do: "
                f"{numbers.nats(model.elbo_nats)} against {numbers.nats(model.baseline_nats)} nats per row"
            ),
            evidence={"elbo_nats": model.elbo_nats, "ci": model.elbo_ci.bounds, "baseline_nats": model.baseline_nats},
            action="Do not build on the latents and outliers of this run; fit with --preset thorough or more rows.",
            anchor="model",
        )


def learned_structure(model: ModelSummary) -> bool:
    """Whether the held-out ELBO lies above that of independent columns with its whole interval."""
    return model.elbo_ci.low is not None and model.elbo_ci.low > model.baseline_nats


def quality_findings(
    columns: Sequence[ColumnSummary], accounting: RowAccounting, config: AnalysisConfig
) -> Iterator[Finding]:
    """Yield findings about rows set aside, missing cells, problems met while reading, and columns left out."""
    if accounting.quarantined:
        yield _quarantine(accounting, config)
    yield from _missing(columns, accounting.scored, config)
    yield from _problems(columns)
    yield from _left_out(columns)
    yield from _undeclared(columns)


def _quarantine(accounting: RowAccounting, config: AnalysisConfig) -> Finding:
    share = accounting.quarantined / accounting.read
    records = plural(accounting.read, "record")
    return Finding(
        id="quality-quarantined-rows",
        kind="quality",
        severity="high" if share > config.max_quarantined_share else "low",
        title=f"{numbers.count(accounting.quarantined)} of {records} ({numbers.share(share)}) could not be read",
        evidence={
            **facts(accounting, "quarantined", "read", "skipped"),
            "share": share,
            "ci": share_interval(accounting.quarantined, accounting.read, config.confidence).bounds,
        },
        action="Mend them at the source: quarantine.csv names file, row and reason of each. No figure counts them.",
        anchor="quality",
    )


def _missing(columns: Sequence[ColumnSummary], n_rows: int, config: AnalysisConfig) -> Iterator[Finding]:
    shares = {column.name: column.missing / n_rows for column in columns if n_rows > 0}
    holed = sorted((name for name in shares if shares[name] >= SOME_MISSING), key=lambda name: (-shares[name], name))
    if not holed:
        return
    worst = next(column for column in columns if column.name == holed[0])
    names = [f"{name} ({numbers.share(shares[name])})" for name in holed]
    yield Finding(
        id="quality-missing-cells",
        kind="quality",
        severity="medium" if shares[worst.name] >= MOSTLY_MISSING else "low",
        title=f"{plural(len(holed), 'column')} with many missing cells: {listed(names)}",
        evidence={
            "columns": len(holed),
            "missing": worst.missing,
            "n": n_rows,
            "ci": share_interval(worst.missing, n_rows, config.confidence).bounds,
            "shares": {name: shares[name] for name in holed[:_LISTED]},
        },
        action="Find out why they are empty, and for whom, before imputing: absence may say more than a value would.",
        anchor="quality",
    )


def _problems(columns: Sequence[ColumnSummary]) -> Iterator[Finding]:
    troubled = [column for column in columns if column.problems]
    if not troubled:
        return
    first = troubled[0]
    more = f", and {plural(len(troubled) - 1, 'more column')} with remarks" if len(troubled) > 1 else ""
    yield Finding(
        id="quality-column-problems",
        kind="quality",
        severity="low" if any(column.in_model for column in troubled) else "info",
        title=f"{first.name}: {first.problems[0].rstrip('.')}{more}",
        evidence={
            "columns": len(troubled),
            "problems": {column.name: list(column.problems) for column in troubled[:_LISTED]},
        },
        action="Check these cells at the source, or declare the column's kind if it was read wrongly.",
        anchor="quality",
    )


def _left_out(columns: Sequence[ColumnSummary]) -> Iterator[Finding]:
    reasons = {Kind.TEXT.value: "free text", Kind.IDENTIFIER.value: "identifier", Kind.CONSTANT.value: "constant"}
    left_out = {
        column.name: "excluded" if column.role == Role.EXCLUDED.value else reasons[column.kind]
        for column in columns
        if not column.in_model
        and column.role not in (Role.ID.value, Role.LABEL.value, Role.SENSITIVE.value)
        and (column.role == Role.EXCLUDED.value or column.kind in reasons)
    }
    if not left_out:
        return
    names = [f"{name} ({reason})" for name, reason in left_out.items()]
    yield Finding(
        id="quality-columns-left-out",
        kind="quality",
        severity="info",
        title=f"{plural(len(left_out), 'column')} took no part in the model: {listed(names)}",
        evidence={"columns": len(left_out), "left_out": dict(list(left_out.items())[:_LISTED])},
        action="Nothing in this report speaks about their content; check them by other means.",
        anchor="quality",
    )


def _undeclared(columns: Sequence[ColumnSummary]) -> Iterator[Finding]:
    names = [
        column.name
        for column in columns
        if column.suggested_sensitive and column.role not in (Role.SENSITIVE.value, Role.EXCLUDED.value, Role.ID.value)
    ]
    if not names:
        return
    options = " ".join(f"--sensitive {name}" for name in names[:3])
    yield Finding(
        id="quality-undeclared-sensitive",
        kind="quality",
        severity="info",
        title=f"The name suggests a sensitive attribute, but none was declared: {listed(names)}",
        evidence={"columns": len(names), "names": names[:_LISTED]},
        action=f"If so, fit again with {options}; groups, labels and proxies are then audited for it.",
        anchor="quality",
    )
