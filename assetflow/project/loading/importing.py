"""Imports a Python file of the project; what it raises is told as the user's own, at the line of the user's."""

from __future__ import annotations

import inspect
import os
import re
import sys
import traceback
from collections.abc import Iterator, Sequence

from assetflow.asset import Declaration
from assetflow.errors import AssetflowError, DefinitionError, did_you_mean
from assetflow.running.python.imports import Imports


def import_definitions(path: str, absolute: str, imports: Imports) -> list[Declaration]:
    """Import the file and return what its decorators declare; an error of the file is told as the user's own."""
    try:
        imports.load(absolute)
    except AssetflowError as error:
        if error.path is None:  # said by what the file calls of ours, such as files(...)
            error.path, error.line = innermost(error, path, imports)
        raise
    except SyntaxError as error:
        file, line = shown_path(error.filename or absolute, imports), error.lineno
        if file.startswith("<"):  # text that the file gave to exec
            file, line = innermost(error, path, imports)
        raise DefinitionError(
            f"is not valid Python: {error.msg}", path=file, line=line, hint=pointed_at(error)
        ) from None
    except (Exception, SystemExit) as error:  # a file that ends the process would end ours, with its exit code
        raise import_error(error, path, imports) from error
    return imports.declarations[os.path.realpath(absolute)]


def import_error(error: BaseException, path: str, imports: Imports) -> DefinitionError:
    """What a file raised while it was imported, at the user's innermost line."""
    shown, line = innermost(error, path, imports)
    hint = hint_on_names(str(error))
    if isinstance(error, ModuleNotFoundError):
        hint = f"Install it into this environment ({sys.prefix}), or put {error.name}.py beside the assets."
    frames = frames_of(error, imports)
    if len(frames) > 1 or hint is None:
        hint = "\n".join([*shown_frames(frames, imports), *([] if hint is None else [hint])]) or None
    said = re.sub(r" \([^()]*__init__\.py\)$", "", str(error))  # where a package lies helps nobody
    message = f"cannot be imported: {type(error).__name__}{said and ': '}{said}"
    return DefinitionError(message, path=shown, line=line, hint=hint)


def innermost(error: BaseException, path: str, imports: Imports) -> tuple[str, int | None]:
    """The file and the line of the user's that an error went through last."""
    frames = frames_of(error, imports)
    return (shown_path(frames[-1].filename, imports), frames[-1].lineno) if frames else (path, None)


def frames_of(error: BaseException, imports: Imports) -> list[traceback.FrameSummary]:
    """The frames of the project's own files, outermost first."""
    frames = traceback.extract_tb(error.__traceback__)
    return [frame for frame in frames if not frame.filename.startswith("<") and imports.owns(frame.filename)]


def shown_frames(frames: Sequence[traceback.FrameSummary], imports: Imports) -> Iterator[str]:
    """The way to an error as Python prints it; where it is one line, that line."""
    if len(frames) == 1:
        yield frames[0].line or ""
        return
    if frames:
        yield "Traceback (your code only):"
    for frame in frames:
        yield f'  File "{shown_path(frame.filename, imports)}", line {frame.lineno}, in {frame.name}'
        yield f"    {frame.line}"


def shown_path(file: str, imports: Imports) -> str:
    return os.path.relpath(file, imports.root).replace(os.sep, "/")


def pointed_at(error: SyntaxError) -> str | None:
    """The line that Python did not understand, and where in it."""
    if error.text is None or error.offset is None:
        return None
    line = error.text.rstrip()
    start = line.lstrip()
    return f"{start}\n{' ' * max(error.offset - 1 - (len(line) - len(start)), 0)}^"


def hint_on_names(message: str) -> str | None:
    """The nearest name, where Python knows none of those that were taken from assetflow."""
    face = sys.modules["assetflow"]  # as the user's file has imported it
    imported = re.match(r"cannot import name '(\w+)' from 'assetflow'", message)
    if imported is not None:
        return did_you_mean(imported[1], face.__all__) or f"It has {', '.join(sorted(face.__all__))}."
    called = re.match(r"(\w+)\(\) got an unexpected keyword argument '(\w+)'", message)
    if called is None or called[1] not in face.__all__:
        return None
    known = list(inspect.signature(getattr(face, called[1])).parameters)
    return did_you_mean(called[2], known) or f"It takes {', '.join(known)}."
