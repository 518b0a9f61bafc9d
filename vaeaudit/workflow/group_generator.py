"""What makes rows for a group that is short: a tree per column, or the run's model where its rows are better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from vaeaudit.analysis.generation.group_rows import Draw, Generator, trees_generator
from vaeaudit.analysis.generation.wishes import Wish
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.config import LatentSource
from vaeaudit.outputs.record import IntArray
from vaeaudit.outputs.region_rules import Rule
from vaeaudit.runs.reading import Run
from vaeaudit.workflow.builder import rebuild
from vaeaudit.workflow.drawing import Drawer
from vaeaudit.workflow.judged_rows import compared_with, quality_of


@dataclass(frozen=True)
class GroupGenerators:
    """Chooses a generator, called with the rules that its rows are to meet.

    The model is asked only where it knows the label and all that the rules name: TensorFlow is imported then.

    Attributes
    ----------
    run, inputs
        The run, and its rows.
    """

    run: Run
    inputs: AuditInputs

    def __call__(self, rules: Sequence[Rule]) -> Generator:
        """Return the model where its rows are better on more measures of quality than trees', else trees."""
        label, modelled = self.run.schema.label, {column.name for column in self.run.schema.modelled}
        named = {condition.column for rule in rules for condition in rule}
        if label is None or not named | {label.name} <= modelled or not self._is_better:
            return trees_generator(self.inputs, rules)
        held_out = self.run.codes.held_out
        return Generator("model", self._learned, (np.flatnonzero(~held_out), np.flatnonzero(held_out)))

    @cached_property
    def _drawer(self) -> Drawer:
        return Drawer(rebuild(self.run), self.run.frame, self.run.codes, self.run.table_rules)

    @cached_property
    def _is_better(self) -> bool:
        level = self.run.config.analysis.confidence
        compared = compared_with(self._drawer)
        quality = quality_of(self._drawer, compared, LatentSource.MIXTURE, level, self.run.config.seed)
        told = [] if quality is None else [measure.better for measure in quality.measures]
        return told.count("model") > told.count("trees")

    def _learned(self, rows: IntArray, rng: np.random.Generator) -> Draw:
        """Return the model as it is: it was fitted to what the split of the generator names."""

        def draw(rule: Rule, n: int, rng: np.random.Generator) -> pd.DataFrame:
            wish = Wish(n, int(rng.integers(2**31)), LatentSource.MIXTURE, None, rule, (), None)
            return self._drawer.draw(wish, self.run.config.analysis.confidence).frame

        return draw
