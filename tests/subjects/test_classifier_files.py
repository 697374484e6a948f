"""Files of the user's own: their failures are told with the line, and worker processes get what lies beside them."""

import sys

import pytest
import torch

import fourierscope as fs

FAILING = """
def key():
    return {}["conv1"]

def deep():
    return key()

def index():
    raise IndexError("list index out of range")

def outside():
    import json
    return json.loads("no")
"""
FILE = """
import torch
from beside_{one} import Network
import within_{one}.parts as parts

class Doubled(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Network()

    def forward(self, images):
        return parts.doubled(self.inner(images))

def build():
    torch.manual_seed(0)
    return Doubled()
"""
BESIDE = """
import torch

class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.head = torch.nn.Linear(3, 4)

    def forward(self, images):
        return self.head(images[:, :, 0, :3].mean(2))
"""


@pytest.fixture
def failing(tmp_path):
    (tmp_path / "bad.py").write_text(FAILING)
    return tmp_path / "bad.py"


@pytest.mark.parametrize(
    ("function", "says", "kind"),
    [
        ("key", r"bad\.py:key failed: line 3: KeyError: 'conv1'", KeyError),
        ("deep", r"bad\.py:deep failed: line 3: KeyError: 'conv1'", KeyError),
        ("index", r"bad\.py:index failed: line 9: IndexError: list index", IndexError),
        ("outside", r"bad\.py:outside failed: line 13: JSONDecodeError: Expecting", ValueError),
    ],
)
def test_a_failure_of_the_function_is_told_with_its_line(failing, function, says, kind):
    with pytest.raises(ValueError, match=says) as raised:
        fs.open_classifier(f"{failing}:{function}")
    assert isinstance(raised.value.__cause__, kind)


@pytest.mark.parametrize(
    ("text", "says"),
    [("x = 1\n1 / 0\n", "line 2: ZeroDivisionError"), ("x = 1\n\ndef (", "line 3: SyntaxError")],
)
def test_a_failure_of_the_file_is_told_with_its_line(tmp_path, text, says):
    (tmp_path / "bad.py").write_text(text)
    with pytest.raises(ValueError, match=rf"bad\.py cannot be run: {says}"):
        fs.open_classifier(f"{tmp_path}/bad.py:build")
    assert str(tmp_path) not in sys.path


def test_worker_processes_get_the_modules_beside_a_file(tmp_path):
    one = tmp_path.name.replace("-", "_")  # modules stay loaded in this process
    (tmp_path / "nets.py").write_text(FILE.format(one=one))
    (tmp_path / f"beside_{one}.py").write_text(BESIDE)
    (tmp_path / f"within_{one}").mkdir()
    (tmp_path / f"within_{one}" / "__init__.py").write_text("")
    (tmp_path / f"within_{one}" / "parts.py").write_text("def doubled(logits):\n    return 2 * logits\n")
    classifier = fs.open_classifier(f"{tmp_path}/nets.py:build")
    images = torch.rand(3, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    trial = fs.Trial(classifier, fs.Samples(images, [0, 1, 2]))
    analysis = fs.HeatMap()
    alone, shared = (fs.run(analysis, trial, workers=workers) for workers in (1, 2))
    assert alone.dataset.equals(shared.dataset)
