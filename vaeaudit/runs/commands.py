"""The commands that go on with a fit, or make it and its report again, as a shell takes them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vaeaudit.config import AnalysisConfig, FitConfig, Preset
from vaeaudit.data.reading.inspection import toml
from vaeaudit.runs.reading import Run
from vaeaudit.settings import PLACES, FitSettings, ReportSettings

#: Section and key of a setting -> the option of `fit` that gives it; all others need a settings file.
_OPTIONS = {
    PLACES[name]: f"--{name.replace('_', '-')}"
    for name in FitSettings.__annotations__
    if name not in ("preset", "seed")
}

#: Fields of the analysis that `report` has options for.
_OF_A_REPORT = tuple(PLACES[name][1] for name in ReportSettings.__annotations__)

Changes = dict[tuple[str, str], Any]


def resuming(path: Path, source: str) -> str:
    """Return the command that goes on with the interrupted fit of a run; for data in memory, the call.

    Parameters
    ----------
    path
        Where the run will be.
    source
        As `source_text` names the data.
    """
    if Path(source).is_absolute():
        return f"vaeaudit fit {shlex.quote(source)} --run {shlex.quote(str(path))} --resume"
    return f"vaeaudit.fit(data, run={str(path)!r}, resume=True), data being the same {source}"


def describe_given(config: FitConfig, population: Path | str | None) -> dict[str, Any]:
    """Return what `metadata.json` keeps of the call of `fit`: settings before anything was chosen from the data.

    Parameters
    ----------
    config, population
        As given.
    """
    return {"config": config.to_dict(), "population": None if population is None else str(Path(population).resolve())}


def commands_again(
    run: Run, analysis: AnalysisConfig | None = None, *, population: Path | str | None = None, reference: Any = None
) -> str:
    """Return what makes a run and its report again under another name: lines for a shell; for data in memory, Python.

    Paths below the present folder are relative to it, others absolute. Settings without an option of their own go into
    a settings file, which the first line writes.

    Parameters
    ----------
    run
        Complete.
    analysis
        The settings of the report; those of the run where None.
    population, reference
        What the report was given besides.
    """
    metadata = run.metadata
    given = metadata["given"]
    config = FitConfig.from_dict(given["config"])
    stored_reference = (metadata.get("reference") or {}).get("source")
    again = _shown(run.path.with_name(f"{run.path.name}-again"))
    source = metadata["data"]["source"]
    fits = {"--population": given["population"], "--reference": stored_reference}
    reports = {"--population": population, "--reference": reference}
    in_memory = [what for what in (source, stored_reference) if what and not Path(what).is_absolute()]
    if reference is not None and not isinstance(reference, (str, Path)):
        in_memory.append(type(reference).__name__)
    if in_memory:
        return _in_python(in_memory, config, again, given["population"])
    lines, options = _settings(config, f"{again}.toml")
    fit = ["vaeaudit", "fit", _shown(Path(source)), *options, *_paths(fits), "--run", again]
    before, after = run.config.analysis.to_dict(), (analysis or run.config.analysis).to_dict()
    changed = {name: value for name, value in after.items() if value != before[name] and name != "muted_by"}
    if "mutes" in changed:
        changed["mutes"] = {key: why for key, why in changed["mutes"].items() if before["mutes"].get(key) != why}
    by_option = [
        word
        for name in _OF_A_REPORT
        if name in changed
        for word in _words(_OPTIONS["analysis", name], changed.pop(name))
    ]
    report = ["vaeaudit", "report", again, *_paths(reports), *by_option]
    said = [f"# The report had settings that only Python can give: {changed!r}"] if changed else []
    return "\n".join([*lines, shlex.join(fit), shlex.join(report), *said])


def _shown(path: Path) -> str:
    """Return a path relative to the present folder where it lies below it; never one that looks like an option."""
    absolute = Path(path).absolute()
    here = Path.cwd()
    relative = str(absolute.relative_to(here)) if absolute.is_relative_to(here) else str(absolute)
    return f"./{relative}" if relative.startswith("-") else relative


def _paths(given: Mapping[str, Any]) -> list[str]:
    return [word for option, path in given.items() if path is not None for word in (option, _shown(Path(path)))]


def _settings(config: FitConfig, file: str) -> tuple[list[str], list[str]]:
    """Return the lines that write a settings file, none where no setting needs one, and the options of `fit`."""
    changes = _changes(config)
    by_option = {key: value for key, value in changes.items() if key in _OPTIONS and _fits_an_option(key, value)}
    in_file = {key: value for key, value in changes.items() if key not in by_option}
    options = [word for key, value in by_option.items() for word in _words(_OPTIONS[key], value)]
    preset = config.preset if config.preset != Preset.STANDARD else None
    seed = ["--seed", str(config.seed)]
    if not in_file:
        return [], [*options, *(["--preset", preset] if preset else []), *seed]
    # --preset would win over what the file says of the training.
    text = "\n".join([*([f"preset = {toml(preset)}"] if preset else []), *_toml_lines(in_file)])
    folder = [f"mkdir -p {shlex.quote(str(Path(file).parent))}"]
    return [*folder, f"cat > {shlex.quote(file)} <<'END'\n{text}\nEND"], [*options, "--config", file, *seed]


def _changes(config: FitConfig) -> Changes:
    """Return what differs from the defaults of the preset."""
    before, after = FitConfig.from_dict({"preset": config.preset}).to_dict(), config.to_dict()
    return {
        (section, name): value
        for section, values in after.items()
        if isinstance(values, dict)
        for name, value in values.items()
        if value != before[section][name] and name != "muted_by"  # whoever makes it again
    }


def _fits_an_option(key: tuple[str, str], value: Any) -> bool:
    """Whether an option says the same; levels are split at commas there, and names end at the first equals sign."""
    declared = value if key == ("read", "levels") else {}
    levels = [level for levels in declared.values() for level in levels]
    return not any("=" in name for name in declared) and not any(
        "," in level or '"' in level or level != level.strip() for level in levels
    )


def _words(option: str, value: Any) -> Iterator[str]:
    if isinstance(value, bool):
        yield option
    elif option == "--mute":
        yield from (word for key, why in value.items() for word in (option, key, why))
    elif isinstance(value, Mapping):
        for name, entry in value.items():
            yield from _words(option, f"{name}={entry if isinstance(entry, str) else ','.join(map(str, entry))}")
    elif isinstance(value, (list, tuple)):
        for entry in value:
            yield from _words(option, entry)
    else:
        text = "\\t" if value == "\t" else str(value)
        yield from (f"{option}={text}",) if text.startswith("-") else (option, text)


# --- settings without an option ---------------------------------------------------------------------------------------


def _toml_lines(settings: Changes) -> Iterator[str]:
    for section in dict.fromkeys(section for section, _ in settings):
        yield f"[{section}]"
        for (where, name), value in settings.items():
            if where == section:
                yield f"{name} = {toml(value)}"


def _in_python(in_memory: list[str], config: FitConfig, again: str, population: str | None) -> str:
    """Say what to call where a command cannot reach the data."""
    changes: dict[str, Any] = {"preset": str(config.preset), "seed": config.seed}
    for (section, name), value in _changes(config).items():
        changes.setdefault(section, {})[name] = value
    more = "" if population is None else f", population={_shown(Path(population))!r}"
    return (
        f"# No command can read what was in memory ({', '.join(in_memory)}). With the same data, from Python:\n"
        "import vaeaudit\n"
        f"config = vaeaudit.FitConfig.from_dict({changes!r})\n"
        f"run = vaeaudit.fit(data, config, run={again!r}{more})  # and reference=…, if there was one\n"
        "vaeaudit.report(run)"
    )
