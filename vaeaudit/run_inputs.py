"""From the files of a run to what an analysis starts from; no TensorFlow."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vaeaudit import analysis, data
from vaeaudit.analysis.run_facts import RunFacts, SourceFacts
from vaeaudit.config import AnalysisConfig, Objective
from vaeaudit.runs import Run, StoredReference, read_reference
from vaeaudit.statistics.multiplicity import benjamini_hochberg


def inputs_of(run: Run, config: AnalysisConfig, reference: StoredReference | None = None) -> analysis.AuditInputs:
    """Return everything an audit starts from, out of a complete run; flags are chosen anew at the rate of `config`.

    Parameters
    ----------
    run
        Complete.
    config
        What counts as a finding.
    reference
        The dataset to compare with; that of the run where None.
    """
    scores = analysis.stored_scores(run.rows, run.codes, fdr=config.fdr)
    return inputs_with(run, run.rows["row_id"].to_numpy(object), scores, reference or read_reference(run))


def inputs_with(
    run: Run,
    row_ids: npt.NDArray[np.object_],
    scores: analysis.RowScores,
    reference: StoredReference | None,
) -> analysis.AuditInputs:
    """Return the same where the run is not complete yet, because its rows are still being judged.

    Parameters
    ----------
    run
        With everything but `rows.parquet`.
    row_ids, scores
        Of its N rows.
    reference
        The dataset to compare with, if any.
    """
    metadata, history = run.metadata, run.history
    return analysis.AuditInputs(
        frame=run.frame,
        schema=run.schema,
        row_ids=row_ids,
        codes=run.codes,
        scores=scores,
        model=analysis.ModelFacts(
            objective=Objective(run.config.model.objective),
            beta=run.config.model.beta,
            history={name: history[name].to_numpy(np.float64) for name in history.columns if name != "epoch"},
            traversals=run.traversals.values,
            traversal_positions=run.traversals.positions,
            stability=run.scoring.get("stability"),
            iwae_samples=run.config.train.iwae_samples,
            **metadata["training"],
        ),
        accounting=data.RowAccounting(**metadata["rows"]),
        quarantine=run.quarantine,
        notes=tuple(metadata["notes"]),
        pictures=run.pictures,
        latent_space=run.latent_space,
        pairs=run.pairs,
        reference=None if reference is None else reference_of(reference, fdr=scores.fdr),
        aspects=analysis.aspects_of(run.codes, run.scoring),
        rareness=analysis.Rareness.from_arrays(run.scoring, run.config.analysis),
        companions=run.companions,
        cells=run.cells,
        member_means=run.member_means,
        decoded_regions=run.decoded_regions,
        run=_facts_of(run),
    )


def _facts_of(run: Run) -> RunFacts:
    metadata = run.metadata
    source = metadata["data"]
    return RunFacts(
        id=metadata["id"],
        config=run.config.to_dict(),
        data=SourceFacts(source["name"], source["kind"], source["fingerprint"]),
        **{name: metadata[name] for name in ("created", "seed", "versions", "timings")},
    )


def reference_of(stored: StoredReference, *, fdr: float) -> analysis.Reference:
    """Return a reference as the analysis takes it.

    Parameters
    ----------
    stored
        What a run keeps of it.
    fdr
        False-discovery rate of the rows that are set aside.
    """
    facts = stored.facts
    return analysis.Reference(
        name=facts["name"],
        fingerprint=facts["fingerprint"],
        frame=stored.frame,
        codes=stored.codes,
        outlier=benjamini_hochberg(stored.p_value) <= fdr,
        lacking=tuple(facts["lacking"]),
        notes=tuple(facts["notes"]),
    )
