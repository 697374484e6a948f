"""The floors of the house: imports go downward only, rooms on one floor do not know each other, files stay short."""

import ast
from pathlib import Path

import pytest

import fourierscope

HOUSE = Path(fourierscope.__file__).parent
FLOORS = {
    "fourier": 1,
    "subjects": 2,
    "results": 2,
    "theory": 2,
    "treatments": 3,
    "runs": 3,
    "figures": 3,
    "training": 4,
    "analyses": 5,
    "reports": 5,
    "papers": 6,
    "cli": 7,
}
FILES = sorted(path for path in HOUSE.rglob("*.py"))


def room_of(path):
    """The room of a file; None for the door, `fourierscope/__init__.py`."""
    first = path.relative_to(HOUSE).parts[0].removesuffix(".py")
    return None if first == "__init__" else first


def imported(path, source=None):
    """The rooms that a file imports anywhere in it, under TYPE_CHECKING and inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(source or path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            package = ["fourierscope", *path.relative_to(HOUSE).parts[:-1]]
            names = [".".join([*package[: len(package) - node.level + 1], *([node.module] if node.module else [])])]
            names = [f"{names[0]}.{one.name}" for one in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{one.name}" for one in node.names]
        elif isinstance(node, ast.Import):
            names = [one.name for one in node.names]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("fourierscope."):
            names = [node.value]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "fourierscope" and len(parts) > 1:
                found.add(parts[1])
    return found


def broken(path, source=None):
    """The rooms that a file may not import but does; the door and the command line stand above all others."""
    room = room_of(path)
    if room in (None, "cli", "__main__"):
        return set()
    own = FLOORS[room]
    return {one for one in imported(path, source) if one != room and FLOORS.get(one, 99) >= own}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_a_file_imports_downward_only(path):
    assert broken(path) == set()


def test_every_room_has_its_floor():
    rooms = {room_of(path) for path in FILES} - {None, "__main__"}
    assert rooms <= set(FLOORS)
    assert {"fourier", "subjects", "results", "runs", "analyses"} <= rooms


@pytest.mark.parametrize(
    "line",
    [
        "from fourierscope.runs import run",
        "import fourierscope.runs.run",
        "from fourierscope import analyses",
        "from ..runs import run",
        "from .. import results",
        "if TYPE_CHECKING:\n    from fourierscope.results import Result",
        "def f():\n    import fourierscope.results",
        'importlib.import_module("fourierscope.results")',
    ],
)
def test_an_import_upward_or_sideways_is_found(line):
    assert broken(HOUSE / "subjects" / "new.py", line)
    assert not broken(
        HOUSE / "subjects" / "new.py",
        "from fourierscope.fourier import Plane\nfrom fourierscope.subjects.samples import Samples",
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_no_file_is_longer_than_three_hundred_lines(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300
