"""Every command and every block of Python in the README and the docs runs as it stands."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(kind: str) -> list:
    found = [(page, block) for page in PAGES for language, block in BLOCK.findall(page.read_text()) if language == kind]
    return [pytest.param(block, id=f"{page.name}-{place}") for place, (page, block) in enumerate(found)]


def test_blocks_are_of_a_known_kind():
    kinds = {language for page in PAGES for language, _ in BLOCK.findall(page.read_text())}
    assert kinds == {"python", "bash", "text"}


@pytest.mark.parametrize("block", blocks("python"))
def test_a_block_of_python_runs(block, tmp_path):
    (tmp_path / "block.py").write_text(block)
    done = subprocess.run([sys.executable, "block.py"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("block", blocks("bash"))
def test_a_block_of_commands_runs(block, tmp_path):
    for line in block.strip().splitlines():
        words = shlex.split(line, comments=True)
        assert words[0] == "fourierscope"
        done = subprocess.run([sys.executable, "-m", *words], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, f"{line}\n{done.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} names {target}"
