"""Made-up audit results about people, with hostile names in every place where text of the data reaches a file.

Loaded by path (`runpy`) from both conftest files, since test folders are no packages.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from math import sqrt

import numpy as np
import pandas as pd

from vaeaudit.analysis.audit.policy import DEFAULT_POLICY
from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.analysis.checks.registry import all_checks
from vaeaudit.analysis.conclusions import CheckResult, Finding, MutedBy, Verdict, VerdictReason
from vaeaudit.analysis.coverage.results import LatentRange, Region
from vaeaudit.analysis.duplicates.duplicates import DuplicatePair, Duplicates, EqualRows, Leak
from vaeaudit.analysis.fairness.disparities import Disparity
from vaeaudit.analysis.fairness.proxies import Proxy
from vaeaudit.analysis.inputs import RunFacts, SourceFacts
from vaeaudit.analysis.latents.results import (
    Disentanglement,
    DisentanglementScore,
    EndRow,
    Explains,
    FactorLatent,
    GroupsApart,
    HeldOutDensity,
    Histogram,
    HistogramCounts,
    LatentMap,
    LatentSpaceSummary,
    LatentSummary,
    ModelSummary,
    Traversal,
)
from vaeaudit.analysis.outliers.results import (
    Agreement,
    AnyOutlierRate,
    CellSummary,
    CombinationOutlierRate,
    Companion,
    DifferingRow,
    GroupOutlierRate,
    OutlierRow,
    OutlierSummary,
    Reason,
    ScoreCurve,
    SuspiciousCell,
)
from vaeaudit.analysis.quality.columns import ColumnSummary, QuarantinedRecord
from vaeaudit.analysis.representation.representation import Representation
from vaeaudit.config import Objective
from vaeaudit.data.dataset import RowAccounting
from vaeaudit.outputs.region_rules import Condition, region_id
from vaeaudit.outputs.row_scores import OF_TABLES
from vaeaudit.statistics.measures import Interval, Measure

SCRIPT = "</script><img src=x onerror=alert(1)>"
FORMULA = '=HYPERLINK("http://x")'
BOLD = '<b>bold</b> & <a href="https://evil.example">link</a> %{x} &amp; \u202e\x07'

LESSER_FINDINGS = (
    (
        "VA301",
        "",
        "outlier",
        "medium",
        "30 rows do not belong",
        {"flagged": 30, "n": 48_842, "share": 0.0006, "fdr": 0.05},
        "Read them in flagged.csv.",
        "outliers",
    ),
    (
        "VA501",
        "sex",
        "proxy",
        "medium",
        "Sex can be told from the other columns",
        {"auc": 0.93, "ci": [0.92, 0.94], "columns": ["relationship", SCRIPT], "groups": [{"group": "Male"}]},
        "Leaving the column out does not hide it.",
        "proxies",
    ),
    (
        "VA451",
        "sex-income",
        "disparity",
        "low",
        f"The outcome differs by {BOLD}",
        {"difference": -0.19},
        "Ask why.",
        "nowhere",
    ),
    (
        "VA602",
        "",
        "duplicate",
        "info",
        "104 rows occur more than once",
        {"rows": 104},
        "Decide whether they are copies.",
        "duplicates",
    ),
)

N = 48_842
GROUPS = {
    "sex": {"Male": 32_650, "Female": 16_192},
    "race": {"White": 41_762, "Black": 4_685, "Asian-Pac-Islander": 1_519, BOLD: 470, SCRIPT: 406},
    "age": {"[17, 25)": 8_431, "[25, 40)": 18_924, "[40, 60)": 17_006, "[60, 90]": 4_481},
}
POPULATION = {
    "sex": {"Male": 0.52, "Female": 0.48},
    "race": {"White": 0.80, "Black": 0.12, "Asian-Pac-Islander": 0.03, BOLD: 0.04, SCRIPT: 0.01},
}


def share_interval(rows: float, of: float) -> Interval:
    share = rows / of if of else 0.0
    half = 1.96 * sqrt(max(share * (1 - share), 1 / max(of, 1)) / max(of, 1))
    return Interval(max(share - half, 0.0), min(share + half, 1.0), 0.95)


def people_results(**changes: object) -> AuditResults:
    """An audit as rich as that of Adult; `changes` replace whole fields."""
    fields = {
        "run": RunFacts(
            id="adult-2026",
            created="2026-05-04T09:30:12+00:00",
            seed=7,
            config={
                "read": {"label": "income", "sensitive": ["sex", "race", "age"], "id": None},
                "analysis": {"smallest_group": 30, "fdr": 0.05},
                "preset": "standard",
            },
            data=SourceFacts("adult.csv", "table", "3f" * 32),
            versions={"vaeaudit": "0.1.0", "numpy": "2.4"},
            timings={"fit": 58.3},
        ),
        "rows": RowAccounting(N + 4, N, 3, 1),
        "quarantine": (
            QuarantinedRecord("adult.csv", 12, "expected 15 fields, found 3"),
            QuarantinedRecord("adult.csv", -1, SCRIPT),
        ),
        "verdict": people_verdict(),
        "checks": people_checks(people_findings()),
        "findings": people_findings(),
        "latents": tuple(people_latent(index) for index in range(6)),
        "outliers": people_outliers(),
        "regions": people_regions(),
        "regions_tested": 412,
        "representation": people_representation(),
        "disparities": people_disparities(),
        "proxies": people_proxies(),
        "duplicates": people_duplicates(),
        "model": people_model(),
        "columns": people_columns(),
        "latent_map": people_map(),
        "traversals": (
            Traversal(
                0,
                np.linspace(-3, 3, 7),
                {
                    "hours-per-week": ("12", "20", "35", "40", "45", "50", "60"),
                    SCRIPT: ("a", "a", "b", "b", BOLD, "c", "c"),
                },
            ),
        ),
        "notes": ("Read as UTF-8, delimited by commas.", f"A column is called {SCRIPT}."),
    }
    return AuditResults(**(fields | changes))


def people_duplicates() -> Duplicates:
    return Duplicates(
        104,
        48,
        (EqualRows("1021", 4), EqualRows(FORMULA, 3)),
        0.8,
        near_pairs=3,
        near_rows=6,
        pairs=(
            DuplicatePair(("1021", FORMULA), (1021, 7), exact=True, distance=0.0, splits=("train", SCRIPT), differs=()),
            DuplicatePair((BOLD, "12"), (9, 12), exact=False, distance=0.02, splits=("train", None), differs=(SCRIPT,)),
        ),
        searched=True,
        chances={"with one cell changed": 0.31},
        look_alikes=12,
        splits={"train": 40_000, SCRIPT: 8_000},
        without_split=842,
        leakage=(Leak(SCRIPT, "train", 8_000, 21, 2, 23 / 8_000, share_interval(23, 8_000), 24),),
    )


def people_verdict() -> Verdict:
    return Verdict(
        "fail",
        "This dataset should not be trained on as it is: women and one group of race fall short of the population.",
        (VerdictReason("VA101", "fail", "finding", f"Women and {SCRIPT} fall short of the population"),),
        DEFAULT_POLICY,
    )


def people_checks(findings: tuple[Finding, ...]) -> tuple[CheckResult, ...]:
    """Answers of all checks: those of the findings, one of every other state, all others passed."""
    others = {
        "VA105": ("not_asked", "Give --reference DATA."),
        "VA103": ("not_applicable", "There are no combinations of groups without given shares."),
        "VA303": ("inconclusive", f"Nothing can be told about {SCRIPT}."),
        "VA803": ("muted", "Set aside: 1 finding."),
    }
    muted = {"VA803": (MutedBy("", f"Known of {BOLD}", FORMULA, (f"{SCRIPT}: 12 infinite values",)),)}
    results = []
    for code, check in all_checks().items():
        ids = tuple(finding.id for finding in findings if finding.code == code)
        state, why = ("finding", f"See {SCRIPT}.") if ids else others.get(code, ("passed", "Nothing was found."))
        results.append(
            CheckResult(
                code, check.name, check.question, state, why, 11, "A tenth is noticed.", ids, muted.get(code, ())
            )
        )
    return tuple(results)


def people_findings() -> tuple[Finding, ...]:
    region = people_regions()[0]
    return (
        Finding(
            code="VA101",
            subject="sex",
            kind="representation",
            severity="high",
            title="Women hold a third of the rows and nearly half of the population",
            evidence={
                "rows": 16_192,
                "share": 0.3315,
                "ci": [0.327, 0.336],
                "reference_share": 0.48,
                "p_adjusted": 1e-12,
            },
            action="Collect about 13,900 more rows of women, or weight them by `weight` in rows.parquet.",
            anchor="representation",
            rule=(Condition("sex", "in", ["Female"]),),
        ),
        Finding(
            code="VA203",
            subject=region.id,
            kind="region",
            severity="high",
            title=f"Few rows where {SCRIPT} is missing",
            evidence={"observed": 3, "expected": 41.2, "ratio": 0.073, "ci": [0.02, 0.21]},
            action="Collect at least 39 such rows.",
            anchor="regions",
            rule=region.rule,
        ),
        *(Finding(*fields) for fields in LESSER_FINDINGS),
    )


def counts_around(centre: float, spread: float, total: int, edges: np.ndarray) -> HistogramCounts:
    middle = (edges[1:] + edges[:-1]) / 2
    density = np.exp(-0.5 * ((middle - centre) / spread) ** 2) + 1e-4
    counts = np.floor(total * density / density.sum()).astype(np.int64)
    counts[len(counts) // 2] += total - counts.sum()
    share = counts / max(total, 1)
    half = 1.96 * np.sqrt(share * (1 - share) / max(total, 1) + 1e-8)
    return HistogramCounts(counts, np.maximum(share - half, 0), np.minimum(share + half, 1))


def people_latent(index: int) -> LatentSummary:
    edges = np.linspace(-3, 3, 31)
    shift = (0.8, 0.3, 0.1, 0.0, 0.5, 0.0)[index]
    by_group = {
        attribute: {
            group: counts_around(shift * (place - 0.5), 0.8 + 0.1 * place, rows, edges)
            for place, (group, rows) in enumerate(groups.items())
        }
        for attribute, groups in GROUPS.items()
    }
    causes = (
        (explains("hours-per-week", 0.71, "rises"), explains(SCRIPT, 0.12, "from a up to b")),
        (explains("education-num", 0.55, "falls"), explains("occupation", 0.31, f"from {BOLD} up to Exec-managerial")),
        (explains("capital-gain", 0.4, "higher where missing"),),
        (),
        (explains("age", 0.44, "highest in the middle"),),
        (),
    )[index]
    return LatentSummary(
        index,
        active=index < 5,
        kl_nats=(1.9, 1.2, 0.8, 0.11, 0.4, 0.0004)[index],
        name=", ".join(cause.column for cause in causes),
        stability=None if index > 4 else Measure((0.91, 0.84, 0.96, 0.31, 0.7)[index], Interval(0.3, 0.97, 0.95), 412),
        grade=("A", "B", "A", "D", "C", None)[index],
        why=(f"No row has {BOLD}, where 41 were expected.",) if index == 2 else (),
        shown=index < 3,
        explains=causes,
        histogram=Histogram(**vars(counts_around(0, 1, N, edges)), edges=edges, by_group=by_group),
        low_end=(EndRow(FORMULA, 4, -2.31, {cause.column: BOLD for cause in causes}),),
        high_end=(EndRow(SCRIPT, 5, 2.25, {cause.column: "41" for cause in causes}),),
        groups_apart={
            "sex": GroupsApart({"Female": 0.412, "Male": 0.41}, 2000, 0.0612, 0.002),
            "race": GroupsApart({"White": 0.0412, SCRIPT: 0.0833}, 2000, 0.111, 0.71),
        },
    )


def explains(column: str, score: float, direction: str) -> Explains:
    return Explains(column, score, Interval(score - 0.02, score + 0.02, 0.95), direction)


def people_outliers() -> OutlierSummary:
    top = tuple(
        OutlierRow(
            row_id=(FORMULA, SCRIPT)[place] if place < 2 else str(1_000 + 37 * place),
            position=37 * place,
            score=61.0 - place,
            p_value=1e-6 * (place + 1),
            flagged=True,
            reasons=(
                Reason("age", 5.23 - place / 10, "17", "41"),
                Reason(SCRIPT if place % 9 == 0 else "workclass", 2.1, BOLD if place % 7 == 0 else "missing", ""),
            ),
        )
        for place in range(30)
    )
    rates = tuple(
        outlier_rate((attribute,), (group,), flagged, rows)
        for attribute, groups in GROUPS.items()
        for flagged, (group, rows) in zip((14, 16, 0, 3, 2), groups.items(), strict=False)
    )
    both = (
        outlier_rate(("sex", "race"), ("Female", SCRIPT), 2, 300),
        outlier_rate(("sex", "race"), ("Male", BOLD), 0, 9),
    )
    quantiles = 12 + 6 * np.linspace(0, 1, 101) ** 3
    quantiles[-1] = 61.0
    return OutlierSummary(
        definition="Negative importance-weighted bound of the row under the model, rank-calibrated; in nats.",
        threshold=32.0,
        fdr=0.05,
        flagged=30,
        n=N,
        by_group=(*rates, outlier_rate(("race",), ("nobody",), 0, 0)),
        by_combination=both,
        curve=ScoreCurve(quantiles, np.linspace(1, 1 / N, 101), np.exp(10 - quantiles).clip(0, 1)),
        agreement=people_agreement(top),
        top=top,
        score_quantiles=quantiles,
        by_column={"age": 19, "workclass": 7, SCRIPT: 4},
        cells=people_cells(),
    )


def people_cells() -> CellSummary:
    reasons = (
        Reason("age", 26.2, "17", "46 to 51", "years_of_work", "30"),
        Reason(SCRIPT, 19.4, FORMULA, f"most often {BOLD}"),
    )
    return CellSummary(
        definition="How much a cell surprises given the other cells of its row, in nats.",
        fdr=0.05,
        flagged=3,
        n=14 * N,
        rows=2,
        share_of_rows=2 / N,
        ci=share_interval(2, N),
        rows_not_flagged=1,
        by_column={"age": 2, SCRIPT: 1},
        top=tuple(
            SuspiciousCell(row_id, 37 * place, reasons[place % 2], 10.0 ** (place - 9), row_flagged=place != 1)
            for place, row_id in enumerate((FORMULA, SCRIPT, "1000"))
        ),
    )


def outlier_rate(attributes: tuple[str, ...], group: tuple[str, ...], flagged: int, rows: int) -> AnyOutlierRate:
    others = (30 - flagged) / (N - rows)
    ratio = flagged / rows / others if rows else None
    harder = ratio is not None and ratio > 1.5
    alone = len(attributes) == 1
    named = {"attribute": attributes[0], "group": group[0]} if alone else {"attributes": attributes, "group": group}
    return (GroupOutlierRate if alone else CombinationOutlierRate)(
        **named,
        n=rows,
        flagged=flagged,
        rate=flagged / max(rows, 1),
        ci=share_interval(flagged, rows) if rows else Interval(0.0, 1.0, 0.95),
        n_others=N - rows,
        rate_of_others=others,
        ratio=ratio,
        ratio_ci=Interval(0.0 if ratio is None else 0.9 * ratio, None if ratio is None else 1.2 * ratio, 0.95),
        p_adjusted=(1e-4 if harder else 0.4) if rows >= 30 else None,
        status="empty" if rows == 0 else "small" if rows < 30 else "harder" if harder else "unclear",
    )


def people_agreement(top: tuple[OutlierRow, ...]) -> Agreement:
    def differing(row: OutlierRow, rank: int) -> DifferingRow:
        ranks = tuple(rank + far for far in (4_000, 90, 50, 10, 400))
        return DifferingRow(row.row_id, row.position, rank, ranks, rank < 30, row.reasons)

    return Agreement(
        n=N,
        n_top=30,
        of_flagged=True,
        companions=(
            Companion("isolation", 0.71, Interval(0.70, 0.72, 0.95), 11, share_interval(11, 30)),
            Companion("robust distance", None, None, 19, share_interval(19, 30)),
            *(Companion(name, 0.8, Interval(0.7, 0.9, 0.95), 20, share_interval(20, 30)) for name in OF_TABLES[2:]),
        ),
        only_model=tuple(differing(row, rank) for rank, row in enumerate(top[:8], start=1)),
        n_only_model=8,
        only_model_columns={SCRIPT: 5, "age": 3},
        only_companions=tuple(differing(replace(row, reasons=()), 800) for row in top[8:10]),
        n_only_companions=21,
    )


def people_regions() -> tuple[Region, ...]:
    rules = (
        (Condition(SCRIPT, "missing", None),),
        (Condition("age", "between", [17, 25]), Condition("education-num", "between", [13, None])),
        (Condition("sex", "in", ["Female"]), Condition("occupation", "in", ["Craft-repair", "Transport-moving", BOLD])),
        (Condition("hours-per-week", "between", [None, 20]), Condition("capital-gain", "between", [5_000.0, None])),
        (Condition(FORMULA, "in", ["x"]),),
        (Condition("race", "in", [SCRIPT]), Condition("age", "between", [60, 90.5])),
        (Condition("workclass", "in", ["Without-pay"]), Condition("sex", "in", ["Male"])),
        (Condition("age", "between", [25, 30]), Condition("marital-status", "in", ["Widowed"])),
    )
    observed = (3, 0, 212, 9, 14, 5, 11, 40)
    expected = (41.2, 88.9, 1_240.0, 47.5, 44.0, 21.3, 30.1, 81.4)
    return tuple(
        Region(
            id=region_id("population" if place == 5 else "independence", rule),
            baseline="population" if place == 5 else "independence",
            rule=rule,
            latent_box=(LatentRange(0, 1.2, None), LatentRange(1, None, -0.4)) if place < 2 else (),
            observed=seen + (4 if place == 2 else 0),
            set_aside=4 if place == 2 else 0,
            expected=due,
            ratio=seen / due,
            ci=Interval(0.6 * seen / due, (seen + 1) * 1.5 / due, 0.95),
            p_adjusted=min(1e-9 * 12**place, 1.0),
            rows_to_collect=int(due - seen) + 1,
            rows_to_collect_range=(int(due - seen) // 2, int(due - seen) + 1),
            stability=None if place == 3 else 1 - place / 20,
        )
        for place, (rule, seen, due) in enumerate(zip(rules, observed, expected, strict=True))
    )


def people_representation() -> tuple[Representation, ...]:
    cells = [single_cell(attribute, group) for attribute, groups in GROUPS.items() for group in groups]
    for first, second in (("sex", "race"), ("sex", "age"), ("race", "age")):
        for left, right in product(GROUPS[first], GROUPS[second]):
            rows = round(GROUPS[first][left] * GROUPS[second][right] / N)
            rows = 0 if rows < 60 else rows
            cells.append(
                Representation(
                    (first, second),
                    (left, right),
                    rows,
                    rows / N,
                    share_interval(rows, N),
                    "balance",
                    rows=rows,
                    rule=(Condition(first, "in", [left]), Condition(second, "in", [right])),
                )
            )
    return tuple(cells)


def single_cell(attribute: str, group: str) -> Representation:
    rows = GROUPS[attribute][group]
    reference = POPULATION.get(attribute, {}).get(group)
    cell = {"attributes": (attribute,), "group": (group,), "n": rows, "share": rows / N, "rows": rows}
    cell["rule"] = (Condition(attribute, "in", [group]),)
    if reference is None:
        return Representation(**cell, ci=share_interval(rows, N), baseline="balance")
    ratio = rows / N / reference
    status = "under" if ratio < 0.8 else "over" if ratio > 1.25 else "ok"
    return Representation(
        **cell,
        ci=share_interval(rows, N),
        baseline="population",
        reference_share=reference,
        ratio=ratio,
        p_adjusted=0.4 if status == "ok" else 1e-8,
        status="inconclusive" if group == SCRIPT else status,
    )


def people_disparities() -> tuple[Disparity, ...]:
    rates = {"Male": 0.304, "Female": 0.109, "White": 0.254, "Black": 0.121}
    entries = []
    for attribute, groups in GROUPS.items():
        for group, rows in groups.items():
            rate = rates.get(group, 0.24)
            difference = rate - 0.239
            judged = group not in (SCRIPT,)
            entries.append(
                Disparity(
                    attributes=(attribute,),
                    group=(group,),
                    rule=(Condition(attribute, "in", [group]),),
                    outcome="income = >50K",
                    favourable=None,
                    n=rows,
                    rate=rate,
                    ci=share_interval(rate * rows, rows),
                    difference=difference,
                    difference_ci=Interval(difference - 0.01, difference + 0.01, 0.95),
                    ratio=rate / 0.239,
                    ratio_ci=Interval(rate / 0.24, rate / 0.238, 0.95),
                    impact_ratio=None,
                    impact_ratio_ci=None,
                    p_adjusted=(1e-9 if abs(difference) > 0.02 else 0.6) if judged else None,
                    minimum_detectable=2.8 * sqrt(0.18 / rows),
                )
            )
    empty = Interval(0.0, 1.0, 0.95)
    nobody = {"attributes": ("race",), "group": ("nobody",), "rule": (), "n": 0, "rate": 0.0, "ci": empty}
    unknown = ("difference", "difference_ci", "ratio", "ratio_ci", "p_adjusted", "minimum_detectable")
    entries.append(replace(entries[0], **nobody, **dict.fromkeys(unknown)))
    return tuple(entries)


def people_proxies() -> tuple[Proxy, ...]:
    alone = {"relationship": 0.87, "occupation": 0.74, SCRIPT: 0.61, "hours-per-week": 0.66, FORMULA: 0.5}
    return (
        Proxy("sex", "columns", 0.933, Interval(0.929, 0.937, 0.95), alone, 0.512),
        Proxy("sex", "latents", 0.881, Interval(0.875, 0.887, 0.95), {}, 0.509),
        Proxy("race", "columns", 0.712, Interval(0.700, 0.724, 0.95), {"native-country": 0.66}, 0.521),
        Proxy("race", "latents", 0.541, Interval(0.498, 0.584, 0.95), {}, 0.523),
        Proxy("age", "columns", 0.803, Interval(0.797, 0.809, 0.95), {"marital-status": 0.74}, None),
        Proxy("age", "latents", 0.741, Interval(0.733, 0.749, 0.95), {}, None),
    )


def people_latent_space() -> LatentSpaceSummary:
    shares = np.linspace(0, 1, 101)
    return LatentSpaceSummary(
        jumps=Measure(0.002, Interval(0.0, 0.011, 0.95), 500, 0.0),
        detour=Measure(1.05, Interval(1.04, 1.06, 0.95), 500, 1.0),
        coverage=Measure(0.96, Interval(0.947, 0.97, 0.95), 1000, 0.969),
        kept_variation=Measure(0.74, Interval(0.73, 0.75, 0.95), 1000),
        n_reference=5000,
        yardstick=2.375,
        distance_shares=shares,
        prior_distances=2.61 * shares,
        held_out_distances=2.5 * shares,
    )


def people_disentanglement() -> Disentanglement:
    shared = "Two latents share 0.012 nats on average."
    gap = "Of the entropy of an average factor, the best latent tells 0.31 more than the next best."
    return Disentanglement(
        mean_abs_correlation=0.06,
        total_correlation_gaussian_nats=0.04,
        scores={
            "mean_pairwise_mi_nats": DisentanglementScore(0.012, Interval(0.01, 0.014, 0.95), 3_000, None, shared),
            "mig": DisentanglementScore(0.31, Interval(0.28, 0.34, 0.95), 2_800, 0.0, gap),
        },
        factors=(
            FactorLatent("age", 10, 1, 0.41, 4, 0.1),
            FactorLatent("race", 5, None, 0.0, None, 0.0),
        ),
    )


def people_model() -> ModelSummary:
    epochs = np.arange(1, 43)
    return ModelSummary(
        objective=Objective.BETA,
        beta=1.0,
        elbo_nats=-14.82,
        elbo_ci=Interval(-15.01, -14.63, 0.95),
        iwae_nats=-14.31,
        baseline_nats=-19.44,
        gain_ci=Interval(4.47, 4.77, 0.95),
        active_latents=5,
        latents=6,
        columns=11,
        epochs=42,
        stopped="converged",
        seconds=58.3,
        disentanglement=people_disentanglement(),
        history={
            "loss": 14.6 + 5 * np.exp(-epochs / 6),
            "val_loss": 14.8 + 5 * np.exp(-epochs / 6),
            "kl": 4.4 * (1 - np.exp(-epochs / 4)),
            "active": np.minimum(epochs, 5),
        },
        continuity=Measure(0.78, Interval(0.77, 0.79, 0.95), 500),
        completeness=Measure(0.91, Interval(0.88, 0.93, 0.95), 1000, 0.9496),
        latent_space=people_latent_space(),
        held_out=HeldOutDensity(
            n=4_884,
            iwae_samples=16,
            iwae_ci=Interval(-14.50, -14.12, 0.95),
            gain=0.51,
            gain_ci=Interval(0.49, 0.53, 0.95),
            dimensions=11,
            per_dimension={"elbo_nats": -14.82 / 11, "iwae_nats": -14.31 / 11, "baseline_nats": -19.44 / 11},
        ),
    )


def people_columns() -> tuple[ColumnSummary, ...]:
    columns = [
        ColumnSummary("age", "count", "sensitive", False, 0, 73, "17 to 90, median 37", (), True),
        ColumnSummary("sex", "boolean", "sensitive", False, 0, 2, "Male 66.8 %, Female 33.2 %", (), True),
        ColumnSummary("race", "category", "sensitive", False, 0, 5, f"White 85.5 %, {SCRIPT} 0.83 %", (), True),
        ColumnSummary("income", "boolean", "label", False, 0, 2, "<=50K 76.1 %, >50K 23.9 %", (), False),
        ColumnSummary(SCRIPT, "category", "input", True, 2_799, 9, BOLD, ("12 infinite values became missing",), False),
        ColumnSummary(FORMULA, "text", "excluded", False, 0, 48_000, "free text", (f"left out: {FORMULA}",), False),
    ]
    columns += [
        ColumnSummary(name, "category", "input", True, 857, 42, "many levels", (), name == "birthplace")
        for name in ("workclass", "education-num", "marital-status", "occupation", "relationship", "birthplace")
    ]
    return tuple(columns)


def people_map() -> LatentMap:
    rng = np.random.default_rng(3)
    size = 2_000
    groups = {
        attribute: tuple(rng.choice(list(levels), size, p=np.array(list(levels.values())) / sum(levels.values())))
        for attribute, levels in GROUPS.items()
    }
    outlier = np.zeros(size, dtype=bool)
    outlier[:7] = True
    return LatentMap((0, 1), rng.normal(size=size), rng.normal(size=size), groups, outlier)


def empty_results() -> AuditResults:
    """An audit of data in which there is nothing to report, with no sensitive column and no label."""
    return people_results(
        quarantine=(),
        verdict=Verdict("pass", "Nothing that was looked for stands out.", (), DEFAULT_POLICY),
        checks=people_checks(()),
        findings=(),
        latents=(),
        outliers=OutlierSummary("A score.", None, 0.05, 0, 40, (), (), np.linspace(0, 1, 101)),
        regions=(),
        representation=(),
        disparities=(),
        proxies=(),
        duplicates=Duplicates(0, 0, ()),
        columns=(),
        latent_map=None,
        traversals=(),
        notes=(),
    )


def people_rows(rows: int = N) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    ids = pd.Series(np.arange(rows).astype(str), dtype=object)
    ids.iloc[:2] = [SCRIPT, FORMULA]
    codes = {f"z_{latent}": rng.normal(size=rows) for latent in range(6)}
    score = rng.gamma(4.0, size=rows)
    region = pd.Series([None] * rows, dtype=object)
    region.iloc[0] = people_regions()[0].id
    return pd.DataFrame(
        {
            "row_id": ids,
            "outlier_score": score,
            "outlier_p_value": rng.uniform(size=rows),
            "outlier": score > np.sort(score)[-min(30, rows)],
            "rarity": rng.normal(size=rows),
            "region": region,
            "weight": np.ones(rows),
            **codes,
        }
    )


def people_flagged() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "row_id": [FORMULA, SCRIPT, "42"],
            "outlier_score": [61.0, -3.5, 40.25],
            FORMULA: ["-12.5", "+1", "@SUM(A1)"],
            "reasons": ["age = 17 (expected 41): 5.2 nats", f"a: 1 nats; {FORMULA}: 2 nats", None],
        }
    )
