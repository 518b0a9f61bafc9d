"""Protocol `speed`, pictures: training on 64 x 64 pixels against pythae's BetaVAE, whole processes in turn.

Four processes per round: two architectures (the plain one of most libraries, and vaeaudit's own), each trained by
pythae and by vaeaudit with the same numbers of weights, batches and epochs. Ratios are taken within a round, so that
a machine that is slow for a while is slow for both. Beside it, what the architecture is worth: the held-out ELBO of
both networks after the same pictures and after the same seconds, both in vaeaudit, whose likelihood differs from
pythae's (a learned scale; pythae fixes it at 1), so that bounds of the two libraries are not compared.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import peers, record
from vaeaudit.config import ReadConfig
from vaeaudit.data.reading.load import load

#: Side of the pictures, B, L and learning rate: vaeaudit's defaults at this size, given to both.
_SIDE, _BATCH, _LATENTS, _LEARNING_RATE = 64, 64, 32, 1e-3
#: Pictures trained on and held out, and epochs timed.
_TRAINED, _HELD_OUT, _EPOCHS = 3072, 1024, 4
#: Epochs of the comparison by held-out ELBO; the quicker network goes on for longer.
_ELBO_EPOCHS: Mapping[str, int] = {"plain": 10, "default": 24}
_NETWORKS = ("plain", "default")
#: Parts of red, green and blue in luminance (ITU-R BT.601).
_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class Trained:
    """One finished training.

    Attributes
    ----------
    process
        The whole process.
    images
        Pictures seen up to the end of each epoch [E].
    wall_s, cpu_s
        Seconds of training up to there [E]; imports and start of the process are not among them.
    weights
        Numbers that training moves.
    elbo
        Held-out ELBO there [E], in nats per picture, where it was asked for.
    """

    process: record.Measured
    images: npt.NDArray[np.int64]
    wall_s: npt.NDArray[np.float64]
    cpu_s: npt.NDArray[np.float64]
    weights: int
    elbo: npt.NDArray[np.float64]

    @classmethod
    def read(cls, process: record.Measured) -> Trained:
        """Read what the process printed on its last line."""
        printed = json.loads(process.stdout.splitlines()[-1])
        wall, cpu = np.array(printed["marks"]).T
        images = printed["images_per_mark"] * np.arange(1, len(wall) + 1)
        return cls(process, images, wall, cpu, printed["weights"], np.array(printed.get("held_out_elbo", ())))

    def rates(self) -> dict[str, float]:
        """Return pictures per second: of the process, of training with its first epoch, without it, per CPU second."""
        later = self.images[-1] - self.images[0]
        return {
            "whole process": self.images[-1] / self.process.wall_s,
            "training, all in": self.images[-1] / self.wall_s[-1],
            "training, after the first epoch": later / (self.wall_s[-1] - self.wall_s[0]),
            "training, after the first epoch, per CPU second": later / (self.cpu_s[-1] - self.cpu_s[0]),
        }


def measure(pictures: Path, repeats: int, *, array_key: str | None = None) -> dict[str, list[dict[str, Any]]]:
    """Return the tables of this part: ratios, every run, and the held-out ELBO."""
    peers.require("pythae")
    tables: dict[str, list[dict[str, Any]]] = {"images_ratios": [], "images_runs": [], "images_held_out_elbo": []}
    with tempfile.TemporaryDirectory() as folder:
        for colours, (trained, held_out) in _prepare(pictures, Path(folder), array_key).items():
            rounds = [_round(trained) for _ in range(repeats)]
            tables["images_ratios"] += [{"pictures": colours, **row} for row in _ratios(rounds)]
            tables["images_runs"] += [{"pictures": colours, **row} for row in _runs(rounds)]
            curves = {name: _vaeaudit(trained, name, _ELBO_EPOCHS[name], held_out) for name in _NETWORKS}
            tables["images_held_out_elbo"] += [{"pictures": colours, **row} for row in _elbo(curves)]
    return tables


def _prepare(source: Path, folder: Path, array_key: str | None) -> dict[str, tuple[Path, Path]]:
    """Write training and held-out pictures as .npy files: in colour, where the source has colours, and in grey."""
    read = ReadConfig(image_size=_SIDE, cache=str(folder / "cache"), array_key=array_key)
    images = load(source, read).images
    if images is None or len(images) < 2 * _BATCH:
        print(f"{source}: expected a folder or an array of at least {2 * _BATCH} pictures.")
        raise SystemExit(2)
    order = np.random.default_rng(0).permutation(len(images))
    n_trained = min(_TRAINED, len(images) * 3 // 4) // _BATCH * _BATCH  # whole batches, or the two sides would differ
    parts = {"trained": order[:n_trained], "held-out": order[n_trained : n_trained + _HELD_OUT]}
    pixels = {name: images.read(np.sort(index)) for name, index in parts.items()}
    kinds = {"colour": pixels, "grey": {name: _grey(part) for name, part in pixels.items()}}
    if images.shape[-1] == 1:
        kinds = {"grey": pixels}
    files = {}
    for colours, arrays in kinds.items():
        for name, array in arrays.items():
            np.save(folder / f"{colours}-{name}.npy", array)
        files[colours] = (folder / f"{colours}-trained.npy", folder / f"{colours}-held-out.npy")
    return files


def _grey(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    if pixels.shape[-1] == 1:
        return pixels
    return np.rint(pixels @ _LUMINANCE).astype(np.uint8)[..., None]


def _settings(pixels: Path, networks: str, epochs: int) -> list[str]:
    settings = {
        "networks": networks,
        "latents": _LATENTS,
        "batch": _BATCH,
        "epochs": epochs,
        "learning-rate": _LEARNING_RATE,
    }
    return [str(pixels), *(word for name, value in settings.items() for word in (f"--{name}", str(value)))]


def _vaeaudit(pixels: Path, networks: str, epochs: int, held_out: Path | None = None) -> Trained:
    command = [sys.executable, "-m", "benchmarks.image_training", *_settings(pixels, networks, epochs)]
    command += ["--held-out", str(held_out)] if held_out else []
    return Trained.read(record.process(command, cwd=record.FOLDER.parent))


def _pythae(pixels: Path, networks: str) -> Trained:
    return Trained.read(
        record.process(peers.command("pythae", "pythae_training.py", *_settings(pixels, networks, _EPOCHS)))
    )


def _round(pixels: Path) -> dict[tuple[str, str], Trained]:
    """Train each network in each library once, one after the other."""
    done = {}
    for networks in _NETWORKS:
        done["pythae", networks] = _pythae(pixels, networks)
        done["vaeaudit", networks] = _vaeaudit(pixels, networks, _EPOCHS)
        found = {library: done[library, networks].weights for library in ("pythae", "vaeaudit")}
        if len(set(found.values())) > 1:
            raise ValueError(f"{networks}: the networks must be the same on both sides, found weights {found}")
    return done


def _ratios(rounds: Sequence[Mapping[tuple[str, str], Trained]]) -> list[dict[str, Any]]:
    """Return the median over rounds of vaeaudit's pictures per second divided by pythae's."""
    compared = {
        "plain, both": (("vaeaudit", "plain"), ("pythae", "plain")),
        "vaeaudit's own, both": (("vaeaudit", "default"), ("pythae", "default")),
        "each its usual: vaeaudit's own against plain": (("vaeaudit", "default"), ("pythae", "plain")),
    }
    rows = []
    for networks, (ours, theirs) in compared.items():
        rates = [(done[ours].rates(), done[theirs].rates()) for done in rounds]
        for over in rates[0][0]:
            ratios = [mine[over] / other[over] for mine, other in rates]
            row = {"networks": networks, "over": over, "vaeaudit / pythae": statistics.median(ratios)}
            rows.append({**row, "min": min(ratios), "max": max(ratios)})
    return rows


def _runs(rounds: Sequence[Mapping[tuple[str, str], Trained]]) -> list[dict[str, Any]]:
    return [
        {
            "round": index + 1,
            "library": library,
            "networks": networks,
            "weights": run.weights,
            "images": int(run.images[-1]),
            "process_s": run.process.wall_s,
            "process_cpu_s": run.process.cpu_s,
            "training_s": float(run.wall_s[-1]),
            "first_epoch_s": float(run.wall_s[0]),
            "images_per_s, later epochs": float(run.rates()["training, after the first epoch"]),
            "peak_mib": run.process.peak_mib,
        }
        for index, done in enumerate(rounds)
        for (library, networks), run in done.items()
    ]


def _elbo(curves: Mapping[str, Trained]) -> list[dict[str, Any]]:
    """Return the held-out ELBO of both networks after the same pictures, the same seconds, and when it is the same."""
    plain, default = curves["plain"], curves["default"]
    last = min(len(plain.elbo), len(default.elbo)) - 1
    seconds = min(plain.wall_s[-1], default.wall_s[-1])
    at_seconds = {name: int(np.searchsorted(run.wall_s, seconds, side="right")) - 1 for name, run in curves.items()}
    rows = [
        _moment("after the same pictures", plain, last, default, last),
        _moment("after the same seconds", plain, at_seconds["plain"], default, at_seconds["default"]),
    ]
    reached = np.flatnonzero(default.elbo >= plain.elbo[-1])
    if reached.size:
        rows.append(_moment("at the same ELBO", plain, len(plain.elbo) - 1, default, int(reached[0])))
    return rows


def _moment(when: str, plain: Trained, at_plain: int, default: Trained, at_default: int) -> dict[str, Any]:
    return {
        "when": when,
        "plain: ELBO": float(plain.elbo[at_plain]),
        "vaeaudit's own: ELBO": float(default.elbo[at_default]),
        "plain: images": int(plain.images[at_plain]),
        "vaeaudit's own: images": int(default.images[at_default]),
        "plain: seconds": float(plain.wall_s[at_plain]),
        "vaeaudit's own: seconds": float(default.wall_s[at_default]),
    }
