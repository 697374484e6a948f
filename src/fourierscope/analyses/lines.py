"""Lines that are followed exactly through a classifier: whether they can be, told before any work."""

from __future__ import annotations

from torch import nn

from fourierscope.subjects import Classifier
from fourierscope.theory.piecewise_linear import check_followable
from fourierscope.treatments.kernels import check_folded

_INSTEAD = 'LineSpectrum(method="sampled") asks at even points of lines instead.'


def check_lines(classifier: Classifier) -> None:
    """Raises TypeError or ValueError where no line can be followed through a classifier, and tells what can be done."""
    network = classifier.network
    if not isinstance(network, nn.Module):
        raise TypeError(f"{classifier.name} is a plain function, which no line can be followed through. {_INSTEAD}")
    if any(isinstance(getattr(part, "classifier", None), Classifier) for part in network.modules()):
        raise ValueError(
            f"{classifier.name} puts its answers together from another classifier's, as averages do, and no line can "
            f"be followed through that: ask the classifier within. {_INSTEAD}"
        )
    check_folded(network)
    try:
        check_followable(network)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{error} {_INSTEAD}") from error
