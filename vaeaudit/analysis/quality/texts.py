"""Columns of free text, which stay out of the model: how long, how often repeated, in which script, with whose data."""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from vaeaudit.statistics.measures import Count, Share

#: Texts that are looked at for scripts, and characters of each.
_SAMPLE, _CHARACTERS = 500, 200
#: Personal data inside text.
_INSIDE = (
    ("e-mail addresses", r"[\w.+-]+@[\w-]+\.[A-Za-z]{2,}"),
    ("phone numbers", r"\+\d{1,3}[ .()/-]*\d(?:[ .()/-]*\d){6,12}|\(\d{3}\) ?\d{3}-\d{4}"),
    ("bank account numbers", r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}\b"),
    ("social security numbers", r"\b\d{3}-\d{2}-\d{4}\b"),
)


@dataclass(frozen=True)
class TextSummary:
    """What a column of free text is like.

    Attributes
    ----------
    column
        Its name.
    filled, empty
        Rows with and without text.
    words, longest
        Median number of words, and characters of the longest text.
    repeated_rows, repeats
        Rows of the text that occurs most often, and what it is; 1 and empty where all are different.
    scripts
        Script -> share of the texts that were looked at which are mostly written in it, most frequent first.
    personal
        What personal data stands in it -> rows.
    """

    column: str
    filled: Count
    empty: Count
    words: Count
    longest: Count
    repeated_rows: Count
    repeats: str
    scripts: dict[str, Share]
    personal: dict[str, Count]


def describe_text(name: str, values: pd.Series) -> TextSummary:
    """Describe a column [N] of texts, None where there is none."""
    present = values.dropna()
    texts = pa.array(present, pa.large_string())
    counts = present.value_counts()
    often = int(counts.iloc[0]) if len(counts) else 0
    words = pc.count_substring_regex(texts, r"\S+")
    return TextSummary(
        column=name,
        filled=len(present),
        empty=len(values) - len(present),
        words=int(np.median(words)) if len(present) else 0,
        longest=int(pc.max(pc.utf8_length(texts)).as_py() or 0),
        repeated_rows=often,
        repeats=str(counts.index[0]) if often > 1 else "",
        scripts=_scripts(present),
        personal={
            what: rows
            for what, pattern in _INSIDE
            if (rows := int(pc.sum(pc.match_substring_regex(texts, pattern)).as_py() or 0))
        },
    )


def _scripts(present: pd.Series) -> dict[str, float]:
    places = np.unique(np.linspace(0, len(present) - 1, min(len(present), _SAMPLE)).astype(int)) if len(present) else ()
    met = Counter(script_of(str(present.iloc[place])[:_CHARACTERS]) for place in places)
    return {script: count / len(places) for script, count in met.most_common() if script}


def script_of(text: str) -> str:
    """Return the script that most letters are written in, in small letters; empty where there is no letter.

    Examples
    --------
    >>> script_of("Всё хорошо, thanks"), script_of("42")
    ('cyrillic', '')
    """
    met = Counter(unicodedata.name(char, "").split(" ")[0].lower() for char in text if char.isalpha())
    return met.most_common(1)[0][0] if met else ""
