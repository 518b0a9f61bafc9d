"""What about a picture is atypical, in words: what is measured on it, and what the model says of its patches."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.data.encoding.column_encoding import cell_numbers
from vaeaudit.data.images.measured_columns import computed_columns
from vaeaudit.outputs.record import IntArray
from vaeaudit.outputs.row_scores import Question
from vaeaudit.scoring.image_score import NOTHING
from vaeaudit.wording import numbers

#: Robust standard deviations from which on a measure is named, and measures that are named of one picture.
_STANDS_OUT, _MOST = 3.0, 2
#: What is said where no single measure stands out -> the questions that speak then.
_TOGETHER: dict[str, set[Question]] = {
    "its measures do not go together as in most pictures": {"isolation of measures", "robust distance of measures"},
    "it lies apart in the latents": {"isolation in the latents", "robust distance in the latents"},
}
#: What most pictures have: the middle so much of them.
_MIDDLE = 0.9


def aspects_of(inputs: AuditInputs, positions: IntArray) -> npt.NDArray[np.object_]:
    """Say of the pictures at these positions [M] what about them is most atypical; "" of rows of a table.

    A measure is named where it lies `_STANDS_OUT` robust standard deviations from the median of all pictures, on either
    side: a picture of one colour has too little contrast, and nothing else of it surprises the model.

    Parameters
    ----------
    inputs
        All rows.
    positions
        Which of them.
    """
    if inputs.aspects is None:
        return np.full(len(positions), "", object)
    measured, together = _measured(inputs, positions), _together(inputs, positions)
    of_model = ["" if said == NOTHING else str(said) for said in inputs.aspects[positions]]
    said = ["; ".join(filter(None, parts)) for parts in zip(measured, of_model, strict=True)]
    return np.array([alone or both or NOTHING for alone, both in zip(said, together, strict=True)], object)


def _together(inputs: AuditInputs, positions: IntArray) -> list[str]:
    """Say what is unusual about pictures of which no single measure is: how measures, or latents, go together."""
    speaking = [set(inputs.codes.speaking(int(position))) for position in positions]
    return ["; ".join(words for words, of in _TOGETHER.items() if spoken & of) for spoken in speaking]


def _measured(inputs: AuditInputs, positions: IntArray) -> list[str]:
    """Name the measures of each picture that stand out, the farthest first, with what most pictures have."""
    found: list[list[tuple[float, str]]] = [[] for _ in positions]
    for name in sorted(computed_columns(inputs.schema)):
        values = cell_numbers(inputs.frame[name])
        known = values[np.isfinite(values)]
        if not len(known):
            continue
        low, middle, high = np.quantile(known, [(1 - _MIDDLE) / 2, 0.5, (1 + _MIDDLE) / 2])
        spread = 1.4826 * float(np.median(np.abs(known - middle)))
        usual = f"{numbers.number(low)} to {numbers.number(high)}"
        for place, value in enumerate(values[positions]):
            apart = abs(value - middle) / spread if spread > 0 else 0.0
            if apart >= _STANDS_OUT:
                found[place].append((apart, f"{name} is {numbers.number(value)}, of most pictures {usual}"))
    return ["; ".join(text for _, text in sorted(of_picture, reverse=True)[:_MOST]) for of_picture in found]
