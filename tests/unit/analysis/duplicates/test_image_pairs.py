from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from vaeaudit.analysis.duplicates.image_pairs import ALTERATIONS, altered, find_picture_pairs
from vaeaudit.analysis.duplicates.table_pairs import find_pairs
from vaeaudit.data.dataset import QUARANTINE_COLUMNS, Dataset, RowAccounting
from vaeaudit.data.schema.columns import Kind, Role
from vaeaudit.data.sources.image_store import ImageStore
from vaeaudit.outputs.latents import LatentCodes

N, SIDE = 500, 32
FULL = np.array([0, 0, SIDE, SIDE])


def drawn(rng, n_pictures=N):
    """Smooth random fields with finer texture over them: look-alikes in their large forms, each with its own detail."""
    noise = rng.normal(size=(2, n_pictures, SIDE, SIDE))
    coarse = ndimage.gaussian_filter(noise[0], (0, 6, 6), mode="nearest")
    fine = ndimage.gaussian_filter(noise[1], (0, 1.5, 1.5), mode="nearest")
    field = coarse / coarse.std() + 0.4 * fine / fine.std()
    return np.clip(128 + 35 * field, 0, 255).astype(np.uint8)[..., None]


def stored(folder, pixels, content=None, sizes=None):
    np.save(folder / "pictures.npy", pixels)
    content = np.array([f"{place:05}" for place in range(len(pixels))]) if content is None else content
    sizes = np.full((len(pixels), 2), pixels.shape[1], np.int32) if sizes is None else sizes
    return ImageStore(folder / "pictures.npy", pixels.shape, content, sizes)


def latents_of(pixels):
    """Means of 3 x 3 parts: what a small model would learn first."""
    parts = pixels[:, 1:31, 1:31, 0].reshape(-1, 3, 10, 3, 10).mean(axis=(2, 4))
    return parts.reshape(-1, 9) - parts.mean(axis=0).ravel()


def searched(folder, pixels, content=None, splits=None, seed=0):
    splits = np.full(len(pixels), -1) if splits is None else splits
    return find_picture_pairs(stored(folder, pixels, content), latents_of(pixels), splits, seed=seed)


@pytest.mark.parametrize("name", list(ALTERATIONS)[:3])
def test_altered_copies_are_found_and_nothing_else(tmp_path, name):
    rng = np.random.default_rng(1)
    pixels = drawn(rng)
    rows = rng.choice(N, 25, replace=False)
    copies = np.stack([altered(pixels[row], FULL, ALTERATIONS[name]) for row in rows])
    found = searched(tmp_path, np.concatenate([pixels, copies]))
    pairs = {tuple(pair) for pair in found.near.tolist()}
    assert pairs <= {(int(row), N + place) for place, row in enumerate(rows)}
    assert len(pairs) >= 24
    assert found.chances[name] > 0.9


@pytest.mark.parametrize("seed", range(4))
def test_look_alikes_are_no_copies(tmp_path, seed):
    found = searched(tmp_path, drawn(np.random.default_rng(20 + seed)))
    assert (found.near_found, len(found.listed)) == (0, 0)
    assert np.array_equal(found.first, np.arange(N))


def test_equal_content_is_exact_and_equal_pixels_after_resizing_are_near(tmp_path):
    pixels = drawn(np.random.default_rng(2), 60)
    both = np.concatenate([pixels, pixels[:2]])
    content = np.array([f"{place:05}" for place in range(60)] + ["00000", "other"])
    found = searched(tmp_path, both, content)
    assert found.first[60] == 0
    assert found.near.tolist() == [[1, 61]]
    assert found.distance.tolist() == [0.0]
    assert found.listed.tolist() == [[0, 60], [1, 61]]


def test_where_pictures_come_in_series_nothing_is_listed_and_look_alikes_are_counted(tmp_path):
    rng = np.random.default_rng(3)
    pixels = np.repeat(drawn(rng, 80), 5, axis=0).astype(np.int64)
    series = np.clip(pixels + rng.integers(-3, 4, pixels.shape), 0, 255).astype(np.uint8)
    found = searched(tmp_path, series)
    assert found.near_found == 0
    assert found.look_alikes > 300
    assert np.mean(list(found.chances.values())) < 0.5


def test_plain_pictures_are_set_aside(tmp_path):
    pixels = drawn(np.random.default_rng(4), 60)
    pixels[:20] = np.random.default_rng(5).integers(100, 104, (20, SIDE, SIDE, 1))
    found = searched(tmp_path, pixels)
    assert (found.set_aside, found.near_found) == (20, 0)


@pytest.mark.parametrize("n_pictures", [1, 2, 20])
def test_few_pictures_and_equal_ones_are_no_trouble(tmp_path, n_pictures):
    pixels = np.repeat(drawn(np.random.default_rng(6), 1), n_pictures, axis=0)
    alone = searched(tmp_path, pixels, np.repeat("same", n_pictures))
    assert alone.first.tolist() == [0] * n_pictures
    assert alone.near_found == 0
    assert searched(tmp_path, pixels).near_found == n_pictures - 1


def test_the_same_seed_gives_the_same_pairs(tmp_path):
    pixels = drawn(np.random.default_rng(7), 300)
    one, again = searched(tmp_path, pixels), searched(tmp_path, pixels)
    assert one.chances == again.chances
    assert np.array_equal(one.listed, again.listed)


def codes_of(mean):
    n_rows = len(mean)
    flat = {name: np.zeros(n_rows) for name in ("log_likelihood", "iwae", "unit_correction")}
    none = {name: np.zeros((n_rows, 0)) for name in ("reason_nats", "reason_p")}
    return LatentCodes(
        reason_column=np.zeros((n_rows, 0), int),
        mean=mean,
        stddev=np.full(mean.shape, 0.1),
        kl=np.full(mean.shape, 2.0),
        held_out=np.zeros(n_rows, bool),
        columns=(),
        **flat,
        **none,
    )


def test_a_dataset_of_pictures_lists_copies_across_its_splits_first(tmp_path, build):
    pixels = drawn(np.random.default_rng(8), 100)
    both = np.concatenate([pixels, pixels[:3]])
    content = np.array([f"{place:05}" for place in [*range(100), 0, 1, 2]])
    parts = ["train"] * 102 + ["test"]
    inputs = build({"split": (parts, Kind.CATEGORY, Role.SPLIT)}, np.zeros((103, 1)))
    dataset = Dataset(
        frame=inputs.frame,
        schema=inputs.schema,
        row_ids=inputs.row_ids,
        accounting=RowAccounting(103, 103, 0, 0),
        quarantine=inputs.quarantine[list(QUARANTINE_COLUMNS)],
        fingerprint="",
        name="pictures",
        images=stored(tmp_path, both, content),
    )
    found = find_pairs(dataset, codes_of(latents_of(both) / 1e3), seed=0)
    assert found.basis == "pixels"
    assert found.listed.tolist() == [[2, 102], [0, 100], [1, 101]]
