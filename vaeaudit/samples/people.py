"""Generated people with known, planted truth: who was deleted, which rows were broken, what gives sex away.

Nobody here is real. Sex, age, region and schooling are drawn independently, so that every combination that is short
afterwards is short because rows were deleted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

SEXES = ("female", "male")
REGIONS = ("coast", "hills", "north", "plain", "south")
REGION_SHARES = (0.3, 0.2, 0.15, 0.25, 0.1)
SCHOOLING = ("primary", "secondary", "vocational", "bachelor", "master")
SCHOOLING_SHARES = (0.15, 0.35, 0.2, 0.2, 0.1)
OCCUPATIONS = ("care", "clerk", "driver", "engineer", "farmer", "manager", "sales", "teacher")
AGE_EDGES = (18, 30, 40, 50, 60, 75)
AGE_SHARES = (0.24, 0.22, 0.22, 0.18, 0.14)
#: Combinations of which rows are deleted, as queries.
GAPS = {
    "women of 60 and over": "sex == 'female' and age >= 60",
    "master's degrees on the coast": "region == 'coast' and schooling == 'master'",
}
#: Share of a gap's rows that is deleted.
DELETED = 0.9


@dataclass(frozen=True)
class PlantedGap:
    """Rows of one rule that were deleted, all but a tenth of them.

    Attributes
    ----------
    name, query
        The rule in words, and for `DataFrame.query`.
    remaining, deleted
        Its rows in the table, and those that are gone.
    """

    name: str
    query: str
    remaining: int
    deleted: int


@dataclass(frozen=True)
class People:
    """A generated table and what was planted in it.

    Attributes
    ----------
    frame
        [N] rows, columns as a user would find them, in a CSV's types.
    gaps
        Combinations of which 90 % of the rows were deleted.
    outliers
        Row id -> what was broken in it.
    population
        True shares of sex x age before deletion, as a population file.
    proxy
        The column that gives `sex` away.
    """

    frame: pd.DataFrame
    gaps: tuple[PlantedGap, ...]
    outliers: dict[str, str]
    population: pd.DataFrame
    proxy: str


def people(n_rows: int = 12_000, *, seed: int = 0, gaps: bool = True, outlier_share: float = 0.01) -> People:
    """Generate people.

    Parameters
    ----------
    n_rows
        N before rows are deleted for the gaps.
    seed
        The same seed gives the same table.
    gaps
        Whether to delete 90 % of the women of 60 and over, and of the people with a master's degree on the coast.
    outlier_share
        Share of the rows in which two cells are made to contradict each other.
    """
    generator = np.random.default_rng(seed)
    complete = _complete(n_rows, generator)
    keep = np.ones(n_rows, bool)
    member = {name: matching(complete, query) for name, query in GAPS.items()} if gaps else {}
    for rows in member.values():
        keep &= ~(rows & (generator.random(n_rows) < DELETED))
    planted = tuple(
        PlantedGap(name, GAPS[name], int((rows & keep).sum()), int((rows & ~keep).sum()))
        for name, rows in member.items()
    )
    frame = complete[keep].reset_index(drop=True)
    outliers = _break_rows(frame, round(outlier_share * len(frame)), generator)
    return People(frame, planted, outliers, _population(), "height_cm")


def matching(frame: pd.DataFrame, query: str) -> np.ndarray:
    """Return [N] bool: the rows for which a query of `GAPS` holds.

    Parameters
    ----------
    frame
        [N] people.
    query
        For `DataFrame.query`.
    """
    return np.isin(np.arange(len(frame)), frame.reset_index(drop=True).query(query).index)


def _complete(n_rows: int, generator: np.random.Generator) -> pd.DataFrame:
    sex = generator.choice(SEXES, n_rows)
    band = generator.choice(len(AGE_SHARES), n_rows, p=AGE_SHARES)
    low, high = np.array(AGE_EDGES[:-1])[band], np.array(AGE_EDGES[1:])[band]
    age = generator.integers(low, high)
    region = generator.choice(REGIONS, n_rows, p=REGION_SHARES)
    schooling = generator.choice(len(SCHOOLING), n_rows, p=SCHOOLING_SHARES)
    started = np.array([16, 18, 19, 23, 25])[schooling]
    years_of_work = np.maximum(0, age - np.maximum(started, 16) - generator.poisson(1.5, n_rows))
    drive = generator.normal(size=n_rows)  # what schooling, hours and pay have in common beyond the columns
    occupation = _occupation(schooling, drive, generator)
    hours = np.clip(np.round(38 + 4 * drive + generator.normal(0, 3, n_rows)), 5, 70)
    hours = np.where(generator.random(n_rows) < 0.4, 40, hours)
    log_pay = 7.2 + 0.18 * schooling + 0.012 * years_of_work + 0.22 * drive + generator.normal(0, 0.15, n_rows)
    approved = generator.random(n_rows) < _sigmoid(1.2 * (log_pay - 7.8) - 0.55 * (sex == "female") + 0.4)
    by_car = generator.random(n_rows) < _sigmoid(_distance(region) + drive / 2)
    missing_pay = generator.random(n_rows) < np.where(occupation == "farmer", 0.2, 0.03)
    return pd.DataFrame(
        {
            "person_id": [f"p{index:06d}" for index in range(n_rows)],
            "sex": sex,
            "age": age,
            "region": region,
            "schooling": np.array(SCHOOLING)[schooling],
            "occupation": occupation,
            "years_of_work": years_of_work,
            "hours_per_week": hours.astype(int),
            "monthly_pay": np.where(missing_pay, np.nan, np.round(np.exp(log_pay), 2)),
            "height_cm": np.round(np.where(sex == "male", 178, 165) + generator.normal(0, 6, n_rows), 1),
            "children": generator.poisson(np.clip((age - 18) / 20, 0, 1.8)),
            "commutes_by_car": np.where(by_car, "yes", "no"),
            "member_since": _member_since(age, generator),
            "loan_approved": np.where(approved, "yes", "no"),
        }
    )


def _occupation(schooling: np.ndarray, drive: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Draw from a softmax in which schooling moves engineers, managers and teachers up, farmers and drivers down."""
    slope = np.array([0.0, 0.2, -0.8, 0.9, -0.6, 0.8, 0.0, 0.9])
    pull = np.array([0.0, -0.2, 0.0, 0.3, 0.0, 0.8, 0.4, -0.2])
    logits = np.outer(schooling - 2, slope) + np.outer(drive, pull)
    gumbel = generator.gumbel(size=logits.shape)
    return np.asarray(np.array(OCCUPATIONS)[np.argmax(logits + gumbel, axis=1)])


def _distance(region: np.ndarray) -> np.ndarray:
    return np.select([region == "north", region == "hills", region == "coast"], [1.5, 0.8, -1.0], 0.0)


def _member_since(age: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    years = np.minimum(generator.exponential(6, len(age)), age - 17)
    days = np.datetime64("2026-06-30") - np.round(years * 365.25).astype("timedelta64[D]")
    return np.asarray(days.astype(str))


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-x)))


def _break_rows(frame: pd.DataFrame, n_broken: int, generator: np.random.Generator) -> dict[str, str]:
    """Make `n_broken` rows contradict themselves or their units, in place; return what was broken in which row."""
    heights = frame["height_cm"].to_numpy(np.float64)
    pay = frame["monthly_pay"].fillna(frame["monthly_pay"].median()).to_numpy(np.float64)
    kinds: list[tuple[str, Callable[[int], dict[str, Any]]]] = [
        ("years of work that start before birth", lambda _: {"age": 19, "years_of_work": 38}),
        ("paid by the year instead of the month", lambda row: {"monthly_pay": round(12 * pay[row], 2)}),
        ("a master's degree and eight children at 18", lambda _: {"age": 18, "schooling": "master", "children": 8}),
        ("height in inches", lambda row: {"height_cm": round(heights[row] / 2.54, 1)}),
    ]
    broken = {}
    for index, row in enumerate(generator.permutation(len(frame))[:n_broken]):
        what, cells = kinds[index % len(kinds)]
        for name, value in cells(row).items():
            frame.at[row, name] = value
        broken[str(frame.at[row, "person_id"])] = what
    return broken


def _population() -> pd.DataFrame:
    cells = [
        {"sex": sex, "age": f"[{low},{high})", "share": share / len(SEXES)}
        for sex in SEXES
        for low, high, share in zip(AGE_EDGES[:-1], AGE_EDGES[1:], AGE_SHARES, strict=True)
    ]
    return pd.DataFrame(cells)
