"""What readers judged of a list, beside the list."""

from __future__ import annotations

from dataclasses import asdict

from vaeaudit.analysis.judged import ListReview
from vaeaudit.report.parts.blocks import Paragraph
from vaeaudit.wording.review import review_in_words


def reviewed(review: ListReview | None) -> list[Paragraph]:
    """Return what is said of a review; nothing where nobody judged.

    Parameters
    ----------
    review
        Of the rows, or of another list.
    """
    return [] if review is None else [Paragraph(" ".join(review_in_words(asdict(review))))]
