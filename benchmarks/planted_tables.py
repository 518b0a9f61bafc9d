"""Protocol `planted_gaps`, tables: Adult against a reference, and generated people against independence."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.neighbors import NearestNeighbors

from benchmarks import peers, planting, record
from benchmarks.planting import Mask, Planted

#: How Adult is audited, as its owner would.
_ADULT = ["--label", "income", "--sensitive", "sex", "--sensitive", "race", "--sensitive", "age"]
#: Columns of the generated people that are drawn independently of one another; a gap is planted in two of them.
FACTORS = ("sex", "age", "region", "schooling")
_PEOPLE = 12_000
#: Neighbours that the density of one half is held against that of the other with, and rows that are looked at.
_NEIGHBOURS = 50
#: A row of B lies in a gap, for the neighbours, where this many standard deviations too few of them are of A.
_FAR = 4.0
_BINS = 10
SLICES = "SliceLine on the columns"
DENSITY = "kNN density of the columns"
OURS = "vaeaudit"


def against_a_reference(adult: Path, seed: int, *, planted: bool, beside: bool) -> dict[str, dict[str, Any]]:
    """Audit one half of Adult against the other; return per method the rank and F1, and the regions it reports.

    Where nothing is planted, `alarm` says whether anything was reported at all. `beside`: the peers as well.
    """
    table = pd.read_csv(adult, na_values=["?"], skipinitialspace=True)
    rng = np.random.default_rng(seed)
    in_a = np.zeros(len(table), dtype=bool)
    in_a[rng.permutation(len(table))[: len(table) // 2]] = True
    gap = planting.plant(table, list(table.columns), rng) if planted else Planted("nothing", np.zeros(len(table), bool))
    a, b = table[in_a & gap.kept(rng)].reset_index(drop=True), table[~in_a].reset_index(drop=True)
    truth = gap.rows[~in_a]
    found = {OURS: list(_regions_of(a, b, seed)), **(dict(_peers_of(a, b)) if beside else {})}
    results = {}
    for method, regions in found.items():
        rank, agreement = planting.rank_of(regions, truth)
        results[method] = {
            "rule": gap.rule,
            "rank": rank,
            "f1": round(agreement, 3),
            "regions": len(regions),
            "alarm": bool(regions),
        }
    return results


def _regions_of(a: pd.DataFrame, b: pd.DataFrame, seed: int) -> Iterator[Mask]:
    """Yield the rows of B in each region against it, by whole commands: fit, report, and score for the latents."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for name, frame in (("a", a), ("b", b)):
            frame.to_csv(place / f"{name}.csv", index=False)
        settings = [*_ADULT, "--preset", "quick", "--seed", str(seed)]
        record.process(record.command("fit", "a.csv", *settings, "--run", "run", "-q"), cwd=place)
        record.process(record.command("report", "run", "--reference", "b.csv", "--out", "page", "-q"), cwd=place)
        yield from _rows_in_regions(place, place / "page" / "report.json")


def by_command(a: pd.DataFrame, b: pd.DataFrame, seed: int) -> Iterator[Mask]:
    """Yield the rows of B in each region against it, by `audit --reference` with nothing declared, and its report.json.

    A region over latents is that of the rows of B that `score` gives such latents.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for name, frame in (("a", a), ("b", b)):
            frame.to_csv(place / f"{name}.csv", index=False)
        settings = ["--preset", "quick", "--seed", str(seed), "--run", "run", "--out", "page", "-q"]
        record.process(record.command("audit", "a.csv", "--reference", "b.csv", *settings), cwd=place)
        yield from _rows_in_regions(place, place / "page" / "report.json")


def _rows_in_regions(place: Path, document: Path) -> Iterator[Mask]:
    record.process(record.command("score", "run", "b.csv", "--out", "scores", "-q"), cwd=place)
    scored = pd.read_parquet(place / "scores" / "rows.parquet")
    rows = pd.read_csv(place / "b.csv", low_memory=False).join(scored.filter(like="z_"))
    for region in json.loads(document.read_text(encoding="utf-8"))["regions"]:
        if region["baseline"] == "reference":
            yield planting.rows_of(region["rule"], rows)


def _peers_of(a: pd.DataFrame, b: pd.DataFrame) -> Iterator[tuple[str, list[Mask]]]:
    both = pd.concat([a, b], ignore_index=True)
    codes = np.column_stack([_codes(both[name]) for name in both.columns])
    from_b = np.arange(len(both)) >= len(a)
    yield SLICES, _slices(codes, from_b)
    yield DENSITY, _thin(codes, from_b)


def _codes(values: pd.Series) -> npt.NDArray[np.int64]:
    """Cut a number into tenths, and number the values of any other column, from 1 on; 1 is missing."""
    if pd.api.types.is_numeric_dtype(values) and values.nunique() > _BINS:
        values = pd.qcut(values, _BINS, duplicates="drop")
    return pd.factorize(values, sort=True)[0] + 2


def _slices(codes: npt.NDArray[np.int64], from_b: Mask) -> list[Mask]:
    """Slices of which most rows are of B, where being of B is the error."""
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder) / "table.npz", codes=codes, errors=from_b.astype(np.float64))
        printed = record.process(peers.command("slices", "slice_finder.py", f"{folder}/table.npz")).stdout
    of_b = codes[from_b]
    return [
        np.logical_and.reduce([of_b[:, column] == code for column, code in enumerate(entry) if code is not None])
        for entry in json.loads(printed)["slices"]
        if any(code is not None for code in entry)
    ]


def _thin(codes: npt.NDArray[np.int64], from_b: Mask) -> list[Mask]:
    """One region: the rows of B among whose nearest neighbours far too few are of A."""
    points = pd.get_dummies(pd.DataFrame(codes).astype("category")).to_numpy(np.float32)
    _, nearest = NearestNeighbors(n_neighbors=_NEIGHBOURS + 1, n_jobs=2).fit(points).kneighbors(points[from_b])
    from_a = (~from_b)[nearest[:, 1:]].mean(axis=1)
    share = float((~from_b).mean())
    thin = from_a < share - _FAR * np.sqrt(share * (1 - share) / _NEIGHBOURS)
    return [thin] if thin.any() else []


def people_against_independence(seed: int) -> dict[str, Any]:
    """Delete one combination of two factors from generated people; find it with neither of them in the model.

    The two are declared sensitive, which keeps them out of the model's input; the complete people are then scored, and
    what counts is the rows that `score` places in a region.
    """
    from vaeaudit.samples.people import people  # noqa: PLC0415

    rng = np.random.default_rng(seed)
    complete = people(_PEOPLE, seed=seed, gaps=False).frame
    gap = planting.plant(complete, FACTORS, rng)
    hidden = [name for name in FACTORS if name in gap.rule.split()]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        complete[gap.kept(rng)].to_csv(place / "kept.csv", index=False)
        complete.to_csv(place / "complete.csv", index=False)
        options = [option for name in hidden for option in ("--sensitive", name)]
        settings = ["--id", "person_id", "--label", "loan_approved", *options, "--preset", "quick", "--seed", str(seed)]
        record.process(record.command("fit", "kept.csv", *settings, "--run", "run", "-q"), cwd=place)
        found = placed(place, "complete.csv")
    rank, agreement = planting.rank_of(found, gap.rows)
    return {"rule": gap.rule, "rank": rank, "f1": round(agreement, 3)}


def placed(place: Path, data: str) -> list[Mask]:
    """Score data by the run below `place`; return the rows [N] that are placed in each of the first five regions."""
    record.process(record.command("score", "run", data, "--out", "scores", "-q"), cwd=place)
    region = pd.read_parquet(place / "scores" / "rows.parquet")["region"]
    return [(region == f"R{rank}").fillna(False).to_numpy(bool) for rank in range(1, planting.FIRST + 1)]


def summaries(audits: Sequence[dict[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return one row per method over several audits."""
    return [{"method": name, **planting.summary([audit[name] for audit in audits])} for name in audits[0]]
