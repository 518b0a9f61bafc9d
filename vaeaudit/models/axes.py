"""Turn the latents so that each goes with few columns or pixels: nothing that was learned changes but the axes."""

from __future__ import annotations

import keras
import numpy as np
import numpy.typing as npt

from vaeaudit.models.objectives import raw_of_stddev
from vaeaudit.models.rotations import FloatArray, Rotation
from vaeaudit.models.vae import Batch, BetaVAE

#: Directions along which posterior means vary less than this, where the prior has 1, are not turned further.
LEAST_VARIANCE = 0.1
#: Means and standardised numbers are drawn in to this: rows far out would otherwise choose the axes.
FARTHEST = 3.0
#: Of the regression that reads standard deviations off the encoder's last layer, relative to what it reads.
_RIDGE = 1e-3


def turn_axes(model: BetaVAE, batch: Batch, *, centre: npt.ArrayLike = 0.0, spread: npt.ArrayLike = 1.0) -> None:
    """Turn the latent space of a model to its `principal_axes`, in the weights of encoder, decoder and head.

    The prior N(0, I) is the same from all sides, and so is what is decoded: at turned latents what was decoded at
    those before; what is told of a label likewise. q(z|x) has a diagonal covariance and so changes with the axes. Its
    means are turned; its standard deviations become those of the diagonal normal nearest to the turned one,
    `1 / sqrt(diag(P' diag(1 / s^2) P))`, as far as the encoder's last layer can tell them from what it reads. The
    objective says by which rotation.

    Parameters
    ----------
    model
        Its objective has a prior; the encoder ends and the decoder begins with a dense layer.
    batch
        Training rows; hundreds at least, or the axes follow chance.
    centre, spread
        [L]; what the model subtracts from posterior means and divides them by: it goes into the weights, and the model
        is to be left with 0 and 1.
    """
    n_latents = model.config.latents
    mean, stddev = (part.numpy().astype(np.float64) for part in model.encode(batch))
    if not (np.isfinite(mean).all() and np.isfinite(stddev).all()):
        return  # a step broke the weights: training takes it back
    turn = principal_axes(mean, model.features(batch).numpy().astype(np.float64), model.objective.rotation)
    wanted = raw_of_stddev(1 / np.sqrt((1 / np.square(stddev)) @ np.square(turn)))
    outputs = model.encoder.layers[-1]
    kernel, bias = outputs.get_weights()
    of_kernel, of_bias = _regression(_read_last(model, batch), wanted)
    turned = kernel[:, :n_latents] / spread @ turn, (bias[:n_latents] - centre) / spread @ turn
    outputs.set_weights([np.hstack([turned[0], of_kernel]), np.hstack([turned[1], of_bias])])
    first = next(layer for layer in model.decoder.layers if layer.weights)
    for reader in (first, model.head):
        if reader is not None:
            kernel, bias = reader.get_weights()
            of_latents = kernel[:n_latents]
            bias += np.broadcast_to(centre, n_latents) @ of_latents
            kernel[:n_latents] = turn.T @ (np.reshape(spread, (-1, 1)) * of_latents)
            reader.set_weights([kernel, bias])


def principal_axes(mean: FloatArray, features: FloatArray, rotation: Rotation) -> FloatArray:
    """Return an orthogonal P [L, L]: `mean @ P` are posterior means along axes that another training finds again.

    The directions along which posterior means vary are ordered by how much (principal components), and those that vary
    by more than `LEAST_VARIANCE` are turned among themselves. The turned ones come first, by falling variance; each
    points to where the features that go with it most are large.

    Parameters
    ----------
    mean, features
        [N, L] and [N, D], of the same rows.
    rotation
        Chooses how, by standardised scores [N, K] and the features; see `vaeaudit.models.rotations`.
    """
    mean = np.clip(mean, -FARTHEST, FARTHEST)
    covariance = np.cov(mean, rowvar=False).reshape(mean.shape[1], -1)
    variance, directions = (part[..., ::-1] for part in np.linalg.eigh(covariance))
    axes = directions.copy()
    turned = int(np.count_nonzero(variance > LEAST_VARIANCE))
    features = np.clip(features, -FARTHEST, FARTHEST)
    features -= features.mean(axis=0)
    if turned > 1:
        scores = (mean - mean.mean(axis=0)) @ directions[:, :turned] / np.sqrt(variance[:turned])
        axes[:, :turned] = directions[:, :turned] @ rotation(scores, features)
        order = np.argsort(-np.einsum("lk,lm,mk->k", axes, covariance, axes)[:turned], kind="stable")
        axes[:, :turned] = axes[:, order]
    loadings = features.T @ (mean @ axes)
    strongest = loadings[np.abs(loadings).argmax(axis=0), np.arange(len(axes))]
    return np.asarray(axes * np.where(strongest < 0, -1.0, 1.0))


def _read_last(model: BetaVAE, batch: Batch) -> FloatArray:
    """Return what the last layer of the encoder reads of each row [N, H]."""
    before = keras.Model(model.encoder.inputs, model.encoder.layers[-1].input)
    return np.asarray(before(model.seen(batch)), np.float64)


def _regression(read: FloatArray, wanted: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return kernel [H, L] and bias [L] of the ridge regression of what is wanted [N, L] on what is read [N, H]."""
    centre = read.mean(axis=0)
    centred = read - centre
    gram = centred.T @ centred / len(read)
    gram[np.diag_indices_from(gram)] += _RIDGE * max(float(np.trace(gram)) / len(gram), 1e-12)
    kernel = np.linalg.solve(gram, centred.T @ (wanted - wanted.mean(axis=0)) / len(read))
    return kernel, wanted.mean(axis=0) - centre @ kernel
