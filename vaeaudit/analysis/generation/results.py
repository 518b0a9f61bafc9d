"""`generated.json`: what was made, from what, and how good it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Self

from vaeaudit.analysis.generation.wishes import Wish
from vaeaudit.analysis.inputs import RunFacts, Tool
from vaeaudit.statistics.intervals import normal_quantile
from vaeaudit.statistics.measures import Count, Interval, NonNegative, Share

#: How a column of generated rows came about.
How = Literal["drawn", "given", "follows", "constant", "computed", "empty"]
#: Which of two generators comes nearer to the rows; told only where chance does not explain it.
Better = Literal["model", "trees", "too close to tell"]
MeasureName = Literal["told_apart", "marginals", "associations", "utility"]


@dataclass(frozen=True)
class MadeColumn:
    """A column of the output.

    Attributes
    ----------
    name, how
        `drawn` from the model, `given` to it, what `follows` from a rule of the table, `constant` as in the data,
        `computed` from the pictures, or left `empty`.
    why
        Of an empty column, why it is; else empty.
    unit
        What its numbers are in, where the data says so; numbers are written without it.
    """

    name: str
    how: How
    why: str = ""
    unit: str = ""


@dataclass(frozen=True)
class RuleKept:
    """A rule of the table: of the rows `of` drawn, how many did not keep it, and how many of those written do not."""

    id: str
    statement: str
    filled_in: bool
    drawn_broke: Count
    of: Count
    written_broke: Count


@dataclass(frozen=True)
class Drawing:
    """How many rows were drawn for those that were written.

    Attributes
    ----------
    drawn, met, met_share, ci
        Rows drawn, and those among them that met all that was asked of their columns.
    broke_rules
        Share of these that first broke a rule which nothing can be filled in for: their cells were drawn anew, up to 20
        times.
    written
        Rows that were written.
    searched
        Whether, since too few met it, z was drawn from the posteriors of rows of the data that meet it.
    rows_that_meet_it
        Rows of the data that the model was trained on and that meet what was asked; None where nothing was.
    """

    drawn: Count
    met: Count
    met_share: Share
    ci: Interval
    broke_rules: Share
    written: Count
    searched: bool
    rows_that_meet_it: Count | None


@dataclass(frozen=True)
class Figure:
    """A figure with its interval, and its standard error where it has one."""

    value: float
    ci: Interval
    stderr: NonNegative

    @classmethod
    def within(cls, value: float, ci: Interval) -> Self:
        """Return a figure whose standard error is what its interval says; 0 where that is open."""
        low, high = ci.bounds
        half = 0.0 if low is None or high is None else (high - low) / 2
        return cls(value, ci, half / normal_quantile(ci.level))


@dataclass(frozen=True)
class Beside:
    """One measure of generated rows, and the same of what they are measured against.

    Attributes
    ----------
    name
        `told_apart`: AUC of boosted trees that tell them from held-out rows, 0.5 is best. `marginals`: mean over
        columns of the largest difference of distribution functions, or of half the sum of differences of shares.
        `associations`: mean over pairs of columns of the difference of their correlation. `utility`: AUC, or rank
        correlation, on held-out rows of boosted trees that learned the label from them.
    model, trees, real
        Of the model's rows, of those of a decision tree per column (None for pictures), and of rows that the model was
        trained on: what rows of the same source reach.
    better
        Which of the first two is better; None without the second.
    """

    name: MeasureName
    model: Figure
    trees: Figure | None
    real: Figure
    better: Better | None


@dataclass(frozen=True)
class ColumnOff:
    """How far the distribution of a column is off, and how far that of rows that the model was trained on."""

    column: str
    off: Share
    real: Share


@dataclass(frozen=True)
class PairOff:
    """How far two columns go together among generated rows, and among held-out ones; 0 to 1."""

    columns: tuple[str, str]
    generated: Share
    held_out: Share


@dataclass(frozen=True)
class Closeness:
    """How near generated rows lie to rows that the model was trained on.

    Attributes
    ----------
    compared, trained, held_out
        Rows of each that were compared.
    outside
        Share that lies farther from the nearest trained row than 95 % of held-out rows do: outside the data's support;
        5 % of rows like the data would.
    nearer
        Probability that one of them lies nearer to a trained row than a held-out row does; 0.5 for rows that know none.
    equal, equal_held_out
        Share that is equal to a trained row, and the same of held-out rows.
    membership
        AUC of an attack that takes a row for a trained one the nearer it lies to a generated one (Chen 2020); 0.5 where
        nothing is given away.
    """

    compared: Count
    trained: Count
    held_out: Count
    outside: Figure
    nearer: Figure
    equal: Share
    equal_held_out: Share
    membership: Figure


@dataclass(frozen=True)
class UnseenPairs:
    """Shares of rows with a pair of levels, in two columns, that no row has which the model was trained on.

    Attributes
    ----------
    columns
        Levelled columns whose pairs were looked at; a missing cell counts as a level.
    model, trees, held_out
        Of the model's rows, of those of a decision tree per column (None for pictures), and of held-out rows: so many
        pairs are new to the model in rows of the same source.
    most_often
        The two columns of which most of the model's rows have such a pair; None where none has.
    """

    columns: Count
    model: Figure
    trees: Figure | None
    held_out: Figure
    most_often: tuple[str, str] | None


@dataclass(frozen=True)
class Quality:
    """How good rows of the model are that nothing was asked of, drawn as the written ones were.

    Attributes
    ----------
    rows, held_out, level
        How many were drawn for this, how many held-out rows they were compared with, and the confidence of intervals.
    space
        What distances are taken in: `columns`, or of pictures `latents` and computed columns.
    measures
        In the order of `MeasureName`; without a label that the model knows there is no `utility`.
    worst_columns, worst_pairs
        Those farthest off.
    closeness, closeness_of_trees
        Of rows of the model, and of those of the trees.
    unseen_pairs
        Pairs of levels that are new; None where fewer than two columns are levelled.
    """

    rows: Count
    held_out: Count
    level: Share
    space: Literal["columns", "latents"]
    measures: tuple[Beside, ...]
    worst_columns: tuple[ColumnOff, ...]
    worst_pairs: tuple[PairOff, ...]
    closeness: Closeness
    closeness_of_trees: Closeness | None
    unseen_pairs: UnseenPairs | None


@dataclass(frozen=True)
class GeneratedFile:
    """What was written: `format` is csv, parquet or png; SHA-256 of the table, or of the pictures' metadata.csv."""

    name: str
    format: Literal["csv", "parquet", "png"]
    sha256: str


@dataclass(frozen=True)
class GeneratedDocument:
    """`generated.json`.

    Attributes
    ----------
    schema_version, tool, run
        As in `report.json`.
    asked, drawing, columns, rules
        What was asked for, how it was met, what the columns are, and how the rules of the table were kept.
    written, written_unseen_pairs
        Closeness of the written rows themselves, None where they are too few; and the share of them with a pair of
        levels that no trained row has.
    quality
        Of the model; None where too few rows were held out to tell.
    shortcomings, notes
        In words.
    file
        The output.
    """

    run: RunFacts
    asked: Wish
    drawing: Drawing
    columns: tuple[MadeColumn, ...]
    rules: tuple[RuleKept, ...]
    written: Closeness | None
    written_unseen_pairs: Figure | None
    quality: Quality | None
    shortcomings: tuple[str, ...]
    notes: tuple[str, ...]
    file: GeneratedFile
    schema_version: Literal["1.0"] = "1.0"
    tool: Tool = field(default_factory=Tool)
