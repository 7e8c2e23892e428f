"""No edit hides behind the cache of definitions: whatever a definition was read from is looked at before it is reused.

Each case is a project whose asset `a` is described as "before". It must come from the cache when nothing changes (else
the case would prove nothing), and be described as "after" once the edit is made.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import pytest

from assetflow.project.observing import stat
from assetflow.project.observing.derived import derived, keep_derived
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

SHARES = 'import builtins\nbuiltins.SHOP_TEXT = "before"'
REGISTERS = 'import words\nwords.ALL.append("before")'

CASES = [
    Case("sql", {"assets/a.sql": SQL}, lambda shop: shop.replace("assets/a.sql", "before", "after")),
    Case("sql of same size and time", {"assets/a.sql": SQL}, same_size_and_time("assets/a.sql")),
    Case(
        "sql becomes python",
        {"assets/a.sql": SQL},
        becomes(removes("assets/a.sql"), writes("assets/a.py", asset_with('TEXT = "after"'))),
    ),
    Case("python", {"assets/a.py": asset_with(BEFORE)}, lambda shop: shop.replace("assets/a.py", "before", "after")),
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
    Case(
        "the package around a file",
        {"assets/a.py": asset_with("import builtins", "builtins.SHOP_TEXT"), "assets/__init__.py": SHARES},
        lambda shop: shop.replace("assets/__init__.py", "before", "after"),
    ),
    Case(
        "another file, by what it registers",
        {"assets/a.py": asset_with("import words", "words.ALL[0]"), "words.py": "ALL = []", "assets/0.py": REGISTERS},
        lambda shop: shop.replace("assets/0.py", "before", "after"),
    ),
    Case(
        "another file, by what it registers with a decorator",
        {
            "assets/a.py": asset_with("import words", "sorted(words.ALL)[0]"),
            "words.py": "ALL = {}\ndef known(name):\n    return lambda it: ALL.setdefault(name, it)",
            "assets/0.py": 'from words import known\n\n@known("before")\ndef it():\n    return None',
        },
        lambda shop: shop.replace("assets/0.py", "before", "after"),
    ),
    Case(
        "who reads what another file registers",
        {"assets/a.py": asset_with("import words", "words.ALL[0]"), "words.py": "ALL = []", "assets/0.py": REGISTERS},
        lambda shop: shop.replace("assets/a.py", "words.ALL[0]", '"after" if words.ALL else "nobody registered"'),
    ),
    *(
        Case(
            f"a file that a function of a module read for another asset and kept: {keeps.splitlines()[1]}",
            {
                "assets/0.py": "from words import get\nTEXT = get()",
                "assets/a.py": asset_with("from words import get", "get()"),
                "words.py": keeps,
                "text.txt": "before",
            },
            writes("text.txt", "after"),
        )
        for keeps in (
            "import functools, pathlib\n@functools.cache\ndef get():\n    return pathlib.Path('text.txt').read_text().strip()",
            (
                "import pathlib\nKEPT = {}\n"
                "get = lambda: KEPT.get(0) or KEPT.setdefault(0, pathlib.Path('text.txt').read_text().strip())"
            ),
        )
    ),
    Case(
        "a folder of modules that is a link",
        {
            "assets/a.py": asset_with("from lib.words import TEXT"),
            "one/words.py": BEFORE,
            "two/words.py": 'TEXT = "after"',
            "lib": "-> one",
        },
        becomes(removes("lib"), lambda shop: (shop.root / "lib").symlink_to("two")),
    ),
    # Files
    Case(
        "a file that is opened",
        {
            "assets/a.py": asset_with("from pathlib import Path", 'Path("text.txt").read_text().strip()'),
            "text.txt": "before",
        },
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
            "assets/words.py": 'import json\nwith open("text.json") as file:\n    TEXT = json.load(file)["text"]',
            "text.json": '{"text": "before"}',
        },
        writes("text.json", '{"text": "after"}'),
    ),
    Case(
        "a file that another asset's file opened by the same module",
        {
            "assets/0.py": "import words",
            "assets/a.py": asset_with("import words", "words.TEXT"),
            "assets/words.py": 'from pathlib import Path\nTEXT = Path("text.txt").read_text().strip()',
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
                "from importlib import resources\nimport lib",
                'resources.files(lib).joinpath("text.txt").read_text().strip()',
            ),
            "lib/__init__.py": "",
            "lib/text.txt": "before",
        },
        writes("lib/text.txt", "after"),
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
                'from pathlib import Path\ntry:\n    TEXT = Path("text.txt").read_text().strip()\nexcept FileNotFoundError:\n    TEXT = "after"'
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
            "assets/a.py": asset_with(
                "from pathlib import Path", CHOICE.format('len([*Path("words").rglob("*")]) > 2')
            ),
            "words/deep/a": "",
        },
        writes("words/deep/b", ""),
    ),
    Case(
        "the size of a file in a folder that is listed",
        {
            "assets/a.py": asset_with(
                "import os", CHOICE.format('any(each.stat().st_size > 2 for each in [*os.scandir("words")])')
            ),
            "words/a": "",
        },
        writes("words/a", "longer"),
    ),
    Case(
        "a hidden file of a folder that is listed",
        {"assets/a.py": asset_with("import os", CHOICE.format('".flag" in os.listdir("words")')), "words/a": ""},
        writes("words/.flag", ""),
    ),
    Case(
        "the settings, read by a module",
        {
            "assets/a.py": asset_with(
                "import tomllib\nfrom pathlib import Path",
                CHOICE.format('tomllib.loads(Path("assetflow.toml").read_text()).get("jobs")'),
            )
        },
        writes("assetflow.toml", "jobs = 2"),
    ),
]


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
        if text.startswith("-> "):
            (shop.root / path).symlink_to(text.removeprefix("-> "))
        else:
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
    there = cache.read_bytes()
    keep_derived(str(cache), kept(shop).replace('"before"', '"remembered"'))
    try:
        return described(shop) == "remembered"
    finally:
        cache.write_bytes(there)


def kept(shop: Shop) -> str:
    text = derived(str(shop.root / CACHE))
    assert text is not None
    return text


@pytest.mark.parametrize(
    "question",
    [
        'os.environ["SHOP_TEXT"]',
        'os.environ.get("SHOP_TEXT")',
        'os.getenv("SHOP_TEXT")',
        'os.environb[b"SHOP_TEXT"].decode()',
        'os.path.expandvars("$SHOP_TEXT")',
        'dict(os.environ)["SHOP_TEXT"]',
        'os.environ.copy()["SHOP_TEXT"]',
        '[value for name, value in os.environ.items() if name == "SHOP_TEXT"][0]',
        '{**os.environ}["SHOP_TEXT"]',
    ],
)
def test_a_variable_that_changes(shop: Shop, monkeypatch: pytest.MonkeyPatch, question: str) -> None:
    monkeypatch.setenv("SHOP_TEXT", "before")
    shop.python("a", asset_with("import os", question))
    assert described(shop) == "before"
    assert is_remembered(shop)
    monkeypatch.setenv("SHOP_TEXT", "after")
    assert described(shop) == "after"


@pytest.mark.parametrize(
    "question", ['"SHOP_FLAG" in os.environ', 'os.getenv("SHOP_FLAG")', '"SHOP_FLAG" in list(os.environ)']
)
def test_a_variable_that_appears(shop: Shop, monkeypatch: pytest.MonkeyPatch, question: str) -> None:
    monkeypatch.delenv("SHOP_FLAG", raising=False)
    shop.python("a", asset_with("import os", CHOICE.format(question)))
    assert described(shop) == "before"
    assert is_remembered(shop)
    monkeypatch.setenv("SHOP_FLAG", "1")
    assert described(shop) == "after"


def test_a_variable_that_nobody_reads_changes_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.python("a", asset_with("import os", 'os.getenv("SHOP_TEXT", "before")'))
    assert described(shop) == "before"
    monkeypatch.setenv("SHOP_OTHER", "1")
    assert is_remembered(shop)


def test_a_package_that_is_upgraded(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    # Byte code would be written into the folder, and with it goes one needless reading.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    installed = shop.root / "venv" / "site-packages"
    shop.write("venv/site-packages/shop_words.py", BEFORE)
    shop.write("venv/site-packages/shop_words-1.dist-info/METADATA", "")
    monkeypatch.syspath_prepend(str(installed))
    shop.python("a", asset_with("from shop_words import TEXT"))
    with in_a_new_process("shop_words"):
        assert described(shop) == "before"
        assert is_remembered(shop)
    (installed / "shop_words-1.dist-info").rename(installed / "shop_words-2.dist-info")
    shop.write("venv/site-packages/shop_words.py", 'TEXT = "afterwards"')
    with in_a_new_process("shop_words"):
        assert described(shop) == "afterwards"


def test_a_module_on_the_python_path(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Such as another package of the same repository, installed in place."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "shop_words.py").write_text(BEFORE)
    monkeypatch.syspath_prepend(str(elsewhere))
    shop.python("0", "import shop_words")
    shop.python("a", asset_with("from shop_words import TEXT"))
    with in_a_new_process("shop_words"):
        assert described(shop) == "before"
        assert is_remembered(shop)
    (elsewhere / "shop_words.py").write_text('TEXT = "afterwards"')
    with in_a_new_process("shop_words"):
        assert described(shop) == "afterwards"


def test_what_another_package_of_the_path_is_made_of(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The second file that imports it depends on its inner modules as the first one does."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "shop_words").mkdir()
    (elsewhere / "shop_words" / "__init__.py").write_text("from .inner import TEXT")
    (elsewhere / "shop_words" / "inner.py").write_text(BEFORE)
    monkeypatch.syspath_prepend(str(elsewhere))
    shop.python("0", "import shop_words")
    shop.python("a", asset_with("from shop_words import TEXT"))
    with in_a_new_process("shop_words", "shop_words.inner"):
        assert described(shop) == "before"
        assert is_remembered(shop)
    (elsewhere / "shop_words" / "inner.py").write_text('TEXT = "afterwards"')
    with in_a_new_process("shop_words", "shop_words.inner"):
        assert described(shop) == "afterwards"


def test_a_package_that_was_edited_after_a_notebook_imported_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Its interpreter goes on with what it imported; what it declares so is not remembered for others."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "shop_words.py").write_text(BEFORE)
    monkeypatch.syspath_prepend(str(elsewhere))
    with in_a_new_process("shop_words"):
        importlib.import_module("shop_words")
        (elsewhere / "shop_words.py").write_text('TEXT = "after"')
        shop.python("a", asset_with("from shop_words import TEXT"))
        assert described(shop) == "before"
    with in_a_new_process("shop_words"):
        assert described(shop) == "after"


def test_a_module_in_a_zip_file(shop: Shop) -> None:
    def pack(text: str) -> None:
        with zipfile.ZipFile(shop.root / "packed.zip", "w") as packed:
            packed.writestr("shop_words.py", text)

    pack(BEFORE)
    shop.python("a", asset_with("import sys\nsys.path.insert(0, 'packed.zip')\nfrom shop_words import TEXT"))
    assert '"description": "before"' in shop.cli("ls", "--json").out
    pack('TEXT = "after"')
    assert '"description": "after"' in shop.cli("ls", "--json").out


def test_a_folder_joins_the_python_path(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.python("a", asset_with(f"try:\n    from shop_words import TEXT\nexcept ImportError:\n    {BEFORE}"))
    shop.write("elsewhere/shop_words.py", 'TEXT = "after"')
    assert described(shop) == "before"
    assert is_remembered(shop)
    monkeypatch.syspath_prepend(str(shop.root / "elsewhere"))
    assert described(shop) == "after"


@pytest.mark.parametrize("question", ['Path("flag").exists()', 'Path.cwd().name == "inner"'])
def test_the_working_folder_counts_for_who_asks(shop: Shop, monkeypatch: pytest.MonkeyPatch, question: str) -> None:
    shop.python("a", asset_with("from pathlib import Path", CHOICE.format(question)))
    shop.write("inner/flag", "")
    assert described(shop) == "before"
    assert is_remembered(shop)
    monkeypatch.chdir(shop.root / "inner")
    assert described(shop) == "after"


def test_the_working_folder_counts_for_nobody_else(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.python("a", asset_with(BEFORE))
    shop.write("inner/flag", "")
    assert described(shop) == "before"
    monkeypatch.chdir(shop.root / "inner")
    assert is_remembered(shop)


def test_the_time_zone(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.python("a", asset_with(BEFORE))
    assert described(shop) == "before"
    monkeypatch.setenv("TZ", "Europe/Rome")
    assert not is_remembered(shop)


@pytest.mark.parametrize(
    "reading",
    [
        "TODAY = date.today()",
        "TODAY = __import__('datetime').date.today()",
        "from importlib import import_module as load\nTODAY = load('datetime').date.today()",
        "NUMBER = hash('a')",
        "NUMBERS = {id(os): 1}",
        "USER = os.getuid()",
        "HOME = os.environ._data[b'PATH']",
        "def today():\n    return date.today()\n\nTODAY = today()",
        "CHANCE = random.random()",
        "import platform\nHOST = platform.node()",
        "ROWS = getattr(pl, 'read_' + 'csv')('data/orders.csv')",
        "folder = os.open('data', os.O_RDONLY)\nNAMES = os.listdir(folder)\nos.close(folder)",
        "from locale import setlocale, LC_ALL\nsetlocale(LC_ALL, '')",
        "from polars import read_csv\nROWS = read_csv('data/orders.csv')",
        "def rows():\n    return duckdb.sql(\"FROM 'data/orders.csv'\").fetchall()\n\nROWS = rows()",
        'sqlite3.connect(":memory:").close()',
        'subprocess.run(["true"], check=True)',
        'os.system("true")',
        'pl.read_csv("data/orders.csv")',
        'pl.scan_csv("data/orders.csv").collect()',
        "duckdb.sql(\"FROM read_csv(['data/orders.csv'])\").fetchall()",
        'pyarrow.csv.read_csv("data/orders.csv")',
        'def count():\n    return pl.read_csv("data/orders.csv").height\n\nROWS = count()',
    ],
)
def test_what_cannot_be_compared_is_read_anew_each_time(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, reading: str
) -> None:
    monkeypatch.chdir(shop.root)
    shop.write("data/orders.csv", "id\n1\n")
    shop.python(
        "a",
        asset_with(
            f"import os, random, sqlite3, subprocess, duckdb, pyarrow.csv\nfrom datetime import date\n"
            f"import polars as pl\n{reading}",
            '"before"',
        ),
    )
    assert described(shop) == "before"
    assert not is_remembered(shop)


def test_names_of_its_own_are_no_question_to_python(shop: Shop) -> None:
    shop.python("a", asset_with("class Order:\n    id: int = 3\n\nfor id in range(3):\n    last = id", '"before"'))
    shop.python("b", asset_with("def hash(x):\n    return x\n\nNUMBER = hash(3)", '"b"').replace("def a", "def b"))
    assert described(shop) == "before"
    assert is_remembered(shop)


def test_a_module_that_is_saved_while_it_is_loaded(shop: Shop) -> None:
    saves = 'from pathlib import Path\nPath("assets/words.py").write_text("TEXT = \'after \'")'
    shop.python("a", asset_with(f"from words import TEXT\n{saves}"))
    shop.python("words", BEFORE)
    assert described(shop) == "before"
    assert described(shop) == "after"


def test_settings_of_an_asset(shop: Shop) -> None:
    shop.python("a", asset_with(BEFORE))
    assert described(shop) == "before"
    assert is_remembered(shop)
    shop.write("assetflow.toml", "[assets.a]\nleast = 2")
    assert shop.project().definitions.assets["a"].config == {"least": 2}


def test_tracked_packages(shop: Shop) -> None:
    shop.python(
        "a", asset_with("import polars").replace("return None", "return polars.DataFrame()").replace("TEXT", "''")
    )
    version = shop.project().definitions.assets["a"].code_version
    shop.write("assetflow.toml", 'tracked-packages = ["polars"]')
    assert shop.project().definitions.assets["a"].code_version != version


@pytest.mark.parametrize("info", ["shop_words.egg-info/PKG-INFO", "shop_words-1.dist-info/METADATA"])
def test_a_tracked_package_on_the_python_path_that_says_another_version(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, info: str
) -> None:
    """Such as one that was installed with `pip install --target`, or where it is written."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "shop_words.py").write_text(BEFORE)
    (elsewhere / info).parent.mkdir()
    (elsewhere / info).write_text("Metadata-Version: 2.1\nName: shop-words\nVersion: 1.0\n")
    monkeypatch.syspath_prepend(str(elsewhere))
    shop.write("assetflow.toml", 'tracked-packages = ["shop-words"]')
    shop.python("a", asset_with("from shop_words import TEXT").replace("return None", "return TEXT"))
    with in_a_new_process("shop_words"):
        version = shop.project().definitions.assets["a"].code_version
        assert is_remembered(shop)
    (elsewhere / info).write_text("Metadata-Version: 2.1\nName: shop-words\nVersion: 1.0.1\n")
    with in_a_new_process("shop_words"):
        assert shop.project().definitions.assets["a"].code_version != version


def test_settings_of_same_size_and_time(shop: Shop) -> None:
    shop.write("assetflow.toml", "jobs = 2")
    shop.sql("a", SQL)
    assert described(shop) == "before"
    assert shop.project().settings.jobs == 2
    file = shop.root / "assetflow.toml"
    then = file.stat()
    file.write_text("jobs = 3\n")
    os.utime(file, ns=(then.st_atime_ns, then.st_mtime_ns))
    assert shop.project().settings.jobs == 3


def test_a_source_in_the_settings(shop: Shop) -> None:
    shop.write("assetflow.toml", '[sources.orders]\nfiles = "before.csv"')
    assert shop.project().definitions.sources["orders"].location.to_dict()["files"] == ["before.csv"]
    shop.write("assetflow.toml", '[sources.orders]\nfiles = "after.csv"')
    assert shop.project().definitions.sources["orders"].location.to_dict()["files"] == ["after.csv"]
    shop.write("assetflow.toml", "")
    assert not shop.project().definitions.sources


def test_deleted_and_renamed_files(shop: Shop) -> None:
    shop.sql("a", SQL)
    shop.python("b", asset_with(BEFORE).replace("def a", "def b"))
    assert sorted(shop.project().definitions.assets) == ["a", "b"]
    (shop.root / "assets/a.sql").rename(shop.root / "assets/c.sql")
    assert sorted(shop.project().definitions.assets) == ["b", "c"]
    shop.remove("assets/b.py")
    assert sorted(shop.project().definitions.assets) == ["c"]
    (shop.root / "assets/c.sql").rename(shop.root / "assets/_c.sql")
    assert not shop.project().definitions.assets


def test_two_files_that_change_places(shop: Shop) -> None:
    """Sizes, times and the folder's names stay as they are."""
    shop.sql("a", SQL)
    shop.sql("b", SQL.replace("before", "after "))
    assert described(shop) == "before"
    a, b, aside = (shop.root / f"assets/{name}" for name in ("a.sql", "b.sql", "_aside.sql"))
    a.rename(aside)
    b.rename(a)
    aside.rename(b)
    assert described(shop) == "after"


def test_a_file_from_the_future(shop: Shop) -> None:
    file = shop.sql("a", SQL)
    os.utime(file, (4_000_000_000, 4_000_000_000))
    assert described(shop) == "before"
    assert is_remembered(shop)
    same_size_and_time("assets/a.sql")(shop)
    assert described(shop) == "after"


def test_a_link_to_a_file(shop: Shop) -> None:
    shop.write("versions/one.sql", SQL)
    shop.write("versions/two.sql", SQL.replace("before", "after"))
    link = shop.root / "assets" / "a.sql"
    link.parent.mkdir()
    link.symlink_to("../versions/one.sql")
    assert described(shop) == "before"
    assert is_remembered(shop)
    link.unlink()
    link.symlink_to("../versions/two.sql")
    assert described(shop) == "after"
    shop.replace("versions/two.sql", "after", "later")
    assert described(shop) == "later"


def test_a_linked_folder_of_assets(shop: Shop) -> None:
    shop.write("shared/group/a.py", asset_with("from .words import TEXT"))
    shop.write("shared/group/words.py", BEFORE)
    (shop.root / "assets").symlink_to("shared")
    assert described(shop) == "before"
    assert is_remembered(shop)
    shop.write("shared/group/words.py", 'TEXT = "after"')
    assert described(shop) == "after"


def test_a_copied_project(shop: Shop) -> None:
    """A copy (a container, a git worktree) brings a cache that speaks of the files of the original."""
    shop.python("a", asset_with("from words import TEXT"))
    shop.python("words", BEFORE)
    assert described(shop) == "before"
    copy = Shop(shop.root / "copies" / "one")
    for folder in ("assets", "warehouse"):
        shutil.copytree(shop.root / folder, copy.root / folder)
    copy.write("assets/words.py", 'TEXT = "after"')
    assert described(copy) == "after"
    assert described(shop) == "before"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "3", '{"surroundings": 1}', '{"surroundings": null, "files": []}', "\x00"]
)
@pytest.mark.parametrize("name", ["definitions", "settings", "sources"])
def test_a_cache_that_is_damaged_or_of_another_format(empty_shop: Shop, name: str, text: str) -> None:
    empty_shop.write("assetflow.toml", '[sources.orders]\nfiles = "orders.csv"')
    empty_shop.write("orders.csv", "id\n1\n")
    empty_shop.sql("a", SQL.replace("SELECT 1 AS x", "FROM orders"))
    empty_shop.made()
    empty_shop.write(f"warehouse/cache/{name}.json", text)
    assert described(empty_shop) == "before"
    assert empty_shop.plan().steps == ()


def test_a_cache_written_by_another_version_is_not_used(shop: Shop) -> None:
    shop.sql("a", SQL)
    assert described(shop) == "before"
    cache = json.loads(kept(shop))
    cache["surroundings"] = "another"
    keep_derived(str(shop.root / CACHE), json.dumps(cache).replace("before", "remembered"))
    assert described(shop) == "before"


def test_a_cache_with_one_wrong_bit_is_not_used(shop: Shop) -> None:
    shop.sql("a", SQL)
    assert described(shop) == "before"
    shop.write(CACHE, shop.read(CACHE).replace("before", "cefore"))
    assert described(shop) == "before"


def test_a_cache_in_the_place_of_another_is_not_used(shop: Shop) -> None:
    shop.write("assetflow.toml", "")
    shop.sql("a", SQL)
    shop.made()
    assert described(shop) == "before"
    for name in ("settings", "sources"):
        shutil.copy(shop.root / CACHE, shop.root / f"warehouse/cache/{name}.json")
    assert described(shop) == "before"
    assert shop.plan().steps == ()


def test_a_project_without_a_place_for_a_cache_is_read_all_the_same(shop: Shop) -> None:
    shop.sql("a", SQL)
    project = shop.project(warehouse="/proc/nowhere")
    assert project.definitions.assets["a"].description == "before"


@contextmanager
def in_a_new_process(*modules: str) -> Iterator[None]:
    """As if no command had imported these modules of another project yet."""
    for module in modules:
        sys.modules.pop(module, None)
    yield
    for module in modules:
        sys.modules.pop(module, None)


def test_files_that_were_too_young_to_trust_are_not_read_each_time(
    empty_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty_shop.write("assets/helper.py", BEFORE)
    empty_shop.write("assets/a.py", asset_with("from helper import TEXT"))
    monkeypatch.setattr(stat, "SETTLED", sys.maxsize)  # however long the machine takes, they are young
    assert described(empty_shop) == "before"
    assert set(stamps_kept(empty_shop)) == {None}
    monkeypatch.setattr(stat, "SETTLED", -1_000_000_000)
    assert described(empty_shop) == "before"
    assert set(stamps_kept(empty_shop)) == {
        tuple(stat.stamp_of(str(empty_shop.root / "assets" / name))) for name in ("a.py", "helper.py")
    }
    same_size_and_time("assets/helper.py")(empty_shop)
    assert described(empty_shop) == "after"


def stamps_kept(shop: Shop) -> list[tuple[int, ...] | None]:
    """The stamps by which the files are known again from which definitions were read."""
    entries = json.loads(kept(shop))["files"].values()
    files = [one for entry in entries if "depends" in entry for one in entry["depends"]["files"].values()]
    return [None if stamp is None else tuple(stamp) for stamp, sha256 in files if sha256 is not None]
