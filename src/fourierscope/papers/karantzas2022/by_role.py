"""Results of an exhibit by the role of their network."""

from __future__ import annotations

from fourierscope.papers.exhibit import Made
from fourierscope.papers.making import NotTried
from fourierscope.results import Result


def of_role(made: Made, role: str, name: str) -> Result:
    """The result `role-name`. Raises NotTried with the reason for which the role, or all like it, were left out."""
    wanted = f"{role}-{name}"
    if wanted in made.results or wanted in made.left_out or not made.left_out:
        return made[wanted]
    raise NotTried(made.left_out.get(role) or "; ".join(dict.fromkeys(made.left_out.values())))
