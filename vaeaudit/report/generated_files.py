"""Generated rows or pictures on disk, marked as generated wherever they may end up.

The name of every file says it; so do Parquet's key-value metadata and a text chunk of each PNG. CSV has no place for
metadata, and a file beside it is lost as soon as rows are appended to others, which is what generated rows are for: a
last column says it in every row, in Parquet and in the pictures' metadata.csv too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Literal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from vaeaudit.analysis.generation.results import GeneratedDocument, GeneratedFile
from vaeaudit.analysis.inputs import Tool
from vaeaudit.outputs.record import PixelArray
from vaeaudit.report.document import plain, to_json
from vaeaudit.storage.csv_safe import to_csv
from vaeaudit.storage.files import written_together

#: The column that marks rows.
MARK = "generated_by"
_SAYS_SO = re.compile(r"generated|synthetic", re.IGNORECASE)
_PICTURE = re.compile(r"generated_\d{6}\.png")
_METADATA, _DOCUMENT = "metadata.csv", "generated.json"


@dataclass(frozen=True)
class Target:
    """Where results go: a folder, the name of the table or of the pictures' metadata, and that of the document."""

    folder: Path
    name: str
    document: str
    format: Literal["csv", "parquet", "png"]

    @classmethod
    def of(cls, out: Path | str | None, usual: Path, data: str, *, pictures: bool) -> Target:
        """Choose the names.

        Parameters
        ----------
        out, usual
            A file or a folder that the user gave, or None; the folder where None.
        data
            What the data is called; without `out` the format is that of the data, if it is Parquet.
        pictures
            Whether these are pictures, which go into a folder.
        """
        folder = usual if out is None else Path(out)
        if pictures:
            return cls(folder, _METADATA, _DOCUMENT, "png")
        if folder.suffix.lower() in (".csv", ".parquet"):
            stem = folder.stem if _SAYS_SO.search(folder.stem) else f"{folder.stem}_generated"
            form: Literal["csv", "parquet"] = "csv" if folder.suffix.lower() == ".csv" else "parquet"
            return cls(folder.parent, f"{stem}{folder.suffix}", f"{stem}.json", form)
        stem = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(data).name.split(".")[0]).strip("-.") or "rows"
        form = "parquet" if data.endswith(".parquet") else "csv"
        return cls(folder, f"{stem}_generated.{form}", _DOCUMENT, form)

    @property
    def path(self) -> Path:
        """Of the table; of pictures their folder."""
        return self.folder if self.format == "png" else self.folder / self.name

    def file(self) -> GeneratedFile:
        """Return what the document says of it before it is written."""
        return GeneratedFile(self.name, self.format, "")


def marked(rows: pd.DataFrame, tool: Tool, run: str, seed: int) -> pd.DataFrame:
    """Return rows [M] with a last column that says what made them.

    Parameters
    ----------
    rows
        In the form of the source.
    tool, run, seed
        What made them, by which run, and of the draws.
    """
    name = MARK
    while name in rows:
        name += "_"
    return rows.assign(**{name: _mark(tool, run, seed)})


def _mark(tool: Tool, run: str, seed: int) -> str:
    return f"{tool.name} {tool.version}, run {run}, seed {seed}"


def write_generated(
    document: GeneratedDocument, rows: pd.DataFrame, pictures: PixelArray | None, target: Target
) -> GeneratedDocument:
    """Write rows, or pictures, and `generated.json`; return the document with the digest of the file.

    Parameters
    ----------
    document
        What is said of them.
    rows
        [M], in the form of the source.
    pictures
        [M, H, W, channels], or None.
    target
        Where; what an earlier call left there is replaced.

    Raises
    ------
    UsageError
        Where the folder cannot be written.
    """
    made = marked(rows, document.tool, document.run.id, document.asked.seed)
    mark = _mark(document.tool, document.run.id, document.asked.seed)
    stale: list[str] = []
    if pictures is not None and target.folder.is_dir():
        stale = sorted(path.name for path in target.folder.iterdir() if _PICTURE.fullmatch(path.name))
    named = [f"generated_{place:06d}.png" for place in range(len(pictures))] if pictures is not None else []
    if named:
        made.insert(0, "file_name", named)
    content = to_csv(made) if target.format != "parquet" else _parquet(made, mark)
    document = replace(document, file=replace(document.file, sha256=sha256(content).hexdigest()))
    said = to_json(plain(document)).encode("utf-8")
    names = [*dict.fromkeys([*stale, *named]), target.name, target.document]
    with written_together(target.folder, names) as open_file:
        for place, picture in enumerate(named):
            with open_file(picture) as stream:
                stream.write(_png(pictures[place], mark))  # type: ignore[index]
        for file, text in ((target.name, content), (target.document, said)):
            with open_file(file) as stream:
                stream.write(text)
    return document


def _parquet(rows: pd.DataFrame, mark: str) -> bytes:
    table = pa.Table.from_pandas(rows, preserve_index=False)
    metadata = {**(table.schema.metadata or {}), b"vaeaudit": f"generated by {mark}".encode(), b"generated": b"true"}
    stream = BytesIO()
    pq.write_table(table.replace_schema_metadata(metadata), stream, compression="zstd")
    return stream.getvalue()


def _png(pixels: PixelArray, mark: str) -> bytes:
    said = PngInfo()
    said.add_text("Software", "vaeaudit")
    said.add_text("Source", f"generated by {mark}")
    stream = BytesIO()
    image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    image.save(stream, "PNG", pnginfo=said)
    return stream.getvalue()
