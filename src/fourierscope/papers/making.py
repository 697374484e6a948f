"""The making of one exhibit: samples, classifiers by their role, and a folder that keeps every finished cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fourierscope.results import Result
from fourierscope.runs import Analysis, run
from fourierscope.subjects import Classifier, Samples, Trial, open_samples


class NotTried(Exception):
    """Why an exhibit, a result or a check cannot be had in this budget, as the end of "not tried here, because"."""


@dataclass(frozen=True)
class Setting:
    """What a paper is made again with: the budget, the images, the classifiers, and how to run.

    `learned` are training images for exhibits that train networks. `absent` says, by role, why a classifier is missing.
    """

    budget: str
    samples: Samples
    classifiers: Mapping[str, Classifier]
    absent: Mapping[str, str] = field(default_factory=dict)
    learned: Samples | None = None
    limit: int | None = None
    device: str | None = None
    workers: int = 1
    batch: int | None = None


class Making:
    """Asks the questions of one exhibit within a setting; results and what was left out gather here by name.

    Every question has its own store in the folder `cells` beside that of the exhibit, so that a killed making goes on
    where it was, and exhibits that ask the same share the answer.
    """

    def __init__(self, setting: Setting, folder: Path) -> None:
        self.setting, self.folder = setting, folder
        self.results: dict[str, Result] = {}
        self.left_out: dict[str, str] = {}
        self.reused = 0

    @property
    def budget(self) -> str:
        return self.setting.budget

    def samples(self, count: Mapping[str, int]) -> Samples:
        """The test images, as many as the budget takes by `count` (and as the user's limit lets)."""
        most = count[self.budget]
        return self.setting.samples.limited(most if self.setting.limit is None else min(most, self.setting.limit))

    def classifier(self, role: str) -> Classifier:
        """The classifier of that role. Raises NotTried with the reason where it is not there."""
        if role in self.setting.classifiers:
            return self.setting.classifiers[role]
        raise NotTried(self.setting.absent.get(role, f"no classifier {role} was given"))

    def trials(
        self, roles: tuple[str, ...], samples: Samples, found: Callable[[str], Classifier] | None = None
    ) -> Iterator[tuple[str, Trial]]:
        """A trial for each role that is there; those that are not are noted as left out.

        `found` is for papers that train classifiers themselves: that of a role, or NotTried. Raises NotTried where none
        is there.
        """
        there = {}
        for role in roles:
            try:
                there[role] = (found or self.classifier)(role)
            except NotTried as error:
                self.left_out[role] = str(error)
        if not there:
            raise NotTried("; ".join(dict.fromkeys(self.left_out[role] for role in roles)))
        for role, classifier in there.items():
            yield role, Trial(classifier, samples)

    def ask(self, name: str, analysis: Analysis[Any], subject: Any, shared: str = "") -> Result:
        """Ask, keep every cell, save the result in the exhibit's folder, and remember it by name.

        Exhibits that ask one question of one subject give the same word `shared`.
        """
        setting, word = self.setting, f"{shared}-{name}" if shared else f"{self.folder.name}-{name}"
        store = self.folder.parent / "cells" / word
        self.reused += len(list(store.glob("cell-*.npz")))
        return self.hold(name, run(analysis, subject, store, setting.workers, batch=setting.batch or "auto"))

    def hold(self, name: str, result: Result) -> Result:
        """Save a result in the exhibit's folder and remember it by name."""
        result.save(self.folder / f"{name}.nc", overwrite=True)
        self.results[name] = result
        return result

    def training_samples(self, in_smoke: str = "") -> Samples:
        """The training images; in smoke, where none were given, those of the word `in_smoke`. Raises NotTried."""
        if self.setting.learned is None and self.budget == "smoke" and in_smoke:
            return open_samples(in_smoke)
        if self.setting.learned is None:
            raise NotTried("it trains networks, and no training images were given (--training npz:PATH)")
        return self.setting.learned

    def needs_plane(self, height: int, width: int) -> None:
        """Raises NotTried where the images are of another size than the printed figure's."""
        came = self.setting.samples.plane
        if came.shape != (height, width):
            raise NotTried(f"it is of {height} x {width} images, and these are {came.height} x {came.width}")
