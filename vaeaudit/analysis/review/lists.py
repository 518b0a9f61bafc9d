"""The lists that a reader can judge, whatever they are of: their things, and the table that is put to the reader."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from vaeaudit.analysis.coverage.results import Region
from vaeaudit.analysis.duplicates.duplicates import differing_columns
from vaeaudit.analysis.grouping.together import known_pairs
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.judged import (
    LAST_PLACE,
    JudgedThings,
    ListReview,
    Things,
    digest_of,
    precision_down,
    row_contents,
)
from vaeaudit.analysis.labels.suspects import labels_table
from vaeaudit.analysis.outliers.cell_summary import cells_table
from vaeaudit.analysis.outliers.reasons import beside_cells
from vaeaudit.analysis.outliers.review import proposals_table, propose, things_of_rows
from vaeaudit.outputs.judgements import LISTS, ListName
from vaeaudit.outputs.record import IntArray
from vaeaudit.statistics.judged import Judged, spread_places
from vaeaudit.wording.cells import column_texts
from vaeaudit.wording.rules import describe

#: Why there may be nothing to judge.
_NONE: dict[ListName, str] = {
    "rows": "there is no row",
    "cells": "no cell of a table is suspicious",
    "labels": "no label is doubted, or none was declared",
    "copies": "no pair of copies is listed",
    "regions": "no region is short of rows",
}


@dataclass(frozen=True)
class Reviewable:
    """A list to be judged.

    Attributes
    ----------
    things
        What is on it.
    propose
        Returns places of things to be judged, for how many and by whom.
    table
        Returns things at some places as a table: the columns that name each, its rank, room for judgement and note,
        what speaks for it, what it holds.
    """

    things: Things
    propose: Callable[[int, str], IntArray]
    table: Callable[[IntArray], pd.DataFrame]

    @property
    def why_empty(self) -> str:
        """Why nothing is on it; empty where something is."""
        return "" if self.things.names else _NONE[self.things.of]

    @property
    def keys(self) -> list[tuple[str, ...]]:
        """The cells that name each thing."""
        return [LISTS[self.things.of].cells(name) for name in self.things.names]


def list_to_judge(of: ListName, inputs: AuditInputs, regions: Sequence[Region]) -> Reviewable:
    """Return any list.

    Parameters
    ----------
    of
        Which.
    inputs
        The rows and what the run knows of them.
    regions
        Short of rows, by rank.
    """
    if of == "rows":
        return _rows(inputs)
    if of == "regions":
        return _regions(inputs, regions)
    about = {"cells": _cells, "labels": _labels, "copies": _copies}[of](inputs)
    return _of_rows(of, inputs, about.head(LAST_PLACE))


def review_list(listed: Reviewable, inputs: AuditInputs, level: float) -> ListReview | None:
    """Say what readers' judgements tell of a list; None where nobody judged.

    Parameters
    ----------
    listed, inputs
        The list, and the judgements.
    level
        Of the intervals.
    """
    of = listed.things.of
    if not any(one.of == of for one in inputs.judgements):
        return None
    found = JudgedThings.of(listed.things, inputs.judgements)
    judged = Judged(found.place, found.wrong, len(listed.things.names))
    return found.review(of, () if of == "regions" else precision_down(judged, level))


def review_lists(inputs: AuditInputs, regions: Sequence[Region], level: float) -> tuple[ListReview, ...]:
    """Say the same of each list that somebody judged, but that of rows.

    Parameters
    ----------
    inputs, regions
        As for `list_to_judge`.
    level
        Of the intervals.
    """
    judged = {one.of for one in inputs.judgements} - {"rows"}
    found = (review_list(list_to_judge(of, inputs, regions), inputs, level) for of in LISTS if of in judged)
    return tuple(review for review in found if review is not None)


def _rows(inputs: AuditInputs) -> Reviewable:
    """Return the list of atypical rows: all rows, of which those are put to the reader that are high on it."""
    return Reviewable(
        things_of_rows(inputs),
        lambda n_things, by: propose(inputs, n_things, by=by),
        lambda positions: proposals_table(inputs, positions),
    )


def _reviewable(
    of: ListName,
    inputs: AuditInputs,
    names: Sequence[str],
    contents: Callable[[IntArray], list[str]],
    table: Callable[[IntArray], pd.DataFrame],
) -> Reviewable:
    """Return a list of which things are proposed that lie spread over its first hundred."""
    things = Things(of, names, contents)

    def propose_places(n_things: int, by: str) -> IntArray:
        taken = JudgedThings.of(things, inputs.judgements).places_of(by)
        return spread_places(len(names), n_things, taken, seed=inputs.run.seed)

    return Reviewable(things, propose_places, table)


def _of_rows(of: ListName, inputs: AuditInputs, about: pd.DataFrame) -> Reviewable:
    """Return a list whose things lie in rows of the data; `about` names them, with the `position` of the row."""
    asked, positions = LISTS[of], about["position"].to_numpy(np.int64)
    keys = about[list(asked.keys)].astype(str)
    told = about.drop(columns=[*asked.keys, "position"])

    def contents(places: IntArray) -> list[str]:
        held = row_contents(inputs, positions[places])
        if "other" not in about:
            return held
        return [
            digest_of(both) for both in zip(held, row_contents(inputs, about["other"].to_numpy()[places]), strict=True)
        ]

    def table(places: IntArray) -> pd.DataFrame:
        columns = {
            **{key: keys[key].to_numpy(object)[places] for key in asked.keys},
            "rank": places + 1,
            "judgement": "",
            "note": "",
            **{str(name): told[name].to_numpy()[places] for name in told.columns if name != "other"},
            "content": contents(places),
        }
        return beside_cells(columns, inputs, positions[places])

    names = [asked.name(cells) for cells in keys.itertuples(index=False, name=None)]
    return _reviewable(of, inputs, names, contents, table)


def _cells(inputs: AuditInputs) -> pd.DataFrame:
    """Return the suspicious cells of a table, those that break a rule of it first."""
    found = cells_table(inputs)
    if found is None:
        return pd.DataFrame(columns=["row_id", "column", "position"])
    at = {str(row_id): place for place, row_id in enumerate(inputs.row_ids)}
    found = found.assign(row_id=found["row_id"].astype(str)).drop_duplicates(["row_id", "column"])
    told = ["row_id", "column", "value", "expected", "partner", "partner_value", "rule"]
    return found[told].assign(position=found["row_id"].map(at).astype(np.int64))


def _labels(inputs: AuditInputs) -> pd.DataFrame:
    """Return the rows whose label is doubted."""
    found = labels_table(inputs)
    if found is None:
        return pd.DataFrame(columns=["row_id", "position"])
    told = found.loc[found["rank"] > 0, ["row_id", "position", "label", "said", "probability"]]
    return told.assign(probability=told["probability"].round(3))


def _copies(inputs: AuditInputs) -> pd.DataFrame:
    """Return the pairs of equal and near rows that are listed."""
    pairs = known_pairs(inputs)
    first, second = pairs.listed.T
    ids = inputs.row_ids.astype(str)
    return pd.DataFrame(
        {
            "row_id": ids[first],
            "other_row_id": ids[second],
            "position": first,
            "other": second,
            "differs": [_differing(inputs, pair) for pair in pairs.listed],
        }
    )


def _differing(inputs: AuditInputs, pair: IntArray) -> str:
    """Say in which columns two rows differ, and what each holds."""
    frame, schema = inputs.frame, inputs.schema
    names = differing_columns(frame, schema, pair)
    cells = {name: column_texts(frame[name].iloc[pair], schema[name]) for name in names}
    return "; ".join(f"{name}: {one} / {other}" for name, (one, other) in cells.items())


def _regions(inputs: AuditInputs, regions: Sequence[Region]) -> Reviewable:
    """Return the regions that are short of rows; what one holds is its baseline and rule, of which its id is a hash."""
    ids = np.array([region.id for region in regions], dtype=object)

    def contents(places: IntArray) -> list[str]:
        return [digest_of(name) for name in ids[places]]

    def table(places: IntArray) -> pd.DataFrame:
        chosen = [regions[place] for place in places]
        return pd.DataFrame(
            {
                "region": ids[places],
                "rank": places + 1,
                "judgement": "",
                "note": "",
                "rule": [describe(region.rule) for region in chosen],
                "observed": [region.observed for region in chosen],
                "expected": [round(region.expected, 1) for region in chosen],
                "against": [region.baseline for region in chosen],
                "content": contents(places),
            }
        )

    return _reviewable("regions", inputs, list(ids), contents, table)
