"""Made-up audit results about pictures of drawn shapes, with hostile names for rows and groups.

Loaded by path (`runpy`), like `people.py`, whose results it turns into results about pictures.
"""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from vaeaudit.analysis.audit.results import AuditResults
from vaeaudit.analysis.duplicates.duplicates import DuplicatePair, Duplicates, EqualRows
from vaeaudit.analysis.images.results import MapGrid, PictureSheets, RegionTiles, RowTile
from vaeaudit.analysis.latents.results import LatentMap
from vaeaudit.analysis.outliers.results import Agreement
from vaeaudit.outputs.images import Pictures
from vaeaudit.outputs.row_scores import OF_PICTURES

KEPT, LATENTS, STEPS, THUMBNAILS = 40, 6, 11, 60
ASPECT = "small-scale shape differs from what the model expects"


def draw_shapes(count: int, size: int, channels: int, seed: int = 0) -> np.ndarray:
    """Draw [count, size, size, channels]: a disc or a square of some colour and place on a grey ground."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size] / size
    centre, radius = rng.uniform(0.3, 0.7, (2, count, 1, 1)), rng.uniform(0.1, 0.3, (count, 1, 1))
    away = np.stack([np.abs(x - centre[0]), np.abs(y - centre[1])])
    inside = np.where(rng.uniform(size=(count, 1, 1)) < 0.5, np.hypot(*away), away.max(axis=0)) < radius
    ground = rng.integers(90, 130, (count, size, size, channels))
    colour = rng.integers(0, 255, (count, 1, 1, channels))
    return np.where(inside[..., None], colour, ground).astype(np.uint8)


def shapes_pictures(size: int = 48, channels: int = 3, regions: int = 2) -> Pictures:
    """Pictures as a run keeps them."""
    originals = draw_shapes(KEPT, size, channels)
    rng = np.random.default_rng(1)
    return Pictures(
        rows=10 * np.arange(KEPT),
        originals=originals,
        reconstructions=(originals // 2 + 60).astype(np.uint8),
        surprise=rng.integers(0, 255, (KEPT, size, size)).astype(np.uint8),
        surprise_top=8.0,
        traversals=draw_shapes(LATENTS * STEPS, size, channels, 2).reshape(LATENTS, STEPS, size, size, channels),
        prior=draw_shapes(24, size, channels, 3),
        region_rules=np.array([f"region {place}" for place in range(regions)], dtype=np.str_),
        regions=draw_shapes(8 * regions, size, channels, 4).reshape(regions, 8, size, size, channels),
        thumbnail_rows=np.arange(THUMBNAILS),
        thumbnails=draw_shapes(THUMBNAILS, size // 2, channels, 5),
    )


def shapes_tiles(places: range, names: tuple[str, ...] = (), group: str = "round") -> tuple[RowTile, ...]:
    """Tiles of the rows at these places; the first ones bear `names`."""
    return tuple(
        RowTile(
            place=place,
            row_id=names[k] if k < len(names) else f"shape-{place}.png",
            position=10 * place,
            score=9.0 - 0.2 * k,
            p_value=0.0002 * (k + 1),
            flagged=k < 5,
            rarity=14.0 - 0.3 * k,
            groups={"kind": group, "colour": "red"},
        )
        for k, place in enumerate(places)
    )


def shapes_sheets(pictures: Pictures, people: SimpleNamespace, **changes: object) -> PictureSheets:
    """What a report shows of these pictures; `changes` replace whole fields."""
    hostile = (people.SCRIPT, people.BOLD, "1.png")
    rows, columns = 3, 4
    cells = np.arange(rows * columns).reshape(rows, columns)
    cells[0, 0] = -1
    first, second, third, *_ = (region.id for region in people.people_regions())
    fields = {
        "pictures": pictures,
        "outliers": shapes_tiles(range(20), hostile, people.BOLD),
        "rare": shapes_tiles(range(20, 32), hostile),
        "reconstructions": shapes_tiles(range(32, 40)),
        "outliers_missing": 0,
        "rare_missing": 0,
        "reconstructions_missing": 0,
        "latents": tuple(range(LATENTS)),
        "positions": np.linspace(-2.5, 2.5, STEPS),
        "regions": (
            RegionTiles(first, 0, shapes_tiles(range(3))),
            RegionTiles(second, 1, ()),
            RegionTiles(third, None, ()),
        ),
        "grid": MapGrid(cells, np.array([-2.0, -1.5]), np.array([2.0, 1.5])),
        "pairs": ((shapes_tiles(range(1))[0], shapes_tiles(range(1, 2))[0]),),
    }
    return PictureSheets(**(fields | changes))


def shapes_agreement(of_tables: Agreement) -> Agreement:
    """The agreement of what is asked of pictures, with rows told by what about the picture is atypical."""
    told = [
        tuple(replace(row, reasons=(), aspect=ASPECT) for row in rows)
        for rows in (of_tables.only_model, of_tables.only_companions)
    ]
    questions = tuple(replace(part, name=name) for part, name in zip(of_tables.companions, OF_PICTURES, strict=True))
    return replace(
        of_tables,
        companions=questions,
        only_model=told[0],
        only_companions=told[1],
        only_model_columns={},
    )


def shapes_results(people: SimpleNamespace, size: int = 48, channels: int = 3, **changes: object) -> AuditResults:
    """An audit of drawn shapes; `changes` replace whole fields."""
    made = people.people_results()
    sheets = shapes_sheets(shapes_pictures(size, channels), people)
    places = made.latent_map
    ids = (people.SCRIPT, *(f"shape-{place}.png" for place in range(1, THUMBNAILS)))
    fields = {
        "run": replace(made.run, data=replace(made.run.data, name="shapes", kind="images")),
        "model": replace(made.model, columns=0),
        "outliers": replace(
            made.outliers,
            top=tuple(
                replace(
                    row,
                    row_id=tile.row_id,
                    position=tile.position,
                    reasons=(),
                    aspect=ASPECT,
                    questions=OF_PICTURES[-1:],
                )
                for row, tile in zip(made.outliers.top, sheets.outliers, strict=False)
            ),
            by_column={},
            agreement=shapes_agreement(made.outliers.agreement),
        ),
        "duplicates": Duplicates(
            2,
            1,
            (EqualRows("shape-0.png", 2),),
            basis="pixels",
            searched=True,
            pairs=(DuplicatePair(("shape-0.png", "shape-1.png"), (0, 10), True, 0.0, (None, None), ()),),
        ),
        "latent_map": LatentMap(
            places.latents,
            places.x[:THUMBNAILS],
            places.y[:THUMBNAILS],
            {attribute: groups[:THUMBNAILS] for attribute, groups in places.groups.items()},
            places.outlier[:THUMBNAILS],
            ids,
        ),
        "traversals": (),
        "pictures": sheets,
    }
    return replace(made, **(fields | changes))
