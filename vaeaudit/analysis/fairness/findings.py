"""Findings about fairness: labels that differ between groups, and what gives a group away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from vaeaudit.analysis.conclusions import Finding
from vaeaudit.analysis.fairness.results import Disparity, Proxy
from vaeaudit.config import AnalysisConfig
from vaeaudit.wording import numbers, phrases
from vaeaudit.wording.phrases import finding_id, listed, plural

#: A proxy is a finding when its interval lies above 0.6, and grave from 0.7 and 0.9 on: Hosmer and Lemeshow (2000,
#: chapter 5) call 0.7 acceptable and 0.9 outstanding for a predictor; here being predictable is the fault.
PROXY_AUC, CLEAR_PROXY_AUC, OPEN_PROXY_AUC = 0.6, 0.7, 0.9
#: A rate less than half, or more than twice, that of all others, and ten points away from it, is grave.
GRAVE_RATIO, GRAVE_DIFFERENCE = 0.5, 0.1
#: Whether the data is made of pictures, and what an attribute is predicted from -> in words.
_SOURCES = {
    (False, "columns"): "The columns",
    (False, "latents"): "The latents",
    (True, "columns"): "Measures of light, colour, sharpness and place",
    (True, "latents"): "The latents",
}
#: Groups listed in the evidence of a finding.
_LISTED = 20


def disparity_findings(disparities: Sequence[Disparity], config: AnalysisConfig) -> Iterator[Finding]:
    """Yield one finding per attribute and outcome where a group's rate is both surely and clearly different."""
    for (attribute, outcome), members in groupby(disparities, key=lambda entry: (entry.attribute, entry.outcome)):
        judged = [entry for entry in members if entry.p_adjusted is not None and entry.difference is not None]
        clear = [
            entry
            for entry in judged
            if (entry.p_adjusted or 0.0) < config.fdr and not config.min_ratio <= _rate_ratio(entry) <= config.max_ratio
        ]
        if not clear:
            continue
        worst = max(clear, key=lambda entry: (round(abs(entry.difference or 0.0), 12), -entry.rate))
        difference = worst.difference or 0.0
        grave = abs(difference) >= GRAVE_DIFFERENCE and not GRAVE_RATIO <= _rate_ratio(worst) <= 1 / GRAVE_RATIO
        others = f"; {plural(len(clear) - 1, 'more group')} of {attribute} differ too" if len(clear) > 2 else ""
        yield Finding(
            id=finding_id("disparity", attribute, outcome),
            kind="disparity",
            severity="high" if grave else "medium",
            title=(
                f"{outcome}: {numbers.share(worst.rate)} of the rows with {phrases.group([attribute], [worst.group])}, "
                f"{numbers.share(worst.rate - difference)} of all others{others}"
            ),
            evidence={
                "n": worst.n,
                "rate": worst.rate,
                "ci": worst.ci.bounds,
                "difference": difference,
                "difference_ci": None if worst.difference_ci is None else worst.difference_ci.bounds,
                "ratio": worst.ratio,
                "p_adjusted": worst.p_adjusted,
                "minimum_detectable": worst.minimum_detectable,
                "groups": [
                    {"group": entry.group, "n": entry.n, "rate": entry.rate, "ci": entry.ci.bounds}
                    for entry in sorted(clear, key=lambda entry: entry.rate)[:_LISTED]
                ],
            },
            action=(
                "Find out whether the world makes the difference or the way the label was recorded, and compare within "
                "equal circumstances, before a model learns it."
            ),
            anchor="disparities",
        )


def _rate_ratio(entry: Disparity) -> float:
    return entry.ratio if entry.ratio is not None else float("inf")


def proxy_findings(proxies: Sequence[Proxy], *, of_pictures: bool = False) -> Iterator[Finding]:
    """Yield one finding per attribute that columns or latents give away beyond chance and beyond `PROXY_AUC`.

    The columns of pictures are those that were computed from them.
    """
    for attribute, members in groupby(proxies, key=lambda proxy: proxy.attribute):
        found = list(members)
        telling = [proxy for proxy in found if _is_proxy(proxy)]
        if not telling:
            continue
        best = max(telling, key=lambda proxy: proxy.auc)
        low = best.ci.low or 0.0
        strongest = [(name, auc) for proxy in found for name, auc in proxy.by_column.items() if auc >= PROXY_AUC]
        named = [f"{name} (alone {numbers.ratio(auc)})" for name, auc in strongest]
        from_columns = any(proxy.from_ == "columns" for proxy in found)
        alone = f", though no single {'measure' if of_pictures else 'column'} does" if from_columns else ""
        by = f", above all {listed(named)}" if named else alone
        yield Finding(
            id=finding_id("proxy", attribute),
            kind="proxy",
            severity="high" if low > OPEN_PROXY_AUC else "medium" if low > CLEAR_PROXY_AUC else "low",
            title=(
                f"{_SOURCES[of_pictures, best.from_]} give {attribute} away: "
                f"AUC {numbers.with_interval(best.auc, best.ci, 'ratio')}{by}"
            ),
            evidence={
                "auc": {proxy.from_: proxy.auc for proxy in found},
                "ci": best.ci.bounds,
                "null_auc": best.null_auc,
                "by_column": dict(strongest[:_LISTED]),
            },
            action=(
                f"Leaving {attribute} out does not make a model blind to it: test errors per group, and ask whether "
                f"{listed([name for name, _ in strongest] or ['these columns'])} must be used."
                if from_columns and not of_pictures
                else f"A model trained on these pictures can tell {attribute} from them: test errors per group."
            ),
            anchor="proxies",
        )


def _is_proxy(proxy: Proxy) -> bool:
    beyond_noise = proxy.null_auc is None or proxy.auc > proxy.null_auc
    return beyond_noise and (proxy.ci.low or 0.0) > PROXY_AUC
