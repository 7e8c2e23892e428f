"""No edit hides behind the cache of definitions: whatever a definition was read from is looked at before it is reused.

Each case is a project whose asset `a` is described as "before". It must come from the cache when nothing changes (else
the case would prove nothing), and be described as "after" once the edit is made.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from assetflow.errors import DefinitionError
from assetflow.project import stat
from tests.conftest import Shop

CACHE = "warehouse/cache/definitions.json"
Edit = Callable[[Shop], object]


class Case(NamedTuple):
    """Files by path, and the edit after which the asset says `after`."""

    what: str
    files: Mapping[str, str]
    edit: Edit


def asset_with(imports: str, description: str = "TEXT") -> str:
    return f"{imports}\nfrom assetflow import asset\n\n@asset(description={description})\ndef a(least: int = 1):\n    return None\n"


def writes(path: str, text: str = 'TEXT = "after"') -> Edit:
    return lambda shop: shop.write(path, text)


def removes(path: str) -> Edit:
    return lambda shop: shop.remove(path)


def becomes(*edits: Edit) -> Edit:
    return lambda shop: [edit(shop) for edit in edits]


def same_size_and_time(path: str) -> Edit:
    """An edit that a glance at size and modification time cannot see."""

    def edit(shop: Shop) -> None:
        file = shop.root / path
        then = file.stat()
        file.write_text(file.read_text().replace("before", "after "))
        os.utime(file, ns=(then.st_atime_ns, then.st_mtime_ns))
        assert (file.stat().st_size, file.stat().st_mtime_ns) == (then.st_size, then.st_mtime_ns)

    return edit


BEFORE = 'TEXT = "before"'
SQL = '/* @asset\ndescription = "before"\n*/\nSELECT 1 AS x\n'
CHOICE = '"after" if {} else "before"'

CASES = [
    Case("sql", {"assets/a.sql": SQL}, lambda shop: shop.replace("assets/a.sql", "before", "after")),
    Case("sql of same size and time", {"assets/a.sql": SQL}, same_size_and_time("assets/a.sql")),
    Case(
        "sql becomes python",
        {"assets/a.sql": SQL},
        becomes(removes("assets/a.sql"), writes("assets/a.py", asset_with('TEXT = "after"'))),
    ),
    Case(
        "python", {"assets/a.py": asset_with(BEFORE)}, lambda shop: shop.replace("assets/a.py", "before", "after")
    ),
    Case("python of same size and time", {"assets/a.py": asset_with(BEFORE)}, same_size_and_time("assets/a.py")),
    # Modules
    Case(
        "module",
        {"assets/a.py": asset_with("from words import TEXT"), "assets/words.py": BEFORE},
        writes("assets/words.py"),
    ),
    Case(
        "module of same size and time",
        {"assets/a.py": asset_with("from words import TEXT"), "assets/words.py": BEFORE},
        same_size_and_time("assets/words.py"),
    ),
    Case(
        "module beside the assets folder",
        {"assets/a.py": asset_with("import words", "words.TEXT"), "words.py": BEFORE},
        writes("words.py"),
    ),
    Case(
        "module of a module",
        {
            "assets/a.py": asset_with("from words import TEXT"),
            "assets/words.py": "from more import TEXT",
            "assets/more.py": BEFORE,
        },
        writes("assets/more.py"),
    ),
    Case(
        "package",
        {"assets/a.py": asset_with("import lib", "lib.TEXT"), "lib/__init__.py": BEFORE},
        writes("lib/__init__.py"),
    ),
    Case(
        "module of a package",
        {
            "assets/a.py": asset_with("from lib import TEXT"),
            "lib/__init__.py": "from .parts.words import TEXT",
            "lib/parts/__init__.py": "",
            "lib/parts/words.py": BEFORE,
        },
        writes("lib/parts/words.py"),
    ),
    Case(
        "package without __init__",
        {"assets/a.py": asset_with("import lib.words", "lib.words.TEXT"), "lib/words.py": BEFORE},
        writes("lib/words.py"),
    ),
    Case(
        "a package gets an __init__",
        {"assets/a.py": asset_with("import lib", 'getattr(lib, "TEXT", "before")'), "lib/words.py": ""},
        writes("lib/__init__.py"),
    ),
    Case(
        "relative import",
        {"assets/group/a.py": asset_with("from .words import TEXT"), "assets/group/words.py": BEFORE},
        writes("assets/group/words.py"),
    ),
    Case(
        "relative import from above",
        {"assets/group/a.py": asset_with("from ..words import TEXT"), "assets/words.py": BEFORE},
        writes("assets/words.py"),
    ),
    Case(
        "star import",
        {"assets/a.py": asset_with("from words import *"), "assets/words.py": BEFORE},
        writes("assets/words.py"),
    ),
    Case(
        "import inside a function",
        {
            "assets/a.py": asset_with("def text():\n    from words import TEXT\n    return TEXT\n", "text()"),
            "assets/words.py": BEFORE,
        },
        writes("assets/words.py"),
    ),
    Case(
        "import_module",
        {
            "assets/a.py": asset_with("import importlib", 'importlib.import_module("words").TEXT'),
            "assets/words.py": BEFORE,
        },
        writes("assets/words.py"),
    ),
    Case(
        "import_module of what another asset imported",
        {
            "assets/_first.py": "",
            "assets/0.py": "import words",
            "assets/a.py": asset_with("from importlib import import_module", 'import_module("words").TEXT'),
            "assets/words.py": BEFORE,
        },
        writes("assets/words.py"),
    ),
    Case(
        "import of what another asset imported",
        {
            "assets/0.py": "import words",
            "assets/a.py": asset_with("from words import TEXT"),
            "assets/words.py": BEFORE,
        },
        writes("assets/words.py"),
    ),
    Case(
        "module executed by hand",
        {
            "assets/a.py": asset_with(
                "import importlib.util\n"
                "from pathlib import Path\n"
                'spec = importlib.util.spec_from_file_location("w", Path(__file__).parent.parent / "words.py")\n'
                "words = importlib.util.module_from_spec(spec)\n"
                "spec.loader.exec_module(words)",
                "words.TEXT",
            ),
            "words.py": BEFORE,
        },
        writes("words.py"),
    ),
    Case(
        "runpy",
        {
            "assets/a.py": asset_with('import runpy\nTEXT = runpy.run_path("words.py")["TEXT"]'),
            "words.py": BEFORE,
        },
        writes("words.py"),
    ),
    Case(
        "another asset's constant",
        {"assets/a.py": asset_with("from b import TEXT"), "assets/b.py": asset_with(BEFORE).replace("def a", "def b")},
        lambda shop: shop.replace("assets/b.py", "before", "after"),
    ),
    Case(
        "a module appears",
        {"assets/a.py": asset_with("try:\n    from words import TEXT\nexcept ImportError:\n    " + BEFORE)},
        writes("assets/words.py"),
    ),
    Case(
        "a module appears beside the assets folder",
        {"assets/a.py": asset_with("try:\n    from words import TEXT\nexcept ImportError:\n    " + BEFORE)},
        writes("words.py"),
    ),
    Case(
        "a module appears in a package",
        {
            "assets/a.py": asset_with("try:\n    from lib.words import TEXT\nexcept ImportError:\n    " + BEFORE),
            "lib/other.py": "",
        },
        writes("lib/words.py"),
    ),
    Case(
        "a package appears beside the assets",
        {"assets/a.py": asset_with("try:\n    from lib.words import TEXT\nexcept ImportError:\n    " + BEFORE)},
        writes("assets/lib/words.py"),
    ),
    Case(
        "a module shadows another",
        {"assets/a.py": asset_with("from words import TEXT"), "words.py": BEFORE},
        writes("assets/words.py"),
    ),
    Case(
        "a module shadows one of a subfolder's",
        {"assets/group/a.py": asset_with("from words import TEXT"), "assets/words.py": BEFORE},
        writes("assets/group/words.py"),
    ),
    Case(
        "a package shadows a module",
        {"assets/a.py": asset_with("from words import TEXT"), "words.py": BEFORE},
        writes("words/__init__.py"),
    ),
    Case(
        "a module disappears",
        {
            "assets/a.py": asset_with('try:\n    from words import TEXT\nexcept ImportError:\n    TEXT = "after"'),
            "assets/words.py": BEFORE,
        },
        removes("assets/words.py"),
    ),
    Case(
        "a shadow disappears",
        {"assets/a.py": asset_with("from words import TEXT"), "assets/words.py": BEFORE, "words.py": 'TEXT = "after"'},
        removes("assets/words.py"),
    ),
    Case(
        "two modules change at once",
        {
            "assets/a.py": asset_with("from one import ONE\nfrom two import TWO", "ONE + TWO"),
            "assets/one.py": 'ONE = "bef"',
            "assets/two.py": 'TWO = "ore"',
        },
        becomes(writes("assets/one.py", 'ONE = "aft"'), writes("assets/two.py", 'TWO = "er"')),
    ),
    # Files
    Case(
        "a file that is opened",
        {"assets/a.py": asset_with("", 'open("text.txt").read().strip()'), "text.txt": "before"},
        writes("text.txt", "after"),
    ),
    Case(
        "a file that is read by a path",
        {
            "assets/a.py": asset_with(
                "from pathlib import Path", '(Path(__file__).parent / "text.txt").read_text().strip()'
            ),
            "assets/text.txt": "before",
        },
        same_size_and_time("assets/text.txt"),
    ),
    Case(
        "a file that a module opens",
        {
            "assets/a.py": asset_with("from words import TEXT"),
            "assets/words.py": 'import json\nTEXT = json.load(open("text.json"))["text"]',
            "text.json": '{"text": "before"}',
        },
        writes("text.json", '{"text": "after"}'),
    ),
    Case(
        "a file that another asset's file opened by the same module",
        {
            "assets/0.py": "import words",
            "assets/a.py": asset_with("import words", "words.TEXT"),
            "assets/words.py": 'TEXT = open("text.txt").read().strip()',
            "text.txt": "before",
        },
        writes("text.txt", "after"),
    ),
    Case(
        "a file of a package",
        {
            "assets/a.py": asset_with("import pkgutil, lib", 'pkgutil.get_data("lib", "text.txt").decode().strip()'),
            "lib/__init__.py": "",
            "lib/text.txt": "before",
        },
        writes("lib/text.txt", "after"),
    ),
    Case(
        "a resource of a package",
        {
            "assets/a.py": asset_with(
                "from importlib import resources\nimport lib", 'resources.read_text("lib", "text.txt").strip()'
            ),
            "lib/__init__.py": "",
            "lib/text.txt": "before",
        },
        writes("lib/text.txt", "after"),
    ),
    Case(
        "a database that is opened",
        {
            "assets/a.py": asset_with(
                'import sqlite3\nwith sqlite3.connect("text.db") as found:\n'
                '    found.execute("CREATE TABLE IF NOT EXISTS t AS SELECT \'before\' AS x")\n'
                '    TEXT = found.execute("SELECT x FROM t").fetchone()[0]\nfound.close()'
            )
        },
        lambda shop: change_database(shop.root / "text.db"),
    ),
    Case(
        "a file that appears",
        {"assets/a.py": asset_with("import os", CHOICE.format('os.path.exists("flag")'))},
        writes("flag", ""),
    ),
    Case(
        "a file that is asked for by a path",
        {"assets/a.py": asset_with("from pathlib import Path", CHOICE.format('Path("flag").is_file()'))},
        writes("flag", ""),
    ),
    Case(
        "a file that may be read",
        {"assets/a.py": asset_with("import os", CHOICE.format('os.access("flag", os.R_OK)'))},
        writes("flag", ""),
    ),
    Case(
        "a link",
        {"assets/a.py": asset_with("import os", CHOICE.format('os.path.lexists("flag")'))},
        lambda shop: (shop.root / "flag").symlink_to("nowhere"),
    ),
    Case(
        "where a link points",
        {"assets/a.py": asset_with("import os", "os.readlink(\"flag\") if os.path.lexists('flag') else 'before'")},
        lambda shop: (shop.root / "flag").symlink_to("after"),
    ),
    Case(
        "a file that disappears",
        {
            "assets/a.py": asset_with(
                'try:\n    TEXT = open("text.txt").read().strip()\nexcept FileNotFoundError:\n    TEXT = "after"'
            ),
            "text.txt": "before",
        },
        removes("text.txt"),
    ),
    Case(
        "the size of a file",
        {
            "assets/a.py": asset_with("import os", CHOICE.format('os.stat("text.txt").st_size > 2')),
            "text.txt": "",
        },
        writes("text.txt", "longer"),
    ),
    Case(
        "a folder that is listed",
        {"assets/a.py": asset_with("import os", CHOICE.format('len(os.listdir("words")) > 1')), "words/a": ""},
        writes("words/b", ""),
    ),
    Case(
        "a folder that is globbed",
        {
            "assets/a.py": asset_with("from pathlib import Path", CHOICE.format('len([*Path("words").rglob("*")]) > 2')),
            "words/deep/a": "",
        },
        writes("words/deep/b", ""),
    ),
    Case(
        "a hidden file of a folder that is listed",
        {"assets/a.py": asset_with("import os", CHOICE.format('".flag" in os.listdir("words")')), "words/a": ""},
        writes("words/.flag", ""),
    ),
    # Settings
    Case(
        "a module named by the settings",
        {"assets/a.py": asset_with("", '__import__("tomllib").load(open("assetflow.toml", "rb")).get("assets-folder", "before")')},
        writes("assetflow.toml", 'assets-folder = "assets"'),
    ),
]
CASES[-1] = CASES[-1]._replace(
    files={
        "assets/a.py": asset_with(
            "import tomllib",
            '"after" if tomllib.load(open("assetflow.toml", "rb")).get("jobs") else "before"',
        )
    },
    edit=writes("assetflow.toml", "jobs = 2"),
)


@pytest.fixture(params=["trusted stamps", "fresh files"])
def shop(request: pytest.FixtureRequest, empty_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Files so young that their stamps are not trusted are compared by content; here both ways are taken."""
    if request.param == "trusted stamps":
        monkeypatch.setattr(stat, "SETTLED", -1_000_000_000)
    monkeypatch.chdir(empty_shop.root)
    return empty_shop


@pytest.mark.parametrize("case", CASES, ids=[case.what for case in CASES])
def test_an_edit_is_seen(case: Case, shop: Shop) -> None:
    for path, text in case.files.items():
        shop.write(path, text)
    assert described(shop) == "before"
    assert is_remembered(shop)
    case.edit(shop)
    assert described(shop) == "after"


def described(shop: Shop) -> str:
    return shop.project().definitions.assets["a"].description


def is_remembered(shop: Shop) -> bool:
    """Whether the next reading comes from the cache: it then also repeats what is not true."""
    cache = shop.root / CACHE
    text = cache.read_text()
    cache.write_text(text.replace('"before"', '"remembered"'))
    try:
        return described(shop) == "remembered"
    finally:
        cache.write_text(text)


def change_database(path: Path) -> None:
    import sqlite3

    with sqlite3.connect(path) as database:
        database.execute("UPDATE t SET x = 'after'")
    database.close()
