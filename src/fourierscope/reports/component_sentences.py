"""What the questions about low and high components found, in sentences of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fourierscope.figures.form import number
from fourierscope.reports.phrases import clean_sentence, coordinate, valued
from fourierscope.results import Result


def _frequency_audit(result: Result) -> Iterator[str]:
    yield clean_sentence("clean_accuracy", result["clean_accuracy"])
    yield from str(result["verdict"].attrs["told"]).splitlines()


def _high_frequency_predictions(result: Result) -> Iterator[str]:
    options = result.record["options"]
    yield f"Rescaling is {options['rescale']}; batch norms divide by {options['bn_stats']} statistics."
    yield clean_sentence("clean_accuracy", result["clean_accuracy"])
    for one, other in (("high", "low"), ("low", "high")):
        rates, expected = (result[name].sel(only=one) for name in ("only_right", "expected"))
        sure = result[f"confidence_{one}"]
        most = int(rates.values.argmax())
        told = f"The {one} component is right and the {other} one wrong"
        if rates.values[most] == 0:
            yield f"{told} at no radius for any image that is right as a whole."
            continue
        low = float(rates[rates.attrs["low"]][most])
        than = "more than" if low > float(expected[most]) else "not surely more than"
        yield (
            f"{told} most often at radius {coordinate(rates, most)}, for {valued(rates[most])} of the images: {than} "
            f"the {number(float(expected[most]))} that would be by chance. Of these images the network is sure by "
            f"{number(float(sure.sel(shown='whole')[most]))} as a whole, {number(float(sure.sel(shown=one)[most]))} by "
            f"the {one} and {number(float(sure.sel(shown=other)[most]))} by the {other} component."
        )


COMPONENT_SENTENCES: dict[str, Callable[[Result], Iterator[str]]] = {
    "FrequencyAudit": _frequency_audit,
    "HighFrequencyPredictions": _high_frequency_predictions,
}
"""The questions about components, by their analyses."""
