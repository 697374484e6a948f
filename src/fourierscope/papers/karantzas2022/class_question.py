"""What Figure 8 and Table 3 share: whether the natural network's masks tell the class of their image."""

from __future__ import annotations

from fourierscope.analyses import MaskClasses
from fourierscope.papers.karantzas2022.images import labels_needed
from fourierscope.papers.karantzas2022.masks import single_masks
from fourierscope.papers.making import Making, NotTried

_REPEATS = {"smoke": 1, "small": 5, "full": 5}


def class_question(making: Making) -> None:
    """Ask it of the natural network's masks. Raises NotTried where labels do not fit, or a class has one image."""
    labels_needed(making)
    for role, own in single_masks(making, ("natural",)):
        sizes = own.trial.samples.needed_labels().bincount()
        if int((sizes > 0).sum()) < 2 or int(sizes[sizes > 0].min()) < 2:
            raise NotTried("it takes two classes or more, of two images or more each that are classified rightly")
        making.ask(f"{role}-classes", MaskClasses(repeats=_REPEATS[making.budget]), own, shared="classes")
