"""Calls a user's function, and shows its errors as the user's own: their frames and nothing of ours."""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from assetflow.engines import Where
from assetflow.errors import AssetError, AssetflowError

_OUR_FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_LIBRARY_FOLDERS = ("site-packages", "dist-packages")
_PREFIX = re.compile(r"\bassetflow_project_[0-9a-f]{12}\.")
_MANY = 10


def call(function: Callable[..., object], arguments: Mapping[str, object], *, where: Where) -> object:
    """What `function` returns; an exception in it becomes an AssetError with the user's frames as `details`."""
    with user_errors(where):
        return function(**arguments)


@contextmanager
def user_errors(where: Where) -> Iterator[None]:
    """Turn any failure of user code in the block into an AssetError; Ctrl-C passes."""
    try:
        yield
    except AssetflowError:
        raise
    except (Exception, SystemExit) as error:
        raise _asset_error(error, where) from None
    except BaseException as error:
        # Polars raises its PanicException past `except Exception`.
        if type(error).__name__ != "PanicException":
            raise
        raise _asset_error(error, where) from None


def _asset_error(error: BaseException, where: Where) -> AssetError:
    frames = frames_of(error, where.root)
    path, line = where.path, where.line
    if frames:
        path, line = _shown_path(frames[-1].filename, where.root), frames[-1].lineno or where.line
    before = _before(error, where.root)
    # Without frames of the user's there is nothing to say that the message does not.
    details = _details(frames, before, error, where.root) if frames or before else None
    message = _message(error).partition("\n")[0] if details else _message(error)
    return AssetError(message, path=path, line=line, hint=_next_step(error), details=details)


def _message(error: BaseException) -> str:
    """`KeyError: 'x'`, with the class as the user wrote it."""
    # Polars explains itself in further paragraphs; they are in the details.
    text = str(error).strip().partition("\n\n")[0]
    name = type(error).__name__
    return f"{name}: {text}" if text else name


def frames_of(error: BaseException, root: str) -> list[traceback.FrameSummary]:
    """The frames of the project's own code, outermost first."""
    return [frame for frame in traceback.extract_tb(error.__traceback__) if _is_of_project(frame.filename, root)]


def _is_of_project(filename: str, root: str) -> bool:
    path = os.path.abspath(filename)
    # Compiled libraries name their files as they lay where they were compiled: `pyarrow/error.pxi`.
    if not os.path.isabs(filename) and not os.path.exists(path):
        return False
    if path.startswith(_OUR_FOLDER) or not path.startswith(os.path.abspath(root) + os.sep):
        return False
    return not any(f"{os.sep}{folder}{os.sep}" in path for folder in _LIBRARY_FOLDERS)


def _shown_path(filename: str, root: str) -> str:
    return os.path.relpath(os.path.abspath(filename), root).replace(os.sep, "/")


def _details(frames: list[traceback.FrameSummary], before: list[str], error: BaseException, root: str) -> str:
    """The frames as Python prints them, and what was raised before and inside of it, ready to show."""
    lines = ["Traceback (your code only):", *_calls(frames, root)] if frames else []
    lines += _bare_names("".join(traceback.format_exception_only(error))).rstrip().splitlines()
    if isinstance(error, BaseExceptionGroup):
        lines += _shortened([f"- {_placed(inner, root)}" for inner in _inside(error)], "more")
    return "\n".join([*lines, *before])


def _calls(frames: list[traceback.FrameSummary], root: str) -> list[str]:
    """A line or two for each call; what calls itself a thousand times is told in short."""
    shown = [traceback.FrameSummary(_shown_path(f.filename, root), f.lineno, f.name, line=f.line) for f in frames]
    calls = traceback.StackSummary.from_list(shown).format()
    return "\n".join(call.rstrip("\n") for call in _shortened(calls, "more calls")).splitlines()


def _shortened(lines: list[str], what: str) -> list[str]:
    """Its beginning and its end, where it is long."""
    if len(lines) <= 2 * _MANY:
        return lines
    return [*lines[:_MANY], f"  ... {len(lines) - 2 * _MANY:,} {what} ...", *lines[-_MANY:]]


def _bare_names(text: str) -> str:
    """Classes as the user knows them: the modules of a project have the name of the project in front."""
    return _PREFIX.sub("", text)


def _inside(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    """The failures that a group is made of, those of groups inside of it as well."""
    return [
        each
        for inner in group.exceptions
        for each in (_inside(inner) if isinstance(inner, BaseExceptionGroup) else [inner])
    ]


def _before(error: BaseException, root: str) -> list[str]:
    """What led to it: its cause, or what the user's own code was handling; what libraries handle is their matter."""
    lines: list[str] = []
    seen = {id(error)}
    while True:
        cause = error.__cause__
        context = None if error.__suppress_context__ else error.__context__
        earlier = cause or (context if context is not None and frames_of(context, root) else None)
        if earlier is None or id(earlier) in seen:
            return lines
        seen.add(id(earlier))
        told = _placed(earlier, root)
        if told != _message(error):  # a library that says the same once more
            lines.append(f"{'caused by' if cause is not None else 'while handling'} {told}")
        error = earlier


def _placed(error: BaseException, root: str) -> str:
    """`KeyError: 'x' (assets/sales.py:3)`"""
    frames = frames_of(error, root)
    return (
        f"{_message(error)} ({_shown_path(frames[-1].filename, root)}:{frames[-1].lineno})"
        if frames
        else _message(error)
    )


def _next_step(error: BaseException) -> str | None:
    if "cannot be read on a connection to another database" in str(error):
        return (
            "A table that arrives as a relation is read by its own methods (sales.filter(...), "
            'sales.query("sales", "SELECT ... FROM sales")), or return Query("SELECT ...").'
        )
    if isinstance(error, ModuleNotFoundError):
        return f"Install {error.name} in the environment that runs assetflow."
    return None
