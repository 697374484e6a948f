"""The images on which an attack succeeded: rightly classified before, wrongly after."""

from __future__ import annotations

from fourierscope.subjects import Pair, Samples, Trial, check_subject
from fourierscope.treatments.attacks.attacked import labels_asked, predictions


class NothingSucceeded(ValueError):
    """No image was turned from right to wrong, which is an answer of its own."""


def successful(trial: Trial, after: Samples, batch: int | None = None) -> Pair:
    """The images of a trial, before and after a change, whose prediction the change turned from right to wrong.

    `after` holds the changed images of `trial.samples`, in their order. What was misclassified already is no success.

    Raises ValueError where the two do not belong together, labels are missing, or no change succeeded.

    Source: Yin et al. (2019), Fig. 7, which shows successful attacks alone.
    """
    check_subject(trial, Trial, "successful")
    check_subject(after, Samples, "successful (after)")
    pair, labels = Pair(trial.samples, after), labels_asked(trial)
    right = predictions(trial, batch) == labels
    turned = right & (predictions(Trial(trial.classifier, after), batch) != labels)
    if not bool(turned.any()):
        raise NothingSucceeded(
            f"None of {int(right.sum())} rightly classified images (of {len(labels)}) is misclassified after the "
            "change: nothing succeeded. Take a stronger attack."
        )
    kept = turned.nonzero().flatten()
    return Pair(pair.before.subset(kept), pair.after.subset(kept))
