"""What was chosen for a classifier that is to answer faster, as its record tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Asked = Literal["exact", "fast", "auto"]
PRECISIONS: tuple[Asked, ...] = ("exact", "fast", "auto")

FOLDING, LAYOUT, BFLOAT16, COMPILATION = "folding", "channels_last", "bfloat16", "compilation"
STEPS = (FOLDING, LAYOUT, BFLOAT16, COMPILATION)
"""In the order in which they are taken."""


@dataclass(frozen=True)
class Plan:
    """The steps taken for a precision that was asked, those left out with the reason, and how predictions compared.

    `checked` holds `flip_rate` with `low` and `high`, of `n` predictions, and `on`, what these were made of; empty
    where no step is taken. There is no time in it: it says what was chosen, and two runs of one plan give one record.
    """

    kind: Asked
    steps: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    checked: Mapping[str, Any] = field(default_factory=dict)

    def trace(self) -> dict[str, Any]:
        """What to record."""
        left_out = {step: self.left_out[step] for step in STEPS if step in self.left_out}
        return {"kind": self.kind, "steps": list(self.steps), "left_out": left_out, **self.checked}


def remembered_plan(held: object, kind: Asked) -> Plan | None:
    """The plan that the record of a store holds under "precision"; none where it is damaged or of another kind."""
    if not isinstance(held, Mapping) or held.get("kind") != kind:
        return None
    steps, left_out = held.get("steps"), held.get("left_out")
    if not isinstance(steps, list) or not all(one in STEPS for one in steps) or not isinstance(left_out, Mapping):
        return None
    told = {name: value for name, value in held.items() if name not in ("kind", "steps", "left_out")}
    return Plan(kind, tuple(steps), dict(left_out), told)
