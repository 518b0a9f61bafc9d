"""Choosing beta before the training, by short trainings that look at no label."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from vaeaudit.config import Objective
from vaeaudit.errors import InterruptedFit
from vaeaudit.outputs.beta_trials import BetaTrials
from vaeaudit.progress import Listener
from vaeaudit.runs import artifacts
from vaeaudit.runs.directory import RunWriter
from vaeaudit.statistics.beta_choice import choose_beta

if TYPE_CHECKING:
    from vaeaudit.workflow.trained.base import Prepared

#: What is tried, in rising order, with each of `SEEDS` seeds; 1 is always among it.
TRIED: dict[Objective, tuple[float, ...]] = {
    Objective.BETA: (0.5, 1.0, 1.5, 2.0, 3.0),
    Objective.BETA_TC: (1.0, 2.0, 4.0, 8.0, 16.0),
    Objective.CAPACITY: (1.0, 3.0, 10.0),
    Objective.DIP: (0.3, 1.0, 3.0, 10.0),
    Objective.DENOISING: (0.5, 1.0, 1.5, 2.0, 3.0),
    Objective.FALLING: (0.5, 1.0, 1.5, 2.0, 3.0),
    Objective.DB_VAE: (0.5, 1.0, 1.5, 2.0, 3.0),
}
SEEDS = 2


def with_chosen_beta(
    writer: RunWriter, prepared: Prepared[Any], on_progress: Listener, is_interrupted: Callable[[], bool]
) -> tuple[Prepared[Any], BetaTrials]:
    """Try several betas on a few rows, take one, and keep what was seen in the run.

    Parameters
    ----------
    writer
        Of the run.
    prepared
        The rows, and settings that leave beta open.
    on_progress, is_interrupted
        Told about the trials; asked whether to stop.

    Raises
    ------
    InterruptedFit
        Where it was interrupted; nothing is kept, for nothing of the training itself was learned.
    """
    objective = prepared.config.model.objective
    trials = prepared.try_betas(
        betas=TRIED[objective], n_seeds=SEEDS, on_progress=on_progress, is_interrupted=is_interrupted
    )
    if trials is None:
        writer.discard()
        raise InterruptedFit("Interrupted while beta was chosen; nothing is kept.", hint="Start it again.")
    beta = choose_beta(trials.beta, trials.gain, trials.fewest_active, objective.given_up)
    chosen = prepared.with_beta(beta)
    writer.record(artifacts.BETA_TRIALS, trials)
    writer.document(artifacts.CONFIG, chosen.config.to_dict())
    return chosen, trials
