"""Columns that say the same as another one: they stay out of the model, so that nothing is learned or counted twice."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from vaeaudit.data.dataset import Dataset
from vaeaudit.data.schema.columns import Column, Role, Schema
from vaeaudit.outputs.table_rules import TableRules

#: Role of the column that stands for another -> what the other is.
_WHAT = {
    Role.LABEL: "says the same as the label",
    Role.SENSITIVE: "another spelling, or a part, of the sensitive column",
}


def without_repeats(dataset: Dataset, rules: TableRules, include: Collection[str]) -> Dataset:
    """Leave out of the model what says the same as the label, a sensitive, a given, or an earlier column.

    Another spelling of the label would tell the model what it must not see, another spelling of a sensitive column
    would be called a proxy of it, and one of a given column would bring into the latents what was to stay out.
    A table of which nothing else would be left keeps its columns.

    Parameters
    ----------
    dataset
        As read.
    rules
        Of its table.
    include
        Columns that the user wants in the model nevertheless.
    """
    kept = {*include, *(column.name for column in dataset.schema.given)}
    stands_for = {name: other for name, other in _repeats(dataset.schema, rules) if name not in kept}
    columns = tuple(_left_out(column, dataset.schema, stands_for.get(column.name)) for column in dataset.schema)
    if not any(column.in_model and not column.given for column in columns):
        return dataset
    return replace(dataset, schema=Schema(columns))


def _repeats(schema: Schema, rules: TableRules) -> Iterator[tuple[str, str]]:
    """Return modelled columns and what stands for each: what was declared first, then what stands earlier."""
    modelled = [column.name for column in schema.modelled]
    label = () if schema.label is None else (schema.label,)
    told: set[str] = set()
    for declared in (*label, *schema.sensitive, *schema.given):
        copies = [name for name in rules.copies_of(declared.name) if name in modelled and name not in told]
        told |= {*copies}
        yield from ((name, declared.name) for name in copies)
    left = [name for name in modelled if name not in told]
    first: dict[str, str] = {}
    for name in left:
        kept = first.setdefault(rules.redundant.get(name, name), name)
        if kept != name:
            yield name, kept


def _left_out(column: Column, schema: Schema, other: str | None) -> Column:
    if other is None:
        return column
    what = _WHAT.get(schema[other].role, "says the same as")
    said = f"{what} {other}: left out of the model; to have it there: --include {column.name}"
    return replace(column, in_model=False, same_as=other, problems=(*column.problems, said))
