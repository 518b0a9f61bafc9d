"""Protocol `planted_gaps`, pictures: the dSprites re-render with one combination of two factors deleted."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import planting, record
from benchmarks.planted_tables import placed

#: Pictures that are drawn from the whole set, so that twenty trainings end within an hour on two cores.
PICTURES = 20_000
FACTORS = ("shape", "scale", "orientation", "posX", "posY")
#: What the audit knows of the two factors that the gap is planted in; the model never sees more than the pixels.
KNOWN = {"both factors are columns": 2, "one factor is a column": 1, "no factor is a column": 0}


def shapes_against_independence(shapes: Path, seed: int, known: int) -> dict[str, Any]:
    """Delete one combination of two factors; find it with `known` of the two as columns that the model does not see.

    The pictures before the deletion are then scored; what counts is those that `score` places in a region.
    """
    rng = np.random.default_rng(seed)
    with np.load(shapes) as archive:
        names = [str(name) for name in archive["latents_names"]]
        drawn = np.sort(rng.permutation(len(archive["imgs"]))[:PICTURES])
        pictures = archive["imgs"][drawn] * np.uint8(255)
        factors = pd.DataFrame(archive["latents_classes"][drawn].astype(np.int64), columns=names)[list(FACTORS)]
    # Shapes have no order; the positions and sizes of the grid are numbers.
    factors["shape"] = factors["shape"].map({0: "square", 1: "ellipse", 2: "heart"})
    gap = planting.plant(factors, FACTORS, rng)
    columns = [name for name in gap.rule.split() if name in FACTORS][:known]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        _write(place / "kept.npz", pictures, factors[columns], gap.kept(rng))
        _write(place / "complete.npz", pictures, factors[columns], np.ones(PICTURES, dtype=bool))
        sensitive = [option for name in columns for option in ("--sensitive", name)]
        settings = ["--array-key", "pictures", *sensitive, "--preset", "quick", "--seed", str(seed)]
        record.process(record.command("fit", "kept.npz", *settings, "--run", "run", "-q"), cwd=place)
        found = placed(place, "complete.npz")
    rank, agreement = planting.rank_of(found, gap.rows)
    return {"rule": gap.rule, "rank": rank, "f1": round(agreement, 3)}


def _write(path: Path, pictures: np.ndarray, columns: pd.DataFrame, rows: planting.Mask) -> None:
    # Texts as NumPy has them: an array of objects would need pickle, which is never read.
    arrays: dict[str, Any] = {str(name): np.array(values[rows].tolist()) for name, values in columns.items()}
    np.savez(path, pictures=pictures[rows], **arrays)
