"""What an audit could have seen: faults are planted in copies of the rows, and sought by the fitted model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.population_shares import Population
from vaeaudit.outputs.plantings import Plantings
from vaeaudit.progress import Listener, Progress
from vaeaudit.workflow.planted_gaps import SIZES, PlantedGaps, plant_gaps
from vaeaudit.workflow.planted_labels import FLIPPED, plant_labels
from vaeaudit.workflow.planted_rows import plant_rows

if TYPE_CHECKING:
    from vaeaudit.workflow.trained.base import Trained

#: Rules of each size whose rows are deleted, three times each: of 40 both sizes together tell a share to within .1.
RULES = 40
#: Added to the seed of the run, so that plantings do not repeat its draws.
_SEED = 7919


def plant_faults(
    trained: Trained[Any, Any],
    dataset: Dataset,
    inputs: AuditInputs,
    population: Population | None,
    listener: Listener,
) -> Plantings:
    """Plant gaps, wrong cells and flipped labels in copies of the audited rows, and count what the audit tells of them.

    Nothing is learned again: regions are sought by the same search on fewer rows, broken rows are scored by the model
    as it is.

    Parameters
    ----------
    trained, dataset, inputs
        The model, the rows, and what is known of them.
    population
        As the audit has it.
    listener
        Told how far it is.
    """
    if dataset.images is not None:
        return Plantings(0, (), ("Faults are planted in tables only, and these rows are pictures.",))
    seed, before = trained.config.seed + _SEED, 1 + len(FLIPPED)
    total = before + RULES * len(SIZES)
    rows = plant_rows(trained, dataset, inputs, seed)
    listener(Progress("planting", 1, total))
    labels = plant_labels(inputs, seed, lambda done: listener(Progress("planting", 1 + done, total)))
    gaps = PlantedGaps.of(inputs, trained.config.analysis, population, seed)
    found = plant_gaps(gaps, RULES, seed, lambda done: listener(Progress("planting", before + done, total)))
    notes = []
    if not rows:
        notes.append("No column of the model can hold a wrong cell that is told by itself.")
    if not found:
        notes.append("No two columns have a rule that holds for 2 to 10 % of the rows: no gap was planted.")
    if len(gaps.inputs.frame) < len(inputs.frame):
        notes.append(
            f"Gaps were planted in {len(gaps.inputs.frame):,} of {len(inputs.frame):,} rows: among all rows smaller "
            "gaps can be told."
        )
    return Plantings(len(gaps.inputs.frame), (*found, *rows, *labels), tuple(notes))
