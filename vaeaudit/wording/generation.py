"""What `generate` says of the rows that it made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

from vaeaudit.wording import numbers

_MEASURES = {
    "told_apart": "told from real rows, AUC (0.50 is best)",
    "marginals": "columns off by, on average",
    "associations": "pairs of columns off by, on average",
    "utility": "label learned from them",
}


def generated_in_words(document: Mapping[str, Any]) -> list[str]:
    """Return what was made and how good it is, a line each.

    Parameters
    ----------
    document
        `generated.json`.
    """
    asked, drawing, quality = document["asked"], document["drawing"], document["quality"]
    what = "pictures" if document["file"]["format"] == "png" else "rows"
    source = f"posterior of row {asked['like']}" if asked["like"] is not None else asked["source"]
    lines = [f"{numbers.count(drawing['written'])} {what}, z from the {source}, seed {asked['seed']}."]
    if asked["conditions"]:
        share = _with(drawing["met_share"], drawing["ci"], "share")
        lines.append(f"Of {numbers.count(drawing['drawn'])} drawn, {share} met what was asked.")
    broke = sum(rule["drawn_broke"] > 0 for rule in document["rules"])
    if document["rules"]:
        kept = sum(not rule["written_broke"] for rule in document["rules"])
        lines.append(
            f"Rules of the table: {kept} of {len(document['rules'])} hold in all rows ({broke} were broken by some as "
            "drawn; what follows was filled in, the others drawn again)."
        )
    if quality is not None:
        lines.extend(_table(quality))
    lines.extend(f"Falls short: {said}." for said in document["shortcomings"])
    lines.extend(f"Note: {said}" for said in document["notes"])
    return lines


def _table(quality: Mapping[str, Any]) -> Iterator[str]:
    near, trees = quality["closeness"], quality["closeness_of_trees"]
    yield (
        f"Against {numbers.count(quality['held_out'])} held-out rows, {numbers.count(quality['rows'])} of the model:"
    )
    head = ("", "model", "tree per column", "real rows")
    rows: list[tuple[str, ...]] = [head]
    for measure in quality["measures"]:
        cells = (_figure(measure[side]) for side in ("model", "trees", "real"))
        rows.append((_MEASURES[measure["name"]], *cells))
    for key, said in (
        ("nearer", "nearer to trained rows (0.50 is as near)"),
        ("membership", "membership attack, AUC (0.50 gives nothing away)"),
        ("outside", "outside the data (5 % is usual)"),
    ):
        unit = "share" if key == "outside" else "ratio"
        rows.append((said, _figure(near[key], unit), "" if trees is None else _figure(trees[key], unit), ""))
    of_trees = "" if trees is None else numbers.share(trees["equal"])
    rows.append(
        ("equal to a trained row", numbers.share(near["equal"]), of_trees, numbers.share(near["equal_held_out"]))
    )
    pairs = quality["unseen_pairs"]
    if pairs is not None:
        figures = (_figure(pairs[side], "share") for side in ("model", "trees", "held_out"))
        rows.append(("a pair of levels that no trained row has", *figures))
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    for row in rows:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _figure(figure: Mapping[str, Any] | None, unit: Any = "ratio") -> str:
    return "" if figure is None else _with(figure["value"], figure["ci"], unit)


def _with(value: float, ci: Mapping[str, Any], unit: Any) -> str:
    return numbers.with_interval(value, SimpleNamespace(**ci), unit)
