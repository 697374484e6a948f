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


def test_blocks_are_of_a_known_kind():
    kinds = {language for page in PAGES for language, _ in BLOCK.findall(page.read_text())}
    assert kinds == {"python", "bash", "text"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_all_blocks_of_a_page_run_in_their_order(page, tmp_path):
    for language, block in BLOCK.findall(page.read_text()):
        commands = [[sys.executable, "-c", block]] if language == "python" else []
        if language == "bash":
            lines = [shlex.split(line, comments=True) for line in block.strip().splitlines()]
            assert all(words[0] == "fourierscope" for words in lines)
            commands = [[sys.executable, "-m", *words] for words in lines]
        for command in commands:
            done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
            assert done.returncode == 0, f"{block}\n{done.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} names {target}"


@pytest.mark.parametrize("page", [ROOT / "CHANGELOG.md", *PAGES], ids=lambda page: page.name)
def test_no_page_holds_what_a_merge_left_open(page):
    lines = page.read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if line.startswith(("<" * 7, ">" * 7)) or line == "=" * 7]
