"""Code versions: what they say cannot be fingerprinted, what they leave in peace, and the laws they obey."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assetflow.lineage.python.closure import code_version
from assetflow.lineage.python.syntax import dump
from assetflow.lineage.python.volatile import OF_MACHINE

# What is noted: a line of code inside of `made`, what it needs above, and the beginning of the note.

NOTED = [
    ("datetime.now()", "from datetime import datetime", "datetime.now() reads the clock (shop.py:3)"),
    ("dt.datetime.now(dt.UTC)", "import datetime as dt", "datetime.now()"),
    ("dt.date.today()", "import datetime as dt", "date.today()"),
    ("t()", "from time import time as t", "time.time()"),
    ("time.strftime('%Y')", "import time", "time.strftime()"),
    ("list(map(datetime.utcfromtimestamp, [datetime.today]))", "from datetime import datetime", "datetime.today"),
    ("open('x')", "", "open() reads a file"),
    ("open('x', 'r+')", "", "open() reads a file"),
    ("Path('x').read_text()", "from pathlib import Path", "Path.read_text() reads a file"),
    ("(Path('x') / 'y').open()", "from pathlib import Path", "Path.open() reads a file"),
    ("(HERE / 'x.sql').read_text()", "from pathlib import Path; HERE = Path(__file__).parent", "Path.read_text()"),
    ("sales.path.read_bytes()", "", ".read_bytes() reads a file"),
    ("os.environ['A']", "import os", "os.environ reads the environment"),
    ("os.environ['A'].lower()", "import os", "os.environ reads the environment"),
    ("os.environ['A'].lower().strip()[0]", "import os", "os.environ reads the environment"),
    ("sys.modules['shop'].made.x()", "import sys", "sys.modules runs code that is not written here"),
    ("inspect.getsource(made)", "import inspect", "inspect.getsource() reads the text of code"),
    ("environ.get('A')", "from os import environ", "environ.get() reads the environment"),
    ("os.getenv('A')", "import os", "os.getenv()"),
    ("os.listdir('.')", "import os", "os.listdir()"),
    ("eval('1')", "", "eval() runs code"),
    ("exec('x = 1')", "", "exec() runs code"),
    ("importlib.import_module(sales)", "import importlib", "importlib.import_module() runs code"),
    ("urlopen('x')", "from urllib.request import urlopen", "request.urlopen() reads from the network"),
    ("requests.get('x').json()", "requests = __import__('http.client').client", "client.get()"),
    ("socket.create_connection(('a', 1))", "import socket", "socket.create_connection()"),
    ("subprocess.run(['date'])", "import subprocess", "subprocess.run() runs a program"),
    ("random.random()", "import random", "random.random() is random"),
    ("random.Random().random()", "import random", "random.Random() is random without a seed"),
    ("uuid.uuid4()", "import uuid", "uuid.uuid4()"),
    ("secrets.token_hex()", "import secrets", "secrets.token_hex()"),
    ("numpy.random.normal()", "import numpy", "random.normal()"),
    ("numpy.random.default_rng().normal()", "import numpy", "random.default_rng() is random without a seed"),
    ("sales.sample(n=5)", "", ".sample() is random without a seed"),
    ("pl.scan_parquet('x')", "import polars as pl", "polars.scan_parquet() reads a file"),
    ("pl.read_csv(sales)", "import polars as pl", "polars.read_csv() reads a file"),
    ("duckdb.connect('x.db')", "import duckdb", "duckdb.connect() reads a database"),
    ("sales.project('*, now() AS made_at')", "", "now() in SQL"),
    ("sales.query('v', SQL)", "SQL = 'SELECT random()'", "random() in SQL"),
    ("sales.filter('d > ago(INTERVAL 1 DAY)')", "", "ago() in SQL"),
    ("sales.query('v', 'FROM v USING SAMPLE 10%')", "", "a sample without REPEATABLE in SQL is random"),
    ("sales.query('v', \"FROM 'x.csv'\")", "", "SQL that reads the file x.csv"),
    ("pd.Timestamp('now')", "import pandas as pd", "pandas.Timestamp() reads the clock"),
    ("found()", "exec('def found(): return 1')", "the source of found was not found"),
    (
        "sales.select(ALL)",
        "import polars as pl; ALL = []; globals()['ALL'].append(pl.col('a'))",
        "ALL holds a polars.Expr",
    ),
    ("SEEN.append(1)", "SEEN = []", "SEEN is changed while running"),
    ("SEEN.update(a=1)", "SEEN = {}", "SEEN is changed while running"),
    ("OWN.note(1)", "class Own:\n    def note(self, x): self.x = x\nOWN = Own()", "OWN is changed while running"),
    ("next(ROWS)", "ROWS = iter([1, 2])", "ROWS is a builtins.list_iterator"),
    ("CONNECTION.sql('x')", "import duckdb; CONNECTION = duckdb.connect()", "CONNECTION is a _duckdb.DuckDBPyConn"),
    ("TODAY", "import datetime; TODAY = datetime.date.today()", "date.today() reads the clock"),
    ("find()", "import os\ndef find(): return os.environ['A']", "os.environ reads the environment"),
    ("Rule().now()", "import time\nclass Rule:\n    def now(self): return time.time()", "time.time()"),
    ("read('x')", "read = open", "open reads a file"),
    ("read(sales)", "from pathlib import Path; read = Path.read_text", "Path.read_text reads a file"),
    ("Path.read_text(sales)", "from pathlib import Path", "Path.read_text() reads a file"),
    ("ask('A')", "import os; ask = os.getenv", "os.getenv reads the environment"),
    ("OPENERS['a']('x')", "OPENERS = {'a': open}", "open reads a file"),
    ("later()", "import functools; later = functools.partial(open, 'x')", "open reads a file"),
    ("where().read_text()", "from pathlib import Path\ndef where(): return Path('x')", ".read_text() reads a file"),
    ("FILES['a'].read_text()", "from pathlib import Path; FILES = {'a': Path('x')}", ".read_text() reads a file"),
    ("load(FILE)", "FILE = 'x'\ndef load(path):\n    with path.open() as f: return f.read()", ".open() reads a file"),
    ("load(sales)", "def load(path): return path.open('r').read()", ".open() reads a file"),
    ("[path.exists() for path in FILES]", "FILES = ()", ".exists() reads the file system"),
    ("len(where().iterdir())", "def where(): return 1", ".iterdir() reads the file system"),
    ("sales.path.stat().st_size", "", ".stat() reads the file system"),
    ("Shop().path.open()", "class Shop:\n    path = None", ".open() reads a file"),
    ("SHOP.read()", "class Shop:\n    def read(self): return self.path.open()\nSHOP = Shop()", ".open() reads a file"),
    ("SHOP.path.open()", "class Shop:\n    path = None\nSHOP = Shop()", ".open() reads a file"),
    (
        "load()",
        "from pathlib import Path\ndef outer(path): return lambda: path.open()\nload = outer(Path('x'))",
        "Path.open()",
    ),
    ("Day.now()", "import datetime; Day = datetime.datetime", "datetime.now() reads the clock"),
    ("Days.day.now()", "import datetime\nclass Days: day = datetime.datetime", "datetime.now() reads the clock"),
    ("DAYS['a'].now()", "import datetime; DAYS = {'a': datetime.datetime}", ".now() reads the clock"),
    ("ask(datetime)", "from datetime import datetime\ndef ask(day): return day.today()", ".today() reads the clock"),
    ("FRAME.sample(3)", "import polars as pl; FRAME = pl.DataFrame({'a': [1]})", ".sample() is random without a seed"),
    ("duckdb.connect().read_csv('x')", "import duckdb", "connect.read_csv() reads a file"),
    ("SETTINGS.read('x')", "import configparser; SETTINGS = configparser.ConfigParser()", "ConfigParser.read() reads"),
    ("io.FileIO('x')", "import io", "io.FileIO() reads a file"),
    (
        "Tree(file='x')",
        "from xml.etree.ElementTree import ElementTree as Tree",
        "ElementTree.ElementTree() reads a file",
    ),
    ("Tree().parse('x')", "from xml.etree.ElementTree import ElementTree as Tree", "ElementTree.parse() reads a file"),
    ("getattr(builtins, 'op' + sales)('x')", "import builtins", "getattr() finds something of builtins"),
    ("pl.LazyFrame.deserialize(sales)", "import polars as pl", "LazyFrame.deserialize() reads a file"),
    (
        "read(sales)",
        "import operator; read = operator.methodcaller('read_text')",
        "methodcaller('read_text') reads a file",
    ),
    ("logging.getLogger('x').level", "import logging", "getLogger.level reads how logging"),
    ("LOG.getEffectiveLevel()", "import logging; LOG = logging.getLogger()", "getLogger.getEffectiveLevel() reads how"),
    ("list(__annotations__)", "limit: int = 3", "annotations are used as a value"),
    ("list(pkgutil.iter_modules(sales))", "import pkgutil", "pkgutil.iter_modules() reads which modules there are"),
    ("Path('x').is_symlink()", "from pathlib import Path", "Path.is_symlink() reads the file system"),
    ("Path('~/x').expanduser()", "from pathlib import Path", "Path.expanduser() reads the environment"),
    ("version('polars')", "from importlib.metadata import version", "metadata.version() reads the environment"),
    ("gzip.GzipFile('x').read()", "import gzip", "gzip.GzipFile() reads a file"),
    ("tarfile.TarFile(name='x')", "import tarfile", "tarfile.TarFile() reads a file"),
    ("time.clock_gettime(0)", "import time", "time.clock_gettime() reads the clock"),
    ("vars(os)['environ']", "import os", "vars() finds something of os"),
    ("os.__dict__['environ']", "import os", "os.__dict__ finds something that is not written here"),
    ("HOME", "import os; HOME = os.environ._data[b'PATH']", "environ._data reads the environment"),
    (
        "f()",
        "from dataclasses import make_dataclass\ndef f(of=make_dataclass('Row', ['x'])): return of",
        "the definition of Row was not found",
    ),
    ("hash('a')", "", "hash() of text is another number in every process (shop.py:3)"),
    ("sorted(sales, key=id)", "", "id is another number"),
    ("[h(x) for x in sales]", "h = hash", "hash of text is another number"),
    ("sales.__hash__()", "", ".__hash__() of text is another number"),
    (
        "Rule().key()",
        "class Rule:\n    def key(self): return hash(self)\n    def __hash__(self): return 1",
        "hash() of",
    ),
    ("tempfile.mkdtemp()", "import tempfile", "tempfile.mkdtemp() is random"),
    ("gettempdir()", "from tempfile import gettempdir", "tempfile.gettempdir() reads the environment"),
    ("shutil.disk_usage('/').free", "import shutil", "shutil.disk_usage() reads the file system"),
    ("os.access('x', 4)", "import os", "os.access() reads the file system"),
    ("os.getuid()", "import os", "os.getuid() reads the environment"),
    ("locale.localeconv()['decimal_point']", "import locale", "locale.localeconv() reads the environment"),
    ("sys.prefix", "import sys", "sys.prefix reads the environment"),
    ("__import__('time').time()", "", "time.time() reads the clock"),
    ("__import__('os.path').environ", "", "os.environ reads the environment"),
    ("__import__('os.path', fromlist=['x']).getmtime('y')", "", "path.getmtime() reads the file system"),
    ("importlib.import_module('time').time()", "import importlib", "time.time() reads the clock"),
    ("load('datetime').date.today()", "from importlib import import_module as load", "date.today() reads the clock"),
    ("[clock := __import__('time'), clock.time()]", "", "time.time() reads the clock"),
    ("getattr(__import__('time'), 'time')()", "", "time.time reads the clock"),
    ("made_of()", "import functools, time\nmade_of = functools.partial(lambda: time.time())", "time.time()"),
]


@pytest.mark.parametrize(("code", "above", "note"), [pytest.param(*each, id=each[0]) for each in NOTED])
def test_what_a_fingerprint_cannot_hold_is_noted(code: str, above: str, note: str, project: Any) -> None:
    notes = project.notes(f"{above}\ndef made(sales):\n    return {code}\n")
    assert len(notes) == 1, notes
    assert notes[0].startswith(note)


QUIET = [
    ("datetime.fromisoformat('2026-01-01')", "from datetime import datetime"),
    ("datetime.date(2026, 1, 1)", "import datetime"),
    ("time.perf_counter() - time.monotonic()", "import time"),
    ("time.strftime('%Y', sales)", "import time"),
    ("sales.sample(n=5, seed=1)", ""),
    ("sales.sample(5, random_state=1)", ""),
    ("random.Random(7).random()", "import random"),
    ("numpy.random.default_rng(7).normal()", "import numpy"),
    ("[random.seed(1), random.random()]", "import random"),
    ("uuid.uuid5(uuid.NAMESPACE_DNS, 'x')", "import uuid"),
    ("sales.open()", ""),
    ("sales.now()", ""),
    ("Rule().open()", "class Rule:\n    def open(self): return self.exists()\n    def exists(self): return 1"),
    ("RULE.open()", "class Rule:\n    @classmethod\n    def open(cls): return 1\nRULE = Rule()"),
    ("write(sales)", "def write(path): path.open('w').write('')"),
    ("TREE.getroot()", "import xml.etree.ElementTree as ET; TREE = ET.ElementTree(ET.Element('a'))"),
    ("FRAME.sample(3, seed=1)", "import polars as pl; FRAME = pl.DataFrame({'a': [1]})"),
    ("sales.append(1)", ""),
    ("open('x', 'w')", ""),
    ("os.path.join('a', 'b')", "import os"),
    ("urllib.parse.quote('x')", "import urllib.parse"),
    ("pl.read_csv(io.StringIO('a'))", "import io, polars as pl"),
    ("duckdb.connect()", "import duckdb"),
    ("duckdb.connect(':memory:')", "import duckdb"),
    ("RULES['a']", "RULES = {'a': 1}"),
    ("RULES.get('a')", "RULES = {'a': 1}"),
    ("getattr(sales, 'name')", ""),
    ("getattr(sales, sales)", ""),
    ("pl.col('current_date')", "import polars as pl"),
    ("sales.select(EXPRESSION)", "import polars as pl; EXPRESSION = pl.col('a') + 1"),
    ("sales.cast(SCHEMA)", "import polars as pl; SCHEMA = {'a': pl.Int64, 'b': pl.List(pl.String)}"),
    ("sales.select(c('a'))", "import polars as pl; c = pl.col"),
    ("LOG.info('x')", "import logging; LOG = logging.getLogger(__name__)"),
    ("WORD.sub('', 'x')", "import re; WORD = re.compile('a')"),
    ("RATE", "import os; RATE = os.environ.get('RATE', '1')"),
    ("RATE", "with open(__file__) as file:\n    RATE = len(file.read())"),
    ("RULES['low']", "RULES = {}\ndef rule(f):\n    RULES[f.__name__] = f\n    return f\n@rule\ndef low(): return 1"),
    ("cached(1)", "import functools\n@functools.lru_cache\ndef cached(x): return x"),
    (
        "Row()",
        "import dataclasses\n@dataclasses.dataclass\nclass Row:\n    x: list = dataclasses.field(default_factory=list)",
    ),
    ("Row(1)", "import typing\nclass Row(typing.NamedTuple):\n    x: int"),
    (
        "Rule.all",
        "class Rule:\n    all = []\n    def __init_subclass__(cls): Rule.all.append(cls)\nclass One(Rule): pass",
    ),
    ("sales.query('v', 'FROM v USING SAMPLE 10% (bernoulli, 7)')", ""),
    ("Rule(1).rate", "class Rule:\n    def __init__(self, rate): self.rate = rate"),
    ("LOG.info('x') or LOG.isEnabledFor(10)", "import logging; LOG = logging.getLogger()"),
    ("named(sales)", "import operator; named = operator.methodcaller('upper')"),
    ("sorted(KEEP)", "KEEP = {'a', 'b'}"),
    ("pl.col('x').hash()", "import polars as pl"),
    ("sales.hash()", ""),
    ("hash(sales)", "def hash(x): return x"),
    ("hash(id)", "from operator import neg as hash\nid = 3"),
    ("[id for id in sales] + [(lambda hash: hash(1))(abs)]", ""),
    ("Order(id=1).id", "import dataclasses\n@dataclasses.dataclass\nclass Order:\n    id: int\n    hash: str = ''"),
    ("{Rule(): 1}", "class Rule:\n    def __hash__(self): return hash((id(self), super().__hash__()))"),
    ("tempfile.TemporaryFile()", "import tempfile"),
    ("gzip.GzipFile(fileobj=sales).read()", "import gzip"),
    ("gzip.GzipFile('x', 'w')", "import gzip"),
    ("FAST", "import importlib.util; FAST = importlib.util.find_spec('x') is not None"),
    ("vars(sales)", ""),
    ("len(PLUGINS)", "import pkgutil; PLUGINS = [each.name for each in pkgutil.iter_modules(['x'])]"),
    ("[sys.platform, os.name, sys.version_info]", "import os, sys"),
    ("__import__('json').dumps(sales)", ""),
    ("importlib.import_module('json').loads(sales)", "import importlib"),
]


@pytest.mark.parametrize(("code", "above"), [pytest.param(*each, id=f"{each[0]} {each[1][:30]}") for each in QUIET])
def test_what_reads_nothing_is_not_noted(code: str, above: str, project: Any) -> None:
    assert project.notes(f"{above}\ndef made(sales):\n    return {code}\n") == []


@pytest.mark.parametrize("text", ["import sys\n{}sys.platform", "from sys import platform\n{}platform"])
def test_what_the_machine_is_counts_where_it_is_asked_for(
    text: str, project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asks = {"shop.py": text.format("def made(sales):\n    return ")}
    asks_not = {"shop.py": "import sys\ndef made(sales):\n    return sys.intern(sales)\n"}
    here, here_not = project.version(asks).digest, project.version(asks_not).digest
    monkeypatch.setitem(OF_MACHINE, "sys.platform", "amiga")
    assert (project.version(asks).digest == here, project.version(asks_not).digest == here_not) == (False, True)


def test_names_that_a_function_changes_are_noted(project: Any) -> None:
    assert project.notes(
        "import helpers\n"
        "count = 0\n"
        "seen = {}\n"
        "def made(sales):\n"
        "    global count\n"
        "    count += 1\n"
        "    seen['a'] = 1\n"
        "    helpers.rate = 3\n"
        "    own = {}\n"
        "    own['a'] = 1\n",
        helpers="rate = 2\n",
    ) == [
        "count is changed while running (shop.py:6)",
        "seen is changed while running (shop.py:7)",
        "helpers is changed while running (shop.py:8)",
    ]


def test_a_note_names_the_file_of_the_helper(project: Any) -> None:
    notes = project.notes(
        "import helpers\ndef made(sales):\n    return helpers.find()\n",
        helpers="import time\n\ndef find():\n    return time.time()\n\ndef unused():\n    return open('x')\n",
    )
    assert notes == ["time.time() reads the clock (helpers.py:4)"]


def test_running_does_not_change_the_version_of_code_that_keeps_a_cache(project: Any) -> None:
    made = project.load({"shop.py": "CACHE = {}\ndef made(sales):\n    CACHE[sales] = 1\n    return CACHE\n"})
    before = code_version(made, root=str(project.root), read=project.texts)
    made("a")
    project.texts.records.clear()
    assert code_version(made, root=str(project.root), read=project.texts).parts == before.parts


def test_parts_tell_what_changed(project: Any) -> None:
    shop = "from helpers import vat\ndef made(sales):\n    return vat(sales)\n"
    before = dict(project.version({"shop.py": shop, "helpers.py": "RATE = 2\ndef vat(x): return x * RATE\n"}).parts)
    after = dict(project.version({"shop.py": shop, "helpers.py": "RATE = 3\ndef vat(x): return x * RATE\n"}).parts)
    assert set(before) == {"shop.made", "helpers.vat", "helpers.RATE"}
    assert [name for name in before if before[name] != after[name]] == ["helpers.RATE"]


def test_files_are_those_of_the_project(project: Any) -> None:
    files = {"shop.py": "import json, pack.a\ndef made(sales):\n    return json, pack.a.f()\n", "unused.py": ""}
    files |= {"pack/__init__.py": "", "pack/a.py": "def f(): return 1\n"}
    assert project.version(files).files == ("pack/a.py", "shop.py")


def test_packages_count_where_they_are_used(project: Any) -> None:
    uses = {"shop.py": "import json\ndef made(sales):\n    return json.dumps(1)\n"}
    uses_not = {"shop.py": "def made(sales):\n    return 1\n"}
    assert project.version(uses).digest != project.version(uses, packages={"json": "2"}).digest
    assert project.version(uses_not).digest == project.version(uses_not, packages={"json": "2"}).digest


def test_defaults_that_are_config_are_counted_elsewhere(project: Any) -> None:
    two, three = ({"shop.py": f"def made(sales, rate={rate}):\n    return rate\n"} for rate in (2, 3))
    assert project.version(two, config=("rate",)).digest == project.version(three, config=("rate",)).digest


def test_a_project_may_move(tmp_path: Path, project: Any) -> None:
    files = {"shop.py": "from pathlib import Path\nHERE = Path(__file__).parent\ndef made(sales):\n    return HERE\n"}
    before = project.version(files).digest
    project.forget()
    project.root.rename(tmp_path / "moved")
    project.root = tmp_path / "moved"
    sys.path.insert(0, str(project.root))
    try:
        assert project.version(files).digest == before
    finally:
        project.forget()
        sys.path.remove(str(project.root))


def test_a_function_that_is_not_of_the_project_is_noted(tmp_path: Path, project: Any) -> None:
    made = project.load({"shop.py": "def made(sales):\n    return 1\n"})
    notes = code_version(made, root=str(tmp_path / "elsewhere"), read=project.texts).notes
    assert [str(note) for note in notes] == ["shop.made is not written in a file of the project"]


def test_a_class_whose_module_is_not_loaded_is_noted(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = project.load({"shop.py": "class Rule: pass\ndef made(sales):\n    return Rule()\n"})
    project.forget()
    monkeypatch.setattr(sys, "path", [each for each in sys.path if each != str(project.root)])
    notes = code_version(made, root=str(project.root), read=project.texts).notes
    assert [str(note) for note in notes] == ["the module of Rule is not loaded (shop.py:1)"]


def test_a_module_that_is_not_there_is_noted(project: Any) -> None:
    notes = project.notes("def made(sales):\n    import nowhere_to_be_found as n\n    return n.f()\n")
    assert notes == ["nowhere_to_be_found cannot be imported (shop.py:3)"]


@pytest.mark.parametrize(
    "text",
    [
        "import functools\n@functools.lru_cache\ndef made(sales):\n    return {}\n",
        "import functools\ndef one(sales, n):\n    return n\nmade = functools.partial(one, n={})\n",
        "class Rule:\n    rate = {}\n    def __call__(self, sales):\n        return self.rate\nmade = Rule()\n",
    ],
)
def test_other_callables_have_versions(text: str, project: Any) -> None:
    two, three = (project.version({"shop.py": text.format(number)}) for number in (2, 3))
    assert two.digest != three.digest
    assert two.notes == ()


def test_a_project_behind_a_link_is_the_same(tmp_path: Path, project: Any) -> None:
    made = project.load({"shop.py": "def made(sales):\n    return 1\n"})
    before = code_version(made, root=str(project.root), read=project.texts)
    (tmp_path / "link").symlink_to(project.root)
    project.texts.records.clear()
    assert code_version(made, root=str(tmp_path / "link"), read=project.texts) == before


def test_installed_packages_inside_of_the_project_are_no_project_code(project: Any) -> None:
    shop = "import sys; sys.path.insert(0, __file__[:-7] + 'env/site-packages')\nimport lib_of_test\n"
    shop += "def made(sales):\n    return lib_of_test.f()\n"
    library = "env/site-packages/lib_of_test.py"
    before = project.version({"shop.py": shop, library: "def f(): return 1\n"})
    after = project.version({"shop.py": shop, library: "def f(): return 2\n"})
    assert before.digest == after.digest
    assert before.files == ("shop.py",)


SETS = """
import enum
class Band(enum.Enum):
    LOW = 1
    HIGH = 2
def low(x): return x
def high(x): return x + 1
KEEP = {"a", "b", "c", ("d", 1), None, 2.5}
BOTH = {low, high}
BANDS = frozenset(Band)
def made(sales):
    return KEEP, BOTH, BANDS, {"x", "y"}
"""

ASK = """
import sys
sys.path[:0] = sys.argv[1:]
import shop
from assetflow.lineage.python.closure import code_version
from assetflow.lineage.python.modules import ModuleTexts
read = ModuleTexts(lambda path: open(path, encoding="utf-8").read())
print(code_version(shop.made, root=sys.argv[1], read=read).digest)
"""


def test_versions_agree_between_processes(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(SETS)
    here = str(Path(__file__).parents[2])
    digests = {
        subprocess.run(
            [sys.executable, "-c", ASK, str(tmp_path), here],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "42")
    }
    assert len(digests) == 1


# Laws

NAMES = st.sampled_from(["sales", "rate", "x", "helper", "LIMIT"])
CONSTANTS = st.one_of(
    st.integers(0, 10**12),
    st.floats(0, 1e9, allow_nan=False),
    st.text(max_size=6),
    st.binary(max_size=4),
    st.booleans(),
    st.none(),
)


def expressions() -> st.SearchStrategy[ast.expr]:
    leaves = st.one_of(CONSTANTS.map(ast.Constant), NAMES.map(lambda name: ast.Name(name, ast.Load())))
    operators = st.sampled_from([ast.Add(), ast.Mult(), ast.Sub(), ast.Pow(), ast.BitAnd()])

    def larger(inner: st.SearchStrategy[ast.expr]) -> st.SearchStrategy[ast.expr]:
        return st.one_of(
            st.builds(ast.BinOp, inner, operators, inner),
            st.builds(lambda each: ast.UnaryOp(ast.USub(), each), inner),
            st.builds(lambda a, b: ast.Call(a, [b], []), NAMES.map(lambda name: ast.Name(name, ast.Load())), inner),
            st.builds(lambda a, b: ast.IfExp(a, b, a), inner, inner),
            st.builds(lambda each: ast.List(each, ast.Load()), st.lists(inner, max_size=3)),
            st.builds(lambda each: ast.Tuple(each, ast.Load()), st.lists(inner, max_size=3)),
            st.builds(lambda a, b: ast.Compare(a, [ast.Lt()], [b]), inner, inner),
            st.builds(lambda a: ast.Attribute(a, "name", ast.Load()), NAMES.map(lambda n: ast.Name(n, ast.Load()))),
            st.builds(
                lambda a, b: ast.ListComp(a, [ast.comprehension(ast.Name("x", ast.Store()), b, [], 0)]), inner, inner
            ),
        )

    return st.recursive(leaves, larger, max_leaves=12)


def text_of(expression: ast.expr) -> str:
    return ast.unparse(ast.fix_missing_locations(expression))


@given(expressions())
def test_writing_code_anew_never_changes_its_text(expression: ast.expr) -> None:
    once = ast.parse(text_of(expression))
    assert dump(ast.parse(ast.unparse(once))) == dump(once)
    wrapped = ast.parse(f"x = (\n  {ast.unparse(once)}\n)  # why")
    assert dump(wrapped) == dump(ast.parse(f"x = {ast.unparse(once)}"))


@given(expressions(), expressions())
def test_texts_are_equal_exactly_when_trees_are(one: ast.expr, other: ast.expr) -> None:
    first, second = (ast.parse(f"x = {text_of(each)}") for each in (one, other))
    assert (dump(first) == dump(second)) == (ast.dump(first) == ast.dump(second))


class Constants(ast.NodeTransformer):
    """Changes one constant of a tree."""

    def __init__(self, index: int) -> None:
        self.index = index

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        self.index -= 1
        return node if self.index != -1 else ast.Constant("another" if node.value == "other" else "other")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(expressions(), st.data())
def test_changing_any_constant_of_the_closure_changes_the_version(
    project: Any, expression: ast.expr, data: st.DataObject
) -> None:
    helpers = f"x = rate = LIMIT = sales = 1\ndef helper(y):\n    return {text_of(expression)}\n"
    tree = ast.parse(helpers)
    count = sum(isinstance(each, ast.Constant) for each in ast.walk(tree.body[1]))
    if count == 0:
        return
    tree.body[1] = Constants(data.draw(st.integers(0, count - 1))).visit(tree.body[1])
    shop = "import helpers\ndef made(sales):\n    return helpers.helper(sales)\n"
    before = project.version({"shop.py": shop, "helpers.py": helpers})
    formatted = project.version({"shop.py": shop, "helpers.py": ast.unparse(ast.parse(helpers))})
    after = project.version({"shop.py": shop, "helpers.py": ast.unparse(ast.fix_missing_locations(tree))})
    assert before.digest == formatted.digest
    assert before.digest != after.digest


@pytest.mark.filterwarnings("ignore:overriding existing custom namespace")
def test_a_namespace_that_a_file_gives_to_frames_counts(project: Any) -> None:
    """Nothing but its name leads from the frame to the class."""
    shop = "import polars as pl\nimport frames\ndef made(sales):\n    return sales.shop_law.margin()\n"
    frames = (
        "import polars as pl\n@pl.api.register_lazyframe_namespace('shop_law')\nclass Shop:\n"
        "    def __init__(self, frame):\n        self.frame = frame\n    def margin(self):\n        return 1\n"
    )
    before = project.version({"shop.py": shop, "frames.py": frames})
    after = project.version({"shop.py": shop, "frames.py": frames.replace("return 1", "return 2")})
    assert before.digest != after.digest


def test_a_module_that_puts_an_object_in_its_place_is_noted(project: Any) -> None:
    helper = "import sys\nclass Rates:\n    def vat(self):\n        return 1\nsys.modules[__name__] = Rates()\n"
    notes = project.notes("import helper\ndef made(sales):\n    return helper.vat()\n", helper=helper)
    assert any("Rates" in note for note in notes), notes
