"""What is judged of every row once the model is trained: scores, regions, copies; the last part of `fit`."""

from __future__ import annotations

import numpy as np

from vaeaudit import analysis, data, runs
from vaeaudit.cell_checks import check_cells
from vaeaudit.data.encoding.image_encoding import ImageRows
from vaeaudit.data.population_shares import Population
from vaeaudit.decoding import decode_table_regions
from vaeaudit.learning import Learned
from vaeaudit.run_inputs import inputs_with
from vaeaudit.runs import Run, RunWriter, artifacts
from vaeaudit.runs.artifacts import DecodedRegions


def judge_rows(writer: RunWriter, dataset: data.Dataset, learned: Learned, shares: Population | None) -> None:
    """Score the rows, place them in regions, find their copies, and keep what a report shows of them.

    Parameters
    ----------
    writer
        Of the run, which holds everything that `learn` wrote, and the reference if there is one.
    dataset, learned
        The rows, and what was learned from them.
    shares
        Population to compare with, if any.
    """
    from vaeaudit import models  # noqa: PLC0415 - it has been imported by `learn`

    codes, unfinished = learned.codes, Run(writer.folder)
    config, seed = unfinished.config.analysis, unfinished.config.seed
    space = models.measure_latent_space(learned.model, learned.rows, codes, seed=seed)
    writer.arrays(artifacts.LATENT_SPACE.name, space.to_arrays())
    pairs = analysis.find_pairs(dataset, codes, seed=seed)
    writer.arrays(artifacts.PAIRS.name, pairs.to_arrays())
    scores = analysis.scores_of(codes, unfinished.scoring, config)
    companions = analysis.companion_scores(dataset.frame, dataset.schema, codes, seed=seed)
    writer.arrays(artifacts.COMPANIONS.name, companions.to_arrays())
    cells = check_cells(learned.model, dataset.frame, codes, learned.scoring, scores, seed=seed)
    if cells is not None:
        writer.arrays(artifacts.CELLS.name, cells.to_arrays())
    inputs = inputs_with(unfinished, dataset.row_ids, scores, runs.read_reference(unfinished))
    search = analysis.search_regions(inputs, config, shares)
    writer.document(artifacts.REGIONS.name, analysis.regions_to_dict(search.regions))
    if isinstance(learned.model, models.ImageVAE) and isinstance(learned.rows, ImageRows):
        further = np.concatenate([pairs.shown_rows(), analysis.region_rows(inputs, search.regions)])
        pictures = models.make_pictures(
            learned.model,
            learned.rows,
            models.PatchScales.from_arrays(learned.scoring),
            kept=analysis.rows_to_picture(scores, codes, further=further, seed=seed),
            thumbnails=analysis.thumbnail_rows(codes, seed),
            regions=analysis.points_of_regions(inputs, search.regions, seed=seed),
            seed=seed,
        )
        writer.arrays(artifacts.PICTURES.name, pictures.to_arrays())
    elif isinstance(learned.model, models.TableVAE):
        decoded = decode_table_regions(learned.model, inputs, search.regions, seed=seed)
        writer.arrays(artifacts.DECODED_REGIONS.name, DecodedRegions.of(decoded).to_arrays())
    writer.table(artifacts.ROWS.name, analysis.row_table(inputs, search.row_region), note=scores.note)
