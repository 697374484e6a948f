"""What can be asked, read off the source of `analyses/` without running it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_ANALYSES = Path(__file__).parent.parent / "analyses"


class Entry(NamedTuple):
    """An analysis: its command, class and module, and the first line of its docstring."""

    command: str
    name: str
    module: str
    says: str


def analyses() -> Iterator[Entry]:
    """The analyses that `analyses/__init__.py` imports, in its order."""
    for statement in ast.parse((_ANALYSES / "__init__.py").read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.ImportFrom) and statement.module:
            for imported in statement.names:
                yield Entry(
                    _command(imported.name), imported.name, statement.module, _sentence(statement.module, imported.name)
                )


def _command(name: str) -> str:
    """HeatMap -> heat-map."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()


def _sentence(module: str, name: str) -> str:
    tree = ast.parse((_ANALYSES / f"{module.rsplit('.', 1)[-1]}.py").read_text(encoding="utf-8"))
    for statement in tree.body:
        if isinstance(statement, ast.ClassDef) and statement.name == name:
            return (ast.get_docstring(statement) or "").split("\n", 1)[0]
    return ""
