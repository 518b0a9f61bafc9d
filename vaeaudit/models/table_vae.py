"""The beta-VAE over mixed columns."""

from __future__ import annotations

import tensorflow as tf

from vaeaudit.config import ModelConfig
from vaeaudit.data.encoding import Encoding
from vaeaudit.data.rows import Rows
from vaeaudit.models.likelihoods import MixedLikelihood
from vaeaudit.models.marginals import fit_marginals
from vaeaudit.models.networks import TableInputs, decoder_network, encoder_network
from vaeaudit.models.vae import Batch, BetaVAE


class TableVAE(BetaVAE):
    """A `BetaVAE` whose rows are cells: values [B, P], codes [B, Q] and observed [B, C], as in `EncodedRows`.

    Parameters
    ----------
    encoding
        How columns become numbers; fixes the likelihoods.
    config, seed, trim
        As for `BetaVAE`; the seed is also that of the initial weights.
    """

    #: German credit (900 training rows) at eleven passes an epoch was memorised before the KL weight had risen, and
    #: ended below the independent columns it started from.
    most_passes = 2
    encoding: Encoding
    likelihood: MixedLikelihood

    def __init__(self, encoding: Encoding, config: ModelConfig, *, seed: int, trim: float = 0.0) -> None:
        likelihood = MixedLikelihood(encoding, name="likelihood")
        likelihood.build()
        inputs_layer = TableInputs(encoding, name="inputs")
        super().__init__(
            config,
            encoder=encoder_network(inputs_layer.n_features, config.hidden, config.latents, seed=seed),
            decoder=decoder_network(config.latents, config.hidden, likelihood, seed=seed),
            likelihood=likelihood,
            seed=seed,
            trim=trim,
        )
        self.encoding = encoding
        self.inputs_layer = inputs_layer
        shape = (likelihood.n_parameters,)
        self.marginals = self.add_weight(name="marginals", shape=shape, initializer="zeros", trainable=False)

    @property
    def signature(self) -> list[tf.TensorSpec]:
        """Values [B, P], codes [B, Q] and observed [B, C]."""
        n_numeric, n_columns = self.likelihood.n_numeric, self.likelihood.n_columns
        return [
            tf.TensorSpec([None, n_numeric], tf.float32),
            tf.TensorSpec([None, n_columns - n_numeric], tf.int32),
            tf.TensorSpec([None, n_columns], tf.bool),
        ]

    def features(self, batch: Batch) -> tf.Tensor:
        """Return standardised numbers, one-hot codes and masks [B, D]; see `TableInputs`."""
        return self.inputs_layer(*batch)

    def start_from(self, train_rows: Rows, test_rows: Rows, *, seed: int) -> float:
        """Fit each column on its own, and let the decoder start there."""
        bias, baseline = fit_marginals(self.likelihood, train_rows, test_rows, seed=seed)
        self.decoder.layers[-1].bias.assign(bias)
        self.marginals.assign(bias)
        return baseline

    def rarity_credit(self, batch: Batch) -> tf.Tensor:
        """Return [B] nats that a row's loss owes to rare levels and missing cells alone, whatever the other cells say.

        A row is not trimmed for belonging to a small group: only for numbers far out, and for levels that are less
        probable given the rest of the row than they are by themselves. On Adult, trimming by the loss itself kept all
        83 people with preschool education from being learned, and flagged them.
        """
        _, _, observed = batch
        alone = self.likelihood.log_prob(self.marginals[None, :], *batch)
        is_number = tf.range(self.likelihood.n_columns) < self.likelihood.n_numeric
        return -tf.reduce_sum(tf.where(is_number & observed, 0.0, alone), axis=-1)
