"""Tells what code reads besides its inputs: clocks, chance, files, the environment, the network.

"datetime.datetime.now"       reads the clock
"pathlib.Path().read_text"    reads a file
"polars.scan_parquet"         reads a file
"datetime.date.fromisoformat" reads nothing: no note
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Sequence
from typing import Literal

from msgspec import Struct

from assetflow.lineage.python.scopes import CALLED, Use

Weight = Literal[0, 1, 2]

ALWAYS: Weight = 0
"""Matters even in code that only ran while the project was loaded and left a value that is fingerprinted."""

NOT_WHILE_LOADING: Weight = 1
"""Does not matter in code that ran while loading and left a known value: the loader watches files and variables."""

ONLY_WHEN_CALLED: Weight = 2
"""Matters only in code that runs when the asset is made."""


class Finding(Struct, frozen=True):
    """What was found, on which line, and how much it weighs."""

    what: str
    line: int
    weight: Weight = ALWAYS


class LibraryUse(Struct, frozen=True):
    """A use of something outside the project by its full name (`numpy.random.default_rng`), and its call if called.

    `is_quiet` where a number that differs between processes does no harm: it is bound by that name, or makes a hash.
    """

    name: str
    line: int
    call: ast.Call | None = None
    is_quiet: bool = False

    @classmethod
    def of(cls, name: str, use: Use) -> LibraryUse:
        return cls(name, use.line, use.call, use.changes or use.in_hash)


BY_NAME = ("importlib.import_module()", "builtins.__import__()")
"""Begin the names of what modules have that are imported by a text."""


def module_by_name(name: str, use: Use) -> str | None:
    """The module of which something is used, `time` for `__import__("time").time`; None where it is not written."""
    return use.said if name.startswith(BY_NAME) else None


GIVEN = "??"
"""Begins the name of what the asset itself is given: `sales.open` is "??sales.open"."""

Judge = Callable[[LibraryUse], Finding | None]


def find_volatile(uses: Sequence[LibraryUse]) -> list[Finding]:
    """What these uses read besides their arguments."""
    seeded = {family for use in uses for family in _SEEDS.get(use.name, ()) if _has_argument(use.call)}
    found = (_judge(use, seeded) for use in uses)
    return [finding for finding in found if finding is not None]


def value_here(name: str) -> str:
    """What counts of a value that is another one on another machine or in another Python; nothing of all others."""
    found = re.match(r"(?:sys|os)\.\w+", name)
    return f" {OF_MACHINE[found[0]]}" if found and found[0] in OF_MACHINE else ""


OF_MACHINE = {
    **dict.fromkeys(("os.name", "os.sep", "os.linesep", "sys.platform"), sys.platform),
    **dict.fromkeys(("sys.version", "sys.version_info", "sys.hexversion"), sys.version),
    "sys.byteorder": sys.byteorder, "sys.implementation": sys.implementation.name, "sys.maxsize": str(sys.maxsize),
}  # fmt: skip
"""Values that stay as long as the interpreter does, and so are counted where they are read."""

FILE_IN_SQL = "SQL that reads the file "
"""Begins what is said of a file in SQL; the beginning of its path follows, as far as it is written there."""


def find_volatile_sql(text: str, line: int) -> list[Finding]:
    """What SQL in a string reads besides tables: `now()`, `random()`, `read_csv('...')`."""
    if not _SQL_HINT.search(text) or text.isidentifier():
        return []
    code = re.sub(r"--[^\n]*", "", text)
    found = [Finding(f"{match[0].split('(')[0].strip()}() in SQL", line) for match in _VOLATILE_SQL.finditer(code)]
    found += [Finding(f"{FILE_IN_SQL}{match[1]}", line) for match in _FILE_IN_SQL.finditer(code)]
    if _SAMPLE.search(code) and not _SEED.search(code):
        found.append(Finding("a sample without REPEATABLE in SQL is random", line))
    return found


def _judge(use: LibraryUse, seeded: set[str]) -> Finding | None:
    if any(_is_below(use.name, family) for family in seeded):
        return None
    if use.name in _HARMLESS:
        return None
    if ".__dict__" in use.name and not _is_unknown(use.name.partition(".__dict__")[0]):
        return Finding(
            f"{use.name.partition('.__dict__')[0]}.__dict__ finds something that is not written here", use.line
        )
    for name, judge in _BY_PACKAGE.get(use.name.partition(".")[0], ()):
        if _is_below(use.name, name):
            # What is done with an item matters less than whose item it is: `os.environ["A"].lower()`.
            whose, item, _ = use.name.partition("[]")
            return judge(LibraryUse(whose, use.line, is_quiet=use.is_quiet) if item else use)
    return _judge_method(use)


def _is_below(name: str, family: str) -> bool:
    if CALLED in name and CALLED not in family:
        # `requests.get().json`: the call of `requests.get` is a use by itself.
        return False
    if family.endswith("*"):
        return name.startswith(family[:-1])
    return name == family or name.startswith((f"{family}.", f"{family}[]"))


def _clock(use: LibraryUse) -> Finding | None:
    return Finding(f"{_short(use)} reads the clock", use.line)


def _clock_without_argument(use: LibraryUse) -> Finding | None:
    arguments = 0 if use.call is None else len(use.call.args)
    needed = 2 if use.name == "time.strftime" else 1
    return None if arguments >= needed else _clock(use)


def _now_by_name(use: LibraryUse) -> Finding | None:
    first = use.call.args[0] if use.call and use.call.args else None
    return _clock(use) if isinstance(first, ast.Constant) and first.value in ("now", "today") else None


def _chance(use: LibraryUse) -> Finding | None:
    return Finding(f"{_short(use)} is random", use.line)


def _chance_without_seed(use: LibraryUse) -> Finding | None:
    return None if _has_argument(use.call) else Finding(f"{_short(use)} is random without a seed", use.line)


def _environment(use: LibraryUse) -> Finding | None:
    is_called_later = use.call is None and use.name in ("os.getenv", "os.getenvb", "os.path.expandvars")
    is_unseen = is_called_later or use.name.startswith("os.environ._data")
    return Finding(f"{_short(use)} reads the environment", use.line, ALWAYS if is_unseen else NOT_WHILE_LOADING)


def _machine(use: LibraryUse) -> Finding | None:
    return Finding(f"{_short(use)} reads the environment", use.line)


def _opened_file(use: LibraryUse) -> Finding | None:
    if use.name.endswith("open") and _opens_to_write(use):
        return None
    # `read = open`, while loading: somebody is going to call it, under another name.
    return Finding(f"{_short(use)} reads a file", use.line, ALWAYS if use.call is None else NOT_WHILE_LOADING)


def _file(use: LibraryUse) -> Finding | None:
    first = use.call.args[0] if use.call and use.call.args else None
    if isinstance(first, ast.Call) and ast.unparse(first.func).rsplit(".", 1)[-1] in ("StringIO", "BytesIO"):
        return None
    return Finding(f"{_short(use)} reads a file", use.line)


def _file_by_name(use: LibraryUse) -> Finding | None:
    """`gzip.GzipFile("x")` reads a file, `gzip.GzipFile(fileobj=given)` what it is given."""
    names = (
        () if use.call is None else (*use.call.args[:1], *(each for each in use.call.keywords if each.arg != "fileobj"))
    )
    return None if (use.call and not names) or _opens_to_write(use) else _file(use)


def _folder(use: LibraryUse) -> Finding | None:
    return Finding(f"{_short(use)} reads the file system", use.line)


def _modules(use: LibraryUse) -> Finding | None:
    return Finding(f"{_short(use)} reads which modules there are", use.line, NOT_WHILE_LOADING)


def _network(use: LibraryUse) -> Finding | None:
    return Finding(f"{_short(use)} reads from the network", use.line)


def _method_by_name(use: LibraryUse) -> Finding | None:
    first = use.call.args[0] if use.call and use.call.args else None
    if not isinstance(first, ast.Constant) or first.value not in ("read_text", "read_bytes", "open"):
        return None
    return Finding(f"methodcaller({first.value!r}) reads a file", use.line)


def _tree_of_file(use: LibraryUse) -> Finding | None:
    given = (
        [] if use.call is None else [*use.call.args[1:], *(each for each in use.call.keywords if each.arg == "file")]
    )
    return _file(use) if given else None


def _log(use: LibraryUse) -> Finding | None:
    return Finding(f"{_short(use)} reads how logging is set up", use.line)


def _number(use: LibraryUse) -> Finding | None:
    of_what = " of text" if "hash" in use.name else ""
    return None if use.is_quiet else Finding(f"{_short(use)}{of_what} is another number in every process", use.line)


def _database(use: LibraryUse) -> Finding | None:
    return Finding(f"{_short(use)} reads a database", use.line)


def _duckdb_connect(use: LibraryUse) -> Finding | None:
    if use.name != "duckdb.connect":
        return None
    first = use.call.args[0] if use.call and use.call.args else None
    is_memory = isinstance(first, ast.Constant) and str(first.value).startswith(":memory:")
    return None if is_memory or not _has_argument(use.call) else _database(use)


def _process(use: LibraryUse) -> Finding | None:
    return Finding(f"{_short(use)} runs a program", use.line)


def _native(use: LibraryUse) -> Finding | None:
    return Finding(f"{_short(use)} calls C code", use.line)


def _dynamic(use: LibraryUse) -> Finding | None:
    return Finding(f"{_short(use)} runs code that is not written here", use.line)


def _own_text(use: LibraryUse) -> Finding | None:
    return Finding(f"{_short(use)} reads the text of code, in which comments and layout do not count", use.line)


def _dynamic_import(use: LibraryUse) -> Finding | None:
    first = use.call.args[0] if use.call and use.call.args else None
    return None if isinstance(first, ast.Constant) else _dynamic(use)


def _judge_method(use: LibraryUse) -> Finding | None:
    """Methods of objects whose type is not known, by names that have one meaning only."""
    method = use.name.rsplit(".", 1)[-1]
    if use.call is None or not _is_unknown(use.name):
        return _judge_sample(use, method)
    if method in ("read_text", "read_bytes"):
        return Finding(f".{method}() reads a file", use.line, NOT_WHILE_LOADING)
    if method == "__hash__" and not use.is_quiet:
        return Finding(".__hash__() of text is another number in every process", use.line)
    if _is_of_given(use.name):
        return _judge_sample(use, method)
    if method in _READERS:
        return _file(use)
    if method == "open" and not _opens_to_write(use):
        return Finding(".open() reads a file", use.line, NOT_WHILE_LOADING)
    if method in _ABOUT_FILES:
        return Finding(f".{method}() reads the file system", use.line, NOT_WHILE_LOADING)
    if method in ("now", "utcnow", "today"):
        return Finding(f".{method}() reads the clock", use.line)
    return _judge_sample(use, method)


def _is_unknown(name: str) -> bool:
    """True for what is local, stands in something else, or was returned by a library: a path, say, or a class."""
    return name.startswith("?") or CALLED in name or "[]" in name


def _is_of_given(name: str) -> bool:
    """True for `sales.open` and `self.open`, which a frame or a class may have, and not for `self.path.open`."""
    return name.startswith((GIVEN, "?self.", "?cls.")) and name.count(".") == 1


def _judge_sample(use: LibraryUse, method: str) -> Finding | None:
    if method not in ("sample", "shuffle") or use.call is None or use.name.startswith("?self."):
        return None
    is_generator = use.name.startswith(("random.Random()", "numpy.random.")) or (method == "shuffle" and use.call.args)
    is_seeded = any(each.arg in ("seed", "random_state", None) for each in use.call.keywords)
    if is_generator or is_seeded:
        return None
    return Finding(f".{method}() is random without a seed", use.line)


def _has_argument(call: ast.Call | None) -> bool:
    if call is None:
        return False
    given = [*call.args, *(each.value for each in call.keywords)]
    return any(not (isinstance(each, ast.Constant) and each.value is None) for each in given)


def _opens_to_write(use: LibraryUse) -> bool:
    if use.call is None:
        return False
    position = 0 if use.name.startswith(("pathlib.", "?")) else 1
    modes = [each.value for each in use.call.keywords if each.arg == "mode"] or use.call.args[position : position + 1]
    mode = modes[0].value if modes and isinstance(modes[0], ast.Constant) else "r"
    return isinstance(mode, str) and re.fullmatch("[wax][bt]?", mode) is not None


def _short(use: LibraryUse) -> str:
    """`datetime.now()`: the last two words, as people write them."""
    words = [word for word in re.split(r"[.]|\(\)|\[\]", use.name) if word]
    if words[0] == "builtins":
        words = words[1:]
    return f"{'.'.join(words[-2:])}{'()' if use.call else ''}"


_READERS = frozenset({
    "read_csv", "read_parquet", "read_json", "read_ndjson", "read_ipc", "read_excel", "read_avro", "read_feather",
    "read_orc", "read_sql", "read_delta", "scan_csv", "scan_parquet", "scan_ndjson", "scan_ipc", "scan_delta",
    "from_csv_auto", "from_parquet",
})  # fmt: skip
_ABOUT_FILES = frozenset({"exists", "is_file", "is_dir", "iterdir", "glob", "rglob", "stat", "lstat"})

_HARMLESS = frozenset({
    "random.Random.seed", "random.seed", "numpy.random.seed", "numpy.random.SeedSequence", "numpy.random.PCG64",
    "numpy.random.Generator", "tempfile.TemporaryFile", "tempfile.SpooledTemporaryFile",
    "socket.timeout", "ctypes.wintypes", "polars.read_json_schema",
})  # fmt: skip

_SEEDS: dict[str, tuple[str, ...]] = {
    "random.seed": ("random",),
    "numpy.random.seed": ("numpy.random",),
}

_PATH_CONSTRUCTORS = (
    "pathlib.Path",
    "pathlib.Path()",
    "pathlib.PosixPath()",
    "pathlib.Path.cwd()",
    "pathlib.Path.home()",
)


def _of_paths(*methods: str) -> tuple[str, ...]:
    links = ("", ".parent", ".parent.parent", ".resolve()", ".resolve().parent", ".absolute()", ".joinpath()",
             ".parent.joinpath()", ".with_suffix()", ".with_name()", ".expanduser()")  # fmt: skip
    return tuple(f"{start}{link}.{method}" for start in _PATH_CONSTRUCTORS for link in links for method in methods)


_RULES: tuple[tuple[tuple[str, ...], Judge], ...] = (
    (("datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today",
      "time.time", "time.time_ns", "time.clock_gettime", "time.clock_gettime_ns",
      "pandas.Timestamp.now", "pandas.Timestamp.today", "pandas.Timestamp.utcnow",
      "pendulum.now", "pendulum.today", "pendulum.yesterday", "pendulum.tomorrow", "arrow.now", "arrow.utcnow"),
     _clock),
    (("time.localtime", "time.gmtime", "time.ctime", "time.asctime", "time.strftime"), _clock_without_argument),
    (("numpy.datetime64", "pandas.Timestamp", "pandas.to_datetime"), _now_by_name),
    (("random.Random()", "numpy.random.default_rng()", "numpy.random.RandomState()", "numpy.random.Generator()"),
     lambda use: None),
    (("random.Random", "numpy.random.default_rng", "numpy.random.RandomState"), _chance_without_seed),
    (("random", "numpy.random", "secrets", "uuid.uuid1", "uuid.uuid4", "uuid.uuid7", "uuid.getnode", "os.urandom",
      "tempfile.mkdtemp", "tempfile.mkstemp", "tempfile.mktemp", "tempfile.NamedTemporaryFile",
      "tempfile.TemporaryDirectory"),
     _chance),
    (("builtins.hash", "builtins.id", "threading.get_ident", "threading.get_native_id"), _number),
    (("os.environ", "os.environb", "os.getenv", "os.getenvb", "os.path.expandvars", "importlib.metadata",
      *_of_paths("expanduser")), _environment),
    (("os.getcwd", "os.getcwdb", "os.getlogin", "os.getpid", "os.getppid", "os.getuid", "os.geteuid", "os.getgid",
      "os.getegid", "os.getgroups", "os.getloadavg", "os.get_exec_path", "os.get_terminal_size", "os.uname",
      "os.cpu_count", "os.process_cpu_count", "os.sched_getaffinity", "multiprocessing.cpu_count", "posix.environ",
      "os.path.expanduser", "getpass.getuser", "pwd", "grp", "psutil", "platform", "sys.argv", "sys.orig_argv",
      "sys.executable", "sys.prefix", "sys.stdin", "builtins.input", "pathlib.Path.cwd", "pathlib.Path.home",
      "shutil.which", "shutil.get_terminal_size", "tempfile.gettempdir", "tempfile.gettempdirb", "tempfile.tempdir",
      "locale.getlocale", "locale.getdefaultlocale", "locale.getpreferredencoding", "locale.getencoding",
      "locale.localeconv", "locale.nl_langinfo", "time.tzname", "time.timezone", "time.altzone", "time.daylight"),
     _machine),
    (("builtins.open", "io.open", "io.FileIO", "codecs.open", "os.open", "gzip.open", "bz2.open", "lzma.open",
      "tarfile.open", "zipfile.ZipFile", "linecache", "fileinput", "importlib.resources", "pkgutil.get_data",
      "tomllib.load", "runpy.run_path", *_of_paths("open", "read_text", "read_bytes")), _opened_file),
    (("os.listdir", "os.scandir", "os.walk", "os.stat", "os.lstat", "os.path.exists", "os.path.isfile",
      "os.path.isdir", "os.path.getsize", "os.path.getmtime", "os.path.getctime", "os.path.getatime",
      "os.path.lexists", "os.path.islink", "os.path.ismount", "os.access", "os.readlink", "os.statvfs",
      "shutil.disk_usage", "glob.glob", "glob.iglob",
      "os.fwalk", "os.path.samefile",
      *_of_paths("exists", "is_file", "is_dir", "iterdir", "glob", "rglob", "stat", "lstat", "walk", "is_symlink",
                 "readlink", "owner", "group", "samefile")), _folder),
    (("polars.read_*", "polars.scan_*", "polars.DataFrame.deserialize", "polars.LazyFrame.deserialize",
      "polars.Expr.deserialize", "dbm.open", "xml.etree.ElementTree.parse", "xml.etree.ElementTree.iterparse",
      "xml.etree.ElementTree.ElementTree().parse",
      "xml.dom.minidom.parse", "lxml.etree.parse", "configparser.ConfigParser().read",
      "configparser.RawConfigParser().read", "pandas.read_*", "pyarrow.parquet.read_*", "pyarrow.parquet.ParquetFile",
      "pyarrow.parquet.ParquetDataset", "pyarrow.csv.read_csv", "pyarrow.csv.open_csv", "pyarrow.json.read_json",
      "pyarrow.feather.read_*", "pyarrow.orc.read_*", "pyarrow.dataset.dataset", "pyarrow.dataset.parquet_dataset",
      "pyarrow.memory_map", "pyarrow.OSFile", "duckdb.read_*", "duckdb.from_csv_auto", "duckdb.from_parquet",
      "numpy.load", "numpy.loadtxt", "numpy.genfromtxt", "numpy.fromfile", "numpy.memmap", "joblib.load",
      "torch.load", "geopandas.read_*", "shelve.open", "mmap.mmap", "filecmp", "pyarrow.input_stream",
      "pyarrow.fs.LocalFileSystem"), _file),
    (("gzip.GzipFile", "bz2.BZ2File", "lzma.LZMAFile", "tarfile.TarFile"), _file_by_name),
    (("requests", "httpx", "aiohttp", "urllib3", "urllib.request", "http.client", "socket", "ftplib", "smtplib",
      "imaplib", "poplib", "websockets", "paramiko", "boto3", "botocore", "s3fs", "gcsfs", "fsspec", "obstore",
      "google.cloud", "azure"), _network),
    (("sqlite3.connect", "psycopg", "psycopg2", "pymysql", "mysql.connector", "sqlalchemy.create_engine", "pyodbc",
      "oracledb", "snowflake.connector", "redis", "pymongo", "connectorx",
      "adbc_driver_manager", "adbc_driver_postgresql"), _database),
    (("duckdb.connect",), _duckdb_connect),
    (("operator.methodcaller",), _method_by_name),
    (("xml.etree.ElementTree.ElementTree",), _tree_of_file),
    (("logging.getLogger().level", "logging.getLogger().getEffectiveLevel", "logging.root.level",
      "logging.root.getEffectiveLevel"), _log),
    (("subprocess", "os.system", "os.popen", "os.exec*", "os.spawn*", "pty.spawn", "asyncio.create_subprocess_exec",
      "asyncio.create_subprocess_shell"), _process),
    (("ctypes", "cffi"), _native),
    (("builtins.eval", "builtins.exec", "builtins.compile", "sys.modules", "runpy"), _dynamic),
    (("inspect.getsource", "inspect.getsourcelines", "inspect.getcomments", "inspect.currentframe", "inspect.stack",
      "sys._getframe"), _own_text),
    (("importlib.import_module", "builtins.__import__"), _dynamic_import),
    (("pkgutil.iter_modules", "pkgutil.walk_packages", "importlib.util.find_spec"), _modules),
)  # fmt: skip

_BY_PACKAGE: dict[str, list[tuple[str, Judge]]] = {}
for _names, _judge_family in _RULES:
    for _name in _names:
        _BY_PACKAGE.setdefault(_name.partition(".")[0], []).append((_name, _judge_family))

_SQL_HINT = re.compile(r"\(|current_|local|sample|'", re.IGNORECASE)
_FILE_IN_SQL = re.compile(
    r"\b(?:(?:from|join)\s+'(?=[^'\n]*[./*]|$)|(?:read_csv|read_csv_auto|read_parquet|parquet_scan|read_json|read_json_auto"
    r"|read_ndjson|read_text|read_blob|glob)\s*\(\s*\[?\s*['$])([^'\n]*)",
    re.IGNORECASE,
)
_SAMPLE = re.compile(r"\b(?:using\s+sample|tablesample)\b", re.IGNORECASE)
_SEED = re.compile(r"\brepeatable\b|\(\s*(?:bernoulli|system|reservoir)\s*,\s*\d+\s*\)", re.IGNORECASE)

_VOLATILE_SQL = re.compile(
    r"\b(?:(?:now|ago|random|uuid|gen_random_uuid|uuidv4|uuidv7|today|get_current_timestamp|transaction_timestamp|getenv"
    r"|nextval|current_localtimestamp|current_localtime)\s*\(|(?:current_timestamp|current_date|current_time"
    r"|localtimestamp|localtime)\b)",
    re.IGNORECASE,
)
