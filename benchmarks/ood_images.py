"""Protocol `ood_images`: pictures and vectors that do not belong, found by the outlier score; labels never seen.

    python -m benchmarks.ood_images [--data PATH] [--more PATH] [--vectors PATH] [--preset NAME] [--part PART ...]

*clean*: a model of 5,000 pictures of Fashion-MNIST scores 1,000 of its test pictures, MNIST and notMNIST.
*contaminated*: 1, 3 or 10 % of the pictures of one set, or of several, among those of another; a model of all of them
scores all of them. Sets of --data, which the score was chosen on, and of --more (each an `.npy` of uint8 pictures),
which nothing was chosen on. *defects*: magnetic tiles, all classes learned. *groups*: the share of each group of clean
faces among the first 5 %. *vectors*: each `.npz` (X, y) of --vectors, with the rows that y calls outliers, and with 3 %
of the rows of another set.

Everything at the defaults of `vaeaudit fit`. Beside it: what is left of 16 x 16 pixels by their first 32 principal
components, an isolation forest on the same pixels, the 5th neighbour among the latents of the same model; of vectors an
isolation forest, the 5th neighbour, and the 50th. Intervals are over sets, hosts drawn with replacement.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import NearestNeighbors

from benchmarks import record
from benchmarks.detection import auroc_and_precision
from vaeaudit.config import FitConfig, ReadConfig
from vaeaudit.data.dataset import Dataset
from vaeaudit.data.reading.load import load
from vaeaudit.data.reading.load_like import OtherData

Values = npt.NDArray[np.floating]
Pixels = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
Figures = dict[str, tuple[float, float]]

PARTS = ("clean", "contaminated", "defects", "groups", "vectors")
OURS = "vaeaudit"
SHARES = (0.01, 0.03, 0.1)
_MOST, _OF_SET, _RESAMPLES = 1500, 2500, 2000
_SIDE, _COMPONENTS = 16, 32
#: Other sets whose pictures are put, one set at a time, among those of each.
_GUESTS = 2


@dataclass(frozen=True)
class Mixed:
    """Pictures or vectors of a host, and which of them are foreign."""

    host: str
    foreign: str
    share: float
    x: npt.NDArray[Any]
    y: Flags


def main() -> None:
    """Measure, print and write; what was measured of other parts before is kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=record.DATA)
    parser.add_argument("--more", type=Path)
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--preset", default="standard")
    parser.add_argument("--part", nargs="+", choices=PARTS, default=PARTS)
    arguments = parser.parse_args()
    found: dict[str, Any] = record.figures_of("ood_images")
    for part in arguments.part:
        for name, rows in measured(part, arguments):
            found[name] = rows
            print(f"\n{name}\n{record.table(rows)}", flush=True)
            record.write("ood_images", found, data="arrays, images; sets of --more and --vectors named in the tables")


def measured(part: str, arguments: argparse.Namespace) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield the tables of a part."""
    data, preset = arguments.data, arguments.preset
    if part == "clean":
        yield "clean_fashion_mnist", clean(data, preset)
    if part == "contaminated":
        chosen_on = {name: pictures_of(data, name) for name in ("fairface", "tile", "fashion", "dsprites")}
        guests = {name: pictures_of(data, name) for name in ("mnist", "notmnist")}
        yield from contaminated("sets_chosen_on", chosen_on, guests, preset)
        if arguments.more:
            held_out = {path.stem: np.load(path) for path in sorted(arguments.more.glob("*.npy"))}
            yield from contaminated("held_out_sets", held_out, {}, preset)
    if part == "defects":
        yield "magnetic_tile_defects", defects(record.require(data, "images/magnetic_tile"), preset)
    if part == "groups":
        yield "groups_among_the_first_5_percent", groups(record.require(data, "images/fairface_64/train"), preset)
    if part == "vectors" and arguments.vectors:
        yield from vectors(arguments.vectors)


# --- pictures -------------------------------------------------------------------------------------------------------


def pictures_of(data: Path, name: str) -> Pixels:
    """Return up to `_OF_SET` pictures [N, H, W(, 3)] of a set of the protocol."""
    if name in ("mnist", "notmnist"):
        with np.load(record.require(data, "arrays/ood_28px.npz")) as archive:
            return _some(archive[name])
    if name == "fashion":
        with np.load(record.require(data, "arrays/fashion_mnist.npz")) as archive:
            return _some(archive["x_train"])
    if name == "dsprites":
        with np.load(record.require(data, "arrays/dsprites_rerender_92160.npz")) as archive:
            return np.asarray(_some(archive["imgs"]) * np.uint8(255), np.uint8)
    folder = {"fairface": "images/fairface_64/train", "tile": "images/magnetic_tile"}[name]
    mode, files = "RGB" if name == "fairface" else "L", sorted(record.require(data, folder).rglob("*.*"))
    chosen = _some(np.array([str(path) for path in files if path.suffix.lower() in (".jpg", ".png")]))
    return np.stack([_padded(Image.open(path).convert(mode), 64) for path in chosen])


def _some(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return values[np.random.default_rng(7).permutation(len(values))[:_OF_SET]]


def _padded(picture: Image.Image, side: int) -> Pixels:
    scale = side / max(picture.size)
    picture = picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))), Image.BOX)
    square = Image.new(picture.mode, (side, side))
    square.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    return np.asarray(square)


def contaminated(
    name: str, hosts: Mapping[str, Pixels], guests: Mapping[str, Pixels], preset: str
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield a table of every pair of host and foreign set, worst first, and means with intervals."""
    found = []
    for mixed in mixtures(hosts, {**hosts, **guests}):
        found.append((mixed, judged_pictures(mixed, preset)))
        print(mixed.host, mixed.foreign, mixed.share, found[-1][1], flush=True)
    yield from tables(name, found)


def mixtures(hosts: Mapping[str, Pixels], foreign: Mapping[str, Pixels]) -> Iterator[Mixed]:
    """Yield each set with pictures of `_GUESTS` others in turn, and with some of every other, among it."""
    shares, turn = cycle(SHARES), 0
    for host in hosts:
        guests = [name for name in foreign if name != host]
        for _ in range(_GUESTS):
            guest, turn = guests[turn % len(guests)], turn + 1
            yield _mixture(host, hosts[host], guest, next(shares), [foreign[guest]])
        yield _mixture(host, hosts[host], "several", 0.03, [foreign[name] for name in guests])


def _mixture(host: str, own: Pixels, guest: str, share: float, others: Sequence[Pixels]) -> Mixed:
    draw = np.random.default_rng([len(host), len(guest), len(own)])
    n_rows, side = min(_MOST, len(own)), own.shape[1]
    each = max(1, round(max(10.0, share * n_rows) / len(others)))
    strange = [_like(other[draw.permutation(len(other))[:each]], side) for other in others]
    n_strange = sum(len(part) for part in strange)
    parts = [_like(own[draw.permutation(len(own))[: n_rows - n_strange]], side), *strange]
    if not any(values.ndim == 4 for values in (own, *others)):
        parts = [part[..., :1] for part in parts]
    order = draw.permutation(n_rows)
    return Mixed(host, guest, share, np.concatenate(parts)[order], (np.arange(n_rows) >= n_rows - n_strange)[order])


def _like(pictures: Pixels, side: int) -> Pixels:
    """Return pictures in colour and of one side [N, side, side, 3]."""
    resized = [Image.fromarray(picture).convert("RGB").resize((side, side), Image.BICUBIC) for picture in pictures]
    return np.stack([np.asarray(picture) for picture in resized])


def judged_pictures(mixed: Mixed, preset: str) -> Figures:
    """Return AUROC and average precision of the foreign pictures, by score."""
    with tempfile.TemporaryDirectory() as folder:
        dataset = _dataset(mixed.x, Path(folder))
        trained, codes = learned(dataset, preset)
        scores = trained.row_scores(codes)
    found = {OURS: scores.outlier_score, **dict(zip(codes.questions, np.asarray(codes.surprises).T, strict=True))}
    found |= of_pixels(mixed.x) | {"5th neighbour in the latents": neighbour(codes.mean[:, codes.active], 5)}
    return {name: auroc_and_precision(mixed.y, score) for name, score in found.items()} | {
        "flagged": (int(scores.outlier.sum()), int(scores.outlier[mixed.y].sum()))
    }


def learned(dataset: Dataset, preset: str) -> tuple[Any, Any]:
    """Train as `vaeaudit fit` does; return the trained model and the codes of the rows."""
    from vaeaudit.workflow.builder import kind_for  # noqa: PLC0415 - TensorFlow

    kind = kind_for(dataset)
    prepared = kind.prepare(dataset, FitConfig(preset=preset))
    trained, codes, _ = kind.learn(prepared.train(), dataset, prepared, lambda done: None)
    return trained, codes


def of_pixels(pictures: Pixels) -> dict[str, Values]:
    """Score pictures by 16 x 16 pixels: what components do not hold, and an isolation forest."""
    small = [
        np.stack([np.asarray(Image.fromarray(plane).resize((_SIDE, _SIDE), Image.BOX)).ravel() for plane in channel])
        for channel in np.moveaxis(pictures, 3, 0)
    ]
    pixels = np.concatenate(small, axis=1) / 255
    fitted = PCA(n_components=_COMPONENTS, random_state=0).fit(pixels)
    left = np.square(pixels - fitted.inverse_transform(fitted.transform(pixels))).sum(axis=1)
    return {"PCA-32 of 16 x 16 pixels": left, "isolation forest of 16 x 16 pixels": forest(pixels)}


def forest(rows: Values) -> Values:
    """Isolation forest (scikit-learn, 200 trees)."""
    return np.asarray(-IsolationForest(n_estimators=200, random_state=0).fit(rows).score_samples(rows))


def neighbour(rows: Values, k: int) -> Values:
    """Distance to the k-th neighbour."""
    return np.asarray(NearestNeighbors(n_neighbors=k).fit(rows).kneighbors()[0][:, -1])


def clean(data: Path, preset: str) -> list[dict[str, Any]]:
    """Return the AUROC of other pictures under a model of Fashion-MNIST alone."""
    with np.load(record.require(data, "arrays/fashion_mnist.npz")) as archive:
        train, test = archive["x_train"][:5000], archive["x_test"][:1000]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        dataset = _dataset(train[..., None], Path(folder) / "train")
        trained, _ = learned(dataset, preset)
        for name in ("mnist", "notmnist"):
            pictures = np.concatenate([test, pictures_of(data, name)[:1000]])[..., None]
            other = _dataset(pictures, Path(folder) / name)
            codes = trained.codes(OtherData(other, other.frame), lambda done: None)
            is_other = np.arange(len(pictures)) >= len(test)
            row = {"against": name, OURS: auroc_and_precision(is_other, trained.row_scores(codes).outlier_score)[0]}
            asked = zip(codes.questions, np.asarray(codes.surprises).T, strict=True)
            rows.append(row | {question: auroc_and_precision(is_other, values)[0] for question, values in asked})
    return [_rounded(row) for row in rows]


def defects(folder: Path, preset: str) -> list[dict[str, Any]]:
    """Return the AUROC of each class of defects against free tiles, and their mean."""
    with tempfile.TemporaryDirectory() as cache:
        tiles = load(folder, ReadConfig(exclude=("class",), cache=cache))
        classes = tiles.frame["class"].astype(str).to_numpy()
        trained, codes = learned(tiles, preset)
        pixels = _store(tiles).read(np.arange(len(tiles)))
        scores = {OURS: trained.row_scores(codes).outlier_score}
    scores |= dict(zip(codes.questions, np.asarray(codes.surprises).T, strict=True))
    scores |= of_pixels(pixels) | {"5th neighbour in the latents": neighbour(codes.mean[:, codes.active], 5)}
    rows = []
    for name, score in scores.items():
        found = {}
        for defect in sorted(set(classes) - {"free"}):
            used = np.isin(classes, ["free", defect])
            found[defect] = auroc_and_precision(classes[used] == defect, score[used])[0]
        rows.append(_rounded({"score": name, **found, "mean": float(np.mean(list(found.values())))}))
    return rows


def groups(folder: Path, preset: str) -> list[dict[str, Any]]:
    """Return the share of each race among the first 5 % of clean faces, beside its share of all."""
    with tempfile.TemporaryDirectory() as cache:
        faces = load(folder, ReadConfig(exclude=("age", "gender", "race"), cache=cache))
        trained, codes = learned(faces, preset)
        first = trained.row_scores(codes).most_atypical_first[: round(0.05 * len(faces))]
    race = faces.frame["race"].astype(str)
    everyone, listed = race.value_counts(normalize=True), race.iloc[first].value_counts(normalize=True)
    parts = listed.reindex(everyone.index, fill_value=0.0)
    return [
        _rounded({"race": name, "of all": share, "of the first 5 %": parts[name], "ratio": parts[name] / share})
        for name, share in everyone.items()
    ]


# --- vectors --------------------------------------------------------------------------------------------------------


def vectors(folder: Path) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield tables of sets with their own outliers, and with rows of another set of as many elements."""
    sets = {path.stem: path for path in sorted(folder.glob("*.npz"))}
    loaded = {name: _vectors(path) for name, path in sets.items()}
    real = [Mixed(name, "its own", float(y.mean()), x, y) for name, (x, y) in loaded.items()]
    yield from tables("vectors_with_outliers_of_their_own", [(mixed, judged_vectors(mixed)) for mixed in real])
    off_topic = list(_off_topic(loaded))
    yield from tables("vectors_with_rows_of_another_set", [(mixed, judged_vectors(mixed)) for mixed in off_topic])


def _vectors(path: Path) -> tuple[Values, Flags]:
    with np.load(path) as archive:
        x, y = archive["X"].astype(np.float32), archive["y"].astype(bool)
    kept = np.random.default_rng(0).permutation(len(x))[:_OF_SET]
    return x[kept], y[kept]


def _off_topic(loaded: Mapping[str, tuple[Values, Flags]]) -> Iterator[Mixed]:
    draw, names = np.random.default_rng(1), list(loaded)
    for place, host in enumerate(names):
        own = loaded[host][0][~loaded[host][1]]
        alike = [name for name in names[place + 1 :] + names[:place] if loaded[name][0].shape[1] == own.shape[1]]
        if not alike:
            continue
        guest = alike[len(alike) // 2]
        strange = loaded[guest][0][draw.permutation(len(loaded[guest][0]))[: max(6, round(0.03 * len(own)))]]
        y = np.arange(len(own) + len(strange)) >= len(own)
        yield Mixed(host, guest, 0.03, np.concatenate([own, strange]), y)


def judged_vectors(mixed: Mixed) -> Figures:
    """Return AUROC and average precision by score."""
    from vaeaudit.scoring.vector_score import VectorScore  # noqa: PLC0415 - beside the pictures' imports

    score = VectorScore.of(mixed.x, seed=0)
    surprises = score.surprises(mixed.x)
    found = {OURS: score.joined.score(surprises), "isolation forest": forest(mixed.x)}
    found |= {f"{k}th neighbour": neighbour(mixed.x, min(k, len(mixed.x) - 1)) for k in (5, 50)}
    return {name: auroc_and_precision(mixed.y, values) for name, values in found.items()}


# --- figures --------------------------------------------------------------------------------------------------------


def tables(name: str, found: Sequence[tuple[Mixed, Figures]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield the means of all sets with intervals, and the sets, worst first."""
    hosts = sorted({mixed.host for mixed, _ in found})
    draw = np.random.default_rng(0)
    samples = [draw.choice(hosts, len(hosts)) for _ in range(_RESAMPLES)]
    rows = []
    for method in [key for key in found[0][1] if key != "flagged"]:
        row: dict[str, Any] = {"score": method}
        for place, figure in enumerate(("AUROC", "AP")):
            of_host = {host: [each[method][place] for mixed, each in found if mixed.host == host] for host in hosts}
            means = [np.mean([value for host in sample for value in of_host[host]]) for sample in samples]
            row[figure] = float(np.mean([each[method][place] for _, each in found]))
            row[f"{figure} interval"] = "{:.3f} to {:.3f}".format(*np.quantile(means, [0.025, 0.975]))
        row["lowest AUROC"] = min(each[method][0] for _, each in found)
        rows.append(_rounded(row))
    yield f"{name}_means", rows
    every = []
    for mixed, each in sorted(found, key=lambda entry: entry[1][OURS][0]):
        row = {"host": mixed.host, "foreign": mixed.foreign, "share": mixed.share, "rows": len(mixed.y)}
        best = max((key for key in each if key not in (OURS, "flagged")), key=lambda key: each[key][0])
        row |= {f"{OURS} AUROC": each[OURS][0], "AP": each[OURS][1], "best other": best, "its AUROC": each[best][0]}
        if "flagged" in each:
            row |= {"flagged": "{:.0f}, {:.0f} right".format(*each["flagged"])}
        every.append(_rounded(row))
    yield f"{name}_worst_first", every


def _dataset(pictures: Pixels, folder: Path) -> Dataset:
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "pictures.npy", pictures)
    return load(
        folder / "pictures.npy",
        ReadConfig(kind="images", image_size=pictures.shape[1], cache=str(folder / "cache")),
    )


def _store(dataset: Dataset) -> Any:
    if dataset.images is None:
        raise ValueError(f"{dataset.name} holds no pictures")
    return dataset.images


def _rounded(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: round(value, 4) if isinstance(value, float) else value for key, value in row.items()}


if __name__ == "__main__":
    main()
