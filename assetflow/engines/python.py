"""Calls a user's function, and shows its errors as the user's own: their frames and nothing of ours."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from assetflow.engines import Where
from assetflow.errors import AssetError, AssetflowError

_OUR_FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_LIBRARY_FOLDERS = ("site-packages", "dist-packages")


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
    frames = _user_frames(error, where.root)
    path, line = where.path, where.line
    if frames:
        path, line = _shown_path(frames[-1].filename, where.root), frames[-1].lineno or where.line
    # Without frames of the user's there is nothing to say that the message does not.
    details = _details(frames, error, where.root) if frames or error.__cause__ else None
    return AssetError(_message(error), path=path, line=line, hint=_next_step(error), details=details)


def _message(error: BaseException) -> str:
    """`KeyError: 'x'`, with the class as the user wrote it."""
    # Polars explains itself in further paragraphs; they are in the details.
    text = str(error).strip().partition("\n\n")[0]
    name = type(error).__name__
    return f"{name}: {text}" if text else name


def _user_frames(error: BaseException, root: str) -> list[traceback.FrameSummary]:
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


def _details(frames: list[traceback.FrameSummary], error: BaseException, root: str) -> str:
    """The frames as Python prints them, ready to show."""
    lines = ["Traceback (your code only):"] if frames else []
    for frame in frames:
        lines.append(f'  File "{_shown_path(frame.filename, root)}", line {frame.lineno}, in {frame.name}')
        if frame.line:
            lines.append(f"    {frame.line}")
    lines += "".join(traceback.format_exception_only(error)).rstrip().splitlines()
    cause = error.__cause__
    if cause is not None:
        lines.append(f"caused by {_message(cause)}")
    return "\n".join(lines)


def _next_step(error: BaseException) -> str | None:
    if "cannot be read on a connection to another database" in str(error):
        return (
            "A table that arrives as a relation is read by its own methods (sales.filter(...), "
            'sales.query("sales", "SELECT ... FROM sales")), or return Query("SELECT ...").'
        )
    if isinstance(error, ModuleNotFoundError):
        return f"Install {error.name} in the environment that runs assetflow."
    return None
