"""torchvision, also where its compiled part does not fit this torch."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

from torch import library

# A wheel of torchvision built for CUDA cannot load its compiled operators beside a torch built for processors, and then
# fails on import, where it describes operators that were never declared. Classification networks and data sets use
# none of them: declared without a body they do no harm, and asking for one still fails.
_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_declared: list[Any] = []  # a library's declarations live as long as it does


def torchvision_module() -> ModuleType:
    """The module torchvision, with `models` and `datasets` loaded. The one place that imports it; call it before timm.

    Where torchvision's compiled operators are missing (`operator torchvision::nms does not exist`), their names are
    declared and the import is tried once more. Raises ImportError where torchvision is not installed, and whatever
    else torchvision raises.
    """
    try:
        return _imported()
    except RuntimeError as error:
        if "operator torchvision::" not in str(error) or _declared:
            raise
    _declare()
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]
    return _imported()


def _imported() -> ModuleType:
    module = importlib.import_module("torchvision")
    importlib.import_module("torchvision.models")
    importlib.import_module("torchvision.datasets")
    return module


def _declare() -> None:
    made: Any = library.Library  # torch leaves it untyped
    operators = made("torchvision", "FRAGMENT")
    for schema in _SCHEMAS:
        operators.define(schema)
    _declared.append(operators)
