"""ASKED: a question as a frozen value. Its fields are its options; its cells are the pieces of work."""

from __future__ import annotations

import dataclasses
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar, final, get_args

import numpy as np
import numpy.typing as npt
import torch
import xarray as xr

from fourierscope.results import Result
from fourierscope.subjects import Circle, Fit, Masked, Pair, Samples, Training, Trial, fingerprint
from fourierscope.subjects.fingerprint import seed_of

SUBJECTS = (Trial, Samples, Pair, Masked, Training, Fit, Circle)
"""The kinds of subjects of this package."""
Measured = Mapping[str, npt.NDArray[Any]]


class Subject(Protocol):
    """Whatever can be asked about: it says where it comes from."""

    def trace(self) -> dict[str, Any]: ...


S = TypeVar("S", bound=Subject)


class Whole(NamedTuple):
    """The one cell of a question that is asked in one piece."""


@dataclass(frozen=True)
class Analysis(ABC, Generic[S]):
    """A question to a subject: a frozen dataclass with `measure` and `assemble`, and `cells` if it is long.

    `cells` names independent pieces of work, a second to ten minutes each, the same ones whatever the machine.
    `measure` does one, in batches from `fourierscope.runs.batches`. `assemble` puts them on named axes with units and a
    sentence. An analysis knows no file, no flag, no plot.

    Where cells go on from others, `follows` says from which, `go_on` measures them, and `settled` says which of them
    can be left out. With `holes`, `assemble` also takes fewer cells than there are: of a run that was stopped early, or
    some of whose cells failed.
    """

    holes: ClassVar[bool] = False

    def cells(self, subject: S, /) -> Iterable[NamedTuple]:
        """The pieces of work, in their order."""
        return [Whole()]

    @abstractmethod
    def measure(self, cell: Any, subject: S, /) -> Measured:
        """One piece of work: arrays by name."""

    @abstractmethod
    def assemble(self, measured: Mapping[Any, Measured], subject: S, /) -> Mapping[str, xr.DataArray]:
        """All pieces together: labelled values."""

    def follows(self, cell: Any, /) -> NamedTuple | None:
        """The cell that this one goes on from, which stands before it in `cells`; most stand by themselves."""
        return None

    def settled(self, cell: Any, before: tuple[Measured, ...], /) -> bool:
        """Whether a cell need not be measured, after what the cells that it follows gave, in their order."""
        return False

    def go_on(self, cell: Any, subject: S, before: tuple[Measured, ...], /) -> Measured:
        """One piece of work that follows others: arrays by name."""
        raise NotImplementedError(f"{type(self).__name__} has cells that follow others, and no go_on.")

    def by_content(self, subject: S, /) -> Mapping[str, str]:
        """Options that are places on this machine, by what stands there: a record holds no place. Most have none."""
        return {}

    @final
    def chance(self, cell: NamedTuple | None = None, purpose: str = "") -> torch.Generator:
        """The only source of chance, from the field `seed`: one stream a purpose, and a cell where one is given.

        Without a cell it is the same for all cells and all models compared; order, batch and machine do not matter.
        """
        seed = getattr(self, "seed", None)
        if seed is None:
            raise TypeError(f"{type(self).__name__} has no field `seed`, so it may not use chance.")
        key = f"{type(self).__name__} {purpose} {seed} {'' if cell is None else repr(cell)}"
        return torch.Generator().manual_seed(seed_of(key))

    @final
    def record(self, subject: S) -> dict[str, Any]:
        """What made a result: the question, its options, the subject, the versions. No time, machine or path."""
        options = {one.name: _plain(getattr(self, one.name)) for one in dataclasses.fields(self)}
        record = {
            "analysis": type(self).__name__,
            "options": options | dict(self.by_content(subject)),
            "subject": subject.trace(),
            "versions": {name: version(name).split("+")[0] for name in ("fourierscope", "torch", "numpy")},
        }
        plain: dict[str, Any] = json.loads(json.dumps(record))  # as it will be read again: lists for tuples
        return plain

    @final
    def __call__(self, subject: S) -> Result:
        """Ask, here and now: `fourierscope.run` without a store."""
        from fourierscope.runs.run import run

        return run(self, subject)


def subjects_of(analysis: type[Analysis[Any]]) -> tuple[type, ...]:
    """The kinds of subjects that an analysis names, as `Analysis[Trial]` and `Analysis[Training | Fit]` do.

    Empty where it names none of this package.
    """
    for ancestor in analysis.__mro__:
        for base in vars(ancestor).get("__orig_bases__", ()):
            for given in get_args(base):
                kinds = get_args(given) or (given,)
                if found := tuple(kind for kind in kinds if kind in SUBJECTS):
                    return found
    return ()


def _plain(value: Any) -> Any:
    """An option as JSON holds it; a function by its name and a digest of its code and constants."""
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if callable(value):
        return f"{getattr(value, '__name__', type(value).__name__)} {fingerprint(value, tables=True)[:16]}"
    return value.item() if isinstance(value, np.generic) else value
