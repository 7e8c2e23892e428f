"""Small projects for tests: files written to a folder and imported afresh, as the loader does."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from assetflow.lineage.python.closure import CodeVersion, code_version
from assetflow.lineage.python.modules import ModuleTexts

Files = Mapping[str, str]


class Project:
    """A folder of Python files whose functions are loaded one version after the other."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.texts = ModuleTexts(lambda path: Path(path).read_text("utf-8"))

    def load(self, files: Files, name: str = "made") -> Callable[..., Any]:
        """A function of shop.py when the folder holds exactly these files."""
        shutil.rmtree(self.root, ignore_errors=True)
        for path, text in files.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(text, encoding="utf-8")
        self.forget()
        self.texts = ModuleTexts(self.texts.read)
        function: Callable[..., Any] = getattr(importlib.import_module("shop"), name)
        return function

    def version(self, files: Files, **options: Any) -> CodeVersion:
        return code_version(self.load(files), root=str(self.root), read=self.texts, **options)

    def notes(self, text: str, **others: str) -> list[str]:
        """The notes of `made` in shop.py, beside helper modules."""
        files = {"shop.py": text} | {f"{name}.py": other for name, other in others.items()}
        return [str(note) for note in self.version(files).notes]

    def forget(self) -> None:
        """Drop the modules of the folder, so that the next version of them is imported."""
        importlib.invalidate_caches()
        mine = {path.stem for path in self.root.rglob("*.py")}  # also an object that a module put in its own place
        for name, module in list(sys.modules.items()):
            places = [getattr(module, "__file__", None) or "", *map(str, getattr(module, "__path__", ()))]
            if name in mine or any(place.startswith(str(self.root)) for place in places):
                del sys.modules[name]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    made = Project(tmp_path / "project")
    monkeypatch.syspath_prepend(str(made.root))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield made
    made.forget()
