"""A paper made again: its exhibits in their order, each made, checked, drawn, and written to its folder."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from fourierscope.papers.exhibit import Checked, Exhibit, Made, Picture
from fourierscope.papers.making import Making, NotTried, Setting
from fourierscope.papers.tables import as_json
from fourierscope.results import written_whole
from fourierscope.runs import StoreError

_MARK = "setting.json"  # says whose folder it is


@dataclass(frozen=True)
class Budget:
    """How much a paper is made again with: in words, the images, and the classifiers by their role.

    Roles without a word here are the user's to give; `absent` says why, for those that the budget cannot have.
    """

    says: str
    samples: str | None
    classifiers: Mapping[str, str]
    absent: Mapping[str, str]


@dataclass(frozen=True)
class Paper:
    """A published paper: its exhibits, the roles that classifiers play in it, and what each budget gives them."""

    name: str
    title: str
    roles: tuple[str, ...]
    budgets: Mapping[str, Budget]
    exhibits: tuple[Exhibit, ...]

    def exhibit(self, number: str) -> Exhibit:
        """The exhibit of that number: "3", "figure 3", "table 2". Raises ValueError with those there are."""
        wanted = number.lower().replace("-", " ").removeprefix("figure ").strip()
        for one in self.exhibits:
            if one.number == wanted:
                return one
        raise ValueError(f"{self.name} has {', '.join(one.number for one in self.exhibits)}; {number!r} came.")

    def budget(self, name: str) -> Budget:
        """The budget of that name. Raises ValueError with those there are."""
        if name not in self.budgets:
            raise ValueError(f"The budgets of {self.name} are {', '.join(self.budgets)}; {name!r} came.")
        return self.budgets[name]


class Outcome(NamedTuple):
    """What came of an exhibit. `not_tried` is the reason, where it could not be made at all."""

    exhibit: Exhibit
    made: Made
    checked: list[Checked]
    pictures: list[Picture]
    files: list[Path]
    not_tried: str = ""


def made_again(paper: Paper, exhibits: Sequence[Exhibit], setting: Setting, folder: Path) -> Iterator[Outcome]:
    """Make each exhibit in its own folder within `folder`, and what came of it, one after the other.

    Finished cells are kept and used again; pictures and tables that follow from them are written anew. Raises
    StoreError, and changes nothing, where the folder holds something else or belongs to another setting.
    """
    _claimed(paper, setting, folder)
    for one in exhibits:
        yield _outcome(one, setting, folder / one.name)


def _outcome(exhibit: Exhibit, setting: Setting, folder: Path) -> Outcome:
    making, why = Making(setting, folder), ""
    try:
        exhibit.make(making)
    except NotTried as error:
        why = str(error)
    made = Made(making.results, making.left_out)
    checked = [_untried(one, why) if why else one.tried(made, setting.budget) for one in exhibit.checks]
    pictures = [] if why else exhibit.draw(made)
    outcome = Outcome(exhibit, made, [one for one in checked], pictures, [], why)
    return outcome._replace(files=_written(outcome, setting, folder))


def _untried(check: Any, why: str) -> Checked:
    return Checked(check, "not tried here", why=why)


def _written(outcome: Outcome, setting: Setting, folder: Path) -> list[Path]:
    """The pictures and the checks of an exhibit, as files."""
    found = []
    for picture in outcome.pictures:
        path = folder / f"{picture.name}.png"
        found.append(written_whole(path, lambda draft, one=picture: _save_png(one, draft), overwrite=True))
    text = json.dumps(as_json(outcome, setting.budget), indent=1, allow_nan=False) + "\n"
    found.append(written_whole(folder / "checks.json", lambda draft: _write(draft, text), overwrite=True))
    return found


def _save_png(picture: Picture, draft: Path) -> None:
    with draft.open("wb") as file:
        picture.figure.savefig(file, format="png", bbox_inches="tight")


def _write(draft: Path, text: str) -> None:
    draft.write_text(text, encoding="utf-8")


def _claimed(paper: Paper, setting: Setting, folder: Path) -> None:
    """Make the folder this setting's own, or see that it is."""
    samples = setting.samples
    own = {"paper": paper.name, "budget": setting.budget, "samples": samples.digest, "limit": setting.limit}
    path = folder / _MARK
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not path.exists())):
        raise StoreError(f"{folder} exists and holds something else than a paper's exhibits. Choose another --folder.")
    if not path.exists():
        written_whole(path, lambda draft: _write(draft, json.dumps(own, indent=1) + "\n"))
        return
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # of JSON or of UTF-8
        raise StoreError(f"{path} is damaged ({error}). Delete this file, or choose another --folder.") from error
    told = [f"{key} was {held.get(key)} and is now {value}" for key, value in own.items() if held.get(key) != value] if isinstance(held, dict) else ["it is no table of names"]
    if told:
        raise StoreError(f"{folder} belongs to another setting: {'; '.join(told)}. Nothing was changed; choose another --folder.")
