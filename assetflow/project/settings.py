"""What a project says of itself: `[tool.assetflow]` in pyproject.toml, or an assetflow.toml with the same keys.

The order of precedence is flag, `ASSETFLOW_*` variable, file, default. An unknown key is an error.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from assetflow.errors import ProjectError, did_you_mean
from assetflow.names import is_environment
from assetflow.project.observing.derived import derived, keep_derived
from assetflow.project.observing.stat import Stamp, settled, stamp_of, unchanged
from assetflow.text import NOT_TEXT, as_shown, is_text

EXECUTORS_FOLDER = os.path.join(os.path.dirname(os.path.dirname(__file__)), "executors")


class Settings(Struct, frozen=True):
    """The settings of one project; folders are absolute, `root` is where the file that names them lies."""

    root: str
    file: str
    assets_folder: str
    warehouse: str
    environment: str = "prod"
    jobs: int = 0
    executor: str = "threads"
    threads: int | None = None
    memory_limit: str | None = None
    tracked_packages: tuple[str, ...] = ()
    retention: Mapping[str, Any] = field(default_factory=dict)
    sources: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    assets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def workers(self) -> int:
        """How many steps run side by side: as said, or one for every two cores up to four.

        DuckDB and Polars use all cores within one step, so more steps at once mostly take more memory.
        """
        return self.jobs or max(1, min((os.cpu_count() or 1) // 2, 4))


# key in the file: (attribute, what it takes)
KEYS: dict[str, tuple[str, type]] = {
    "assets-folder": ("assets_folder", str),
    "warehouse": ("warehouse", str),
    "environment": ("environment", str),
    "jobs": ("jobs", int),
    "executor": ("executor", str),
    "threads": ("threads", int),
    "memory-limit": ("memory_limit", str),
    "tracked-packages": ("tracked_packages", list),
    "retention": ("retention", dict),
    "sources": ("sources", dict),
    "assets": ("assets", dict),
}
# The later of two that mean the same wins.
VARIABLES = {
    "ASSETFLOW_ASSETS_FOLDER": "assets-folder",
    "ASSETFLOW_WAREHOUSE": "warehouse",
    "ASSETFLOW_ENVIRONMENT": "environment",
    "ASSETFLOW_ENV": "environment",
    "ASSETFLOW_JOBS": "jobs",
    "ASSETFLOW_EXECUTOR": "executor",
    "ASSETFLOW_THREADS": "threads",
    "ASSETFLOW_MEMORY_LIMIT": "memory-limit",
}
OTHER_VARIABLES = frozenset({"ASSETFLOW_PROJECT", "ASSETFLOW_DEBUG"})
FREE = ("ASSETFLOW_SECRET_", "ASSETFLOW_TEST_")
"""How variables begin whose names are the user's business."""


def read_settings(
    start: str | None = None, *, overrides: Mapping[str, Any] | None = None, variables: Mapping[str, str]
) -> Settings:
    """The settings of the project at `start`, or in the nearest folder above the working directory.

    `overrides` are flags by key (`{"environment": "dev"}`), `variables` the process environment.
    """
    refuse_unknown(variables)
    root, file = find_project(start, variables)
    table = read_table(root, file)
    given = Given(root, file)
    for key, value in table.items():
        given.values[known_key(key, root, file)] = value
    for variable, key in VARIABLES.items():
        if variables.get(variable):
            given.values[key] = from_variable(variable, key, variables[variable])
            given.elsewhere[key] = variable
    for key, value in (overrides or {}).items():
        if value is not None:
            given.values[key] = value
            given.elsewhere[key] = key
    return make_settings(given)


def refuse_unknown(variables: Mapping[str, str]) -> None:
    """ProjectError for a variable that looks like a setting and is none: it would be ignored without a word."""
    for name in variables:
        if name.startswith("ASSETFLOW_") and not name.startswith(FREE) and name not in {*VARIABLES, *OTHER_VARIABLES}:
            raise ProjectError(
                f"the environment variable {name} is not one that assetflow knows",
                hint=near_variable(name),
            )


def near_variable(name: str) -> str:
    # What all of them begin with would make every name look near to every other.
    known = {variable.removeprefix("ASSETFLOW_"): variable for variable in sorted({*VARIABLES, *OTHER_VARIABLES})}
    near = did_you_mean(name.removeprefix("ASSETFLOW_"), known)
    if near is None:
        return f"Known: {', '.join(known.values())}. A variable of your own may begin with {FREE[0]}."
    return re.sub(r"[A-Z_]{3,}", lambda found: known[found[0]], near)


class Given(Struct, frozen=True):
    """Values by key as they were given; `elsewhere` names the variable or flag of those that are not from the file."""

    root: str
    file: str
    values: dict[str, Any] = field(default_factory=dict)
    elsewhere: dict[str, str] = field(default_factory=dict)

    def wrong(self, key: str, message: str, hint: str | None = None) -> ProjectError:
        if key in self.elsewhere:
            return ProjectError(f"{self.elsewhere[key]} {message}", hint=hint)
        return ProjectError(f"{key} {message}", path=self.file, line=line_of(self.root, self.file, key), hint=hint)


def find_project(start: str | None, variables: Mapping[str, str]) -> tuple[str, str]:
    """The folder of the project and the file that declares it."""
    folder, file = nearest_project(start, variables)
    if not folder.isascii() and not is_text(folder):
        raise ProjectError(f"the name of the folder {as_shown(folder)} is not valid UTF-8", hint=NOT_TEXT)
    return folder, file


def nearest_project(start: str | None, variables: Mapping[str, str]) -> tuple[str, str]:
    named = start or variables.get("ASSETFLOW_PROJECT")
    if named:
        folder = os.path.abspath(named)
        if not os.path.isdir(folder):
            raise ProjectError(f"there is no folder {named}", hint="Give the folder of a project with -C DIR.")
        file = project_file(folder)
        if file is None:
            raise no_project(folder, above=project_above(folder))
        return folder, file
    try:
        folder = os.getcwd()
    except FileNotFoundError:
        raise ProjectError("the working directory is gone", hint="Change to a folder that is there.") from None
    found = project_above(folder)
    if found is None:
        raise no_project(folder)
    return found


def project_above(folder: str) -> tuple[str, str] | None:
    """The nearest folder, this one or a parent, that is a project, and the file that makes it one."""
    while True:
        file = project_file(folder)
        if file is not None:
            return folder, file
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def no_project(folder: str, above: tuple[str, str] | None = None) -> ProjectError:
    hint = "A project has [tool.assetflow] in its pyproject.toml, or an assetflow.toml. `assetflow init` makes one."
    if above is not None:
        hint = f"It lies in the project {above[0]}: name that folder."
    return ProjectError(f"there is no project in {folder}", hint=hint)


def project_file(folder: str) -> str | None:
    """The file that makes this folder a project, if it is one."""
    if os.path.isfile(os.path.join(folder, "assetflow.toml")):
        return "assetflow.toml"
    try:
        with open(os.path.join(folder, "pyproject.toml"), encoding="utf-8") as file:
            text = file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectError(f"cannot be read: {error}", path=os.path.join(folder, "pyproject.toml")) from error
    return "pyproject.toml" if "[tool.assetflow" in text else None


def read_table(root: str, file: str) -> dict[str, Any]:
    """The parsed table; remembered in the default warehouse's cache, as parsing TOML costs more than a whole no-op."""
    path = os.path.join(root, file)
    memory = os.path.join(root, "warehouse", "cache", "settings.json")
    stamp = stamp_of(path)
    remembered = recall(memory, file, path, stamp)
    if remembered is not None:
        return remembered
    try:
        with open(path, "rb") as opened:
            content = opened.read()
    except OSError as error:
        raise ProjectError(f"cannot be read: {(error.strerror or str(error)).lower()}", path=file) from error
    table = parse_table(content, file)
    sha256 = hashlib.sha256(content).hexdigest()
    remember(memory, {"file": file, "stamp": settled(stamp), "sha256": sha256, "table": table})
    return table


def recall(memory: str, file: str, path: str, stamp: Stamp) -> dict[str, Any] | None:
    kept = derived(memory)
    if kept is None:
        return None
    remembered = json.loads(kept)
    if remembered["file"] != file:
        return None
    if not unchanged(path, remembered["stamp"], remembered["sha256"], stamp):
        return None
    table: dict[str, Any] = remembered["table"]
    return table


def remember(memory: str, value: Mapping[str, Any]) -> None:
    """Keep what was parsed, where there is a warehouse that can be written; a cache is never worth an error."""
    try:
        text = json.dumps(value)
    except TypeError:  # a TOML date has no JSON form; such a file is parsed each time
        return
    if os.path.isdir(os.path.dirname(memory)):
        keep_derived(memory, text)


def parse_table(content: bytes, file: str) -> dict[str, Any]:
    import tomllib

    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ProjectError("is not valid UTF-8", path=file, line=line, hint="Save the file as UTF-8.") from None
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        hint = 'Settings look like: jobs = 4, environment = "dev", tracked-packages = ["polars"].'
        raise ProjectError(f"is not valid TOML: {error}", path=file, line=toml_line(error, text), hint=hint) from None
    table = document if file == "assetflow.toml" else document.get("tool", {}).get("assetflow", {})
    if not isinstance(table, dict):
        raise ProjectError("[tool.assetflow] must be a table", path=file)
    return table


def toml_line(error: Exception, text: str) -> int:
    """The line that a TOML error is about: the last one, where it says that the file ends too early."""
    found = re.search(r"at line (\d+)", str(error))
    return int(found[1]) if found is not None else max(len(text.splitlines()), 1)


def known_key(key: str, root: str, file: str) -> str:
    wanted = key.replace("_", "-")
    if wanted not in KEYS:
        known = sorted(KEYS)
        raise ProjectError(
            f"unknown key {key!r}",
            path=file,
            line=line_of(root, file, key),
            hint=did_you_mean(wanted, known) or f"Known keys: {', '.join(known)}.",
        )
    return wanted


def line_of(root: str, file: str, key: str) -> int | None:
    """The line of the settings file on which a key or a table of that name is first set."""
    with open(os.path.join(root, file), encoding="utf-8") as opened:
        lines = opened.read().splitlines()
    inside = file == "assetflow.toml"
    for number, line in enumerate(lines, 1):
        header = line.strip()
        if header.startswith("["):
            inside = file == "assetflow.toml" or header.startswith("[tool.assetflow")
            if inside and key in re.split(r"[\[\].\"' ]+", header):
                return number
        elif inside and re.match(rf"""\s*["']?{re.escape(key)}["']?\s*[=.]""", line):
            return number
    return None


def line_in(root: str, file: str, table: str, key: str) -> int | None:
    """The line of a key of one table, which other tables may have as well; else as `line_of` finds it."""
    return lines_by_table(root, file).get(table, {}).get(key) or line_of(root, file, key)


def lines_by_table(root: str, file: str) -> dict[str, dict[str, int]]:
    """The lines of the settings file on which keys stand, by table: `{"sources.orders": {"files": 2}}`."""
    with open(os.path.join(root, file), encoding="utf-8") as opened:
        lines = opened.read().splitlines()
    found: dict[str, dict[str, int]] = {}
    table = ""
    for number, line in enumerate(lines, 1):
        if header := re.match(r"\s*\[([^\[\]]+)\]\s*(#|$)", line):
            table = ".".join(part.strip(" \t\"'") for part in header[1].split(".")).removeprefix("tool.assetflow.")
            above, _, key = table.rpartition(".")
            found.setdefault(above, {}).setdefault(key, number)
        elif key_there := re.match(r"""\s*["']?([\w-]+)["']?\s*[=.]""", line):
            found.setdefault(table, {}).setdefault(key_there[1], number)
    return found


def from_variable(variable: str, key: str, text: str) -> Any:
    if KEYS[key][1] is not int:
        return text
    try:
        return int(text)
    except ValueError:
        raise ProjectError(f"{variable} must be a whole number, not {text!r}") from None


def make_settings(given: Given) -> Settings:
    attributes: dict[str, Any] = {}
    for key, value in given.values.items():
        attribute, kind = KEYS[key]
        if not isinstance(value, kind) or isinstance(value, bool):
            raise given.wrong(key, f"must be a {TYPE_NAMES[kind]}, not {value!r}")
        attributes[attribute] = value
    packages = attributes.get("tracked_packages", [])
    if not all(isinstance(name, str) for name in packages):
        raise given.wrong("tracked-packages", f"must be a list of names of packages, not {packages!r}")
    attributes["tracked_packages"] = tuple(sorted(packages))
    for key, default in (("assets_folder", "assets"), ("warehouse", "warehouse")):
        attributes[key] = os.path.normpath(os.path.join(given.root, os.path.expanduser(attributes.get(key, default))))
    settings = Settings(root=given.root, file=given.file, **attributes)
    # From here on their values are taken out of every error.
    remember_secrets(settings.assets, settings.sources)
    validate(settings, given)
    return settings


def remember_secrets(*tables: Mapping[str, Any]) -> None:
    if any("env" in str(table) for table in tables):
        from assetflow.secret import references

        for _ in references(list(tables)):
            pass


def validate(settings: Settings, given: Given) -> None:
    """Refuse values that have the right type and yet make no sense."""
    if not is_environment(settings.environment):
        raise given.wrong(
            "environment", f"is {settings.environment!r}: use lower-case letters, digits and _, a letter first"
        )
    for key, number, least in (("jobs", settings.jobs, 0), ("threads", settings.threads, 1)):
        if number is not None and number < least:
            raise given.wrong(key, f"must be at least {least}, not {number}")
    if settings.memory_limit is not None and not re.fullmatch(MEMORY, settings.memory_limit):
        raise given.wrong("memory-limit", f'must be an amount such as "4GB" or "80%", not {settings.memory_limit!r}')
    known = sorted(name[:-3] for name in os.listdir(EXECUTORS_FOLDER) if name.endswith(".py") and name[0] != "_")
    if settings.executor not in known:
        hint = did_you_mean(settings.executor, known)
        raise given.wrong("executor", f"is {settings.executor!r}: there are {', '.join(known)}", hint)
    for name, value in settings.retention.items():
        if name not in RETENTION:
            hint = did_you_mean(name, RETENTION) or f"It takes {', '.join(RETENTION)}."
            raise given.wrong("retention", f"has no {name!r}", hint)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise given.wrong("retention", f"{name} must be a number of at least 0, not {value!r}")
    for name, table in settings.assets.items():
        if not isinstance(table, dict):
            hint = f"Write [tool.assetflow.assets.{name}], and below it the values of its parameters."
            raise given.wrong("assets", f"must hold a table for {name}, not {table!r}", hint)


RETENTION = ("versions", "days", "max-bytes", "grace-hours")
"""What `assetflow gc` keeps beside what is current."""
TYPE_NAMES: dict[type, str] = {str: "text", int: "whole number", list: "list", dict: "table"}
MEMORY = r"(?i)\s*\d+(\.\d+)?\s*([kmgt]i?b|bytes|b|%)\s*"
