"""Write the JSON Schemas of the documents anew, from the types of the results: `make docs`."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

from numpydoc.docscrape import NumpyDocString
from pydantic import ConfigDict, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from vaeaudit.analysis.audit.results import ReportDocument
from vaeaudit.analysis.generation.results import GeneratedDocument
from vaeaudit.analysis.rebalancing.results import RebalanceResults

FOLDER = Path(__file__).parents[1] / "vaeaudit" / "report"
DOCUMENTS: dict[str, type] = {
    "report": ReportDocument,
    "rebalance": RebalanceResults,
    "generated": GeneratedDocument,
}
#: Strict: no key beside those of the types, and none left out where it has its default. A field whose name would be a
#: keyword of Python ends with an underscore, which the document leaves out.
STRICT = ConfigDict(
    extra="forbid",
    alias_generator=lambda name: name.removesuffix("_"),
    json_schema_serialization_defaults_required=True,
)
WIDTH = 120


class Described(GenerateJsonSchema):
    """Says what objects and their keys are in the words of the docstrings."""

    def dataclass_schema(self, schema: Any) -> dict[str, Any]:
        """Describe one type, and go on."""
        return described(super().dataclass_schema(schema), schema["cls"])


def described(part: dict[str, Any], kind: type) -> dict[str, Any]:
    """Add the text of a class, and that of the attributes which it or a base describes one by one."""
    for base in reversed(kind.__mro__):
        said = NumpyDocString(inspect.cleandoc(vars(base).get("__doc__") or ""))
        names = {entry.name: " ".join(entry.desc) for entry in said["Attributes"]}
        for name in names.keys() & part["properties"].keys():
            part["properties"][name]["description"] = names[name]
    return {**part, "description": " ".join([*said["Summary"], *said["Extended Summary"]]).strip()}


def render(name: str) -> str:
    """Return the text of `<name>.schema.json`."""
    # Within a list, since a dataclass has a configuration of its own or takes that of its surroundings.
    within: Any = TypeAdapter(list[DOCUMENTS[name]], config=STRICT)  # type: ignore[misc]
    parts = untitled(within.json_schema(mode="serialization", schema_generator=Described)["$defs"])
    version = parts[DOCUMENTS[name].__name__]["properties"]["schema_version"]["const"]
    head = {
        "$schema": GenerateJsonSchema.schema_dialect,
        "$id": f"urn:vaeaudit:{name}:{version}",
        "title": f"vaeaudit {name}",
    }
    return written({**head, **parts.pop(DOCUMENTS[name].__name__), "$defs": parts}) + "\n"


def untitled(part: Any) -> Any:
    """Drop titles, which repeat names, and defaults; a *key* called title is a dictionary."""
    if isinstance(part, list):
        return [untitled(entry) for entry in part]
    if not isinstance(part, dict):
        return part
    dropped = ("title", "default")
    return {key: untitled(entry) for key, entry in part.items() if key not in dropped or isinstance(entry, dict)}


def written(value: Any, indent: int = 0, used: int = 0) -> str:
    """Write as JSON what fits on a line on one, so that people can read it, too; `used` is what stands before it."""
    line = json.dumps(value, ensure_ascii=False)
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    if indent + used + len(line) < WIDTH or not any(isinstance(part, dict | list) for part in parts):
        return line
    inner = " " * (indent + 2)
    if isinstance(value, list):
        entries = [inner + written(entry, indent + 2) for entry in value]
    else:
        entries = [
            f"{inner}{json.dumps(key)}: {written(entry, indent + 2, len(key) + 4)}" for key, entry in value.items()
        ]
    opening, closing = "[]" if isinstance(value, list) else "{}"
    return ",\n".join([f"{opening}\n{entries[0]}", *entries[1:]]) + f"\n{' ' * indent}{closing}"


def main() -> None:
    """Write all."""
    for name in DOCUMENTS:
        (FOLDER / f"{name}.schema.json").write_text(render(name), encoding="utf-8")


if __name__ == "__main__":
    main()
