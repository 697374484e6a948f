"""The numbers of the article, as printed; `printed.json` says how each was had."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def printed(exhibit: str) -> Any:
    """The numbers of one exhibit, such as "table 1". Raises KeyError for one without."""
    held = json.loads((files("fourierscope.papers.karantzas2022") / "printed.json").read_text(encoding="utf-8"))
    return held[exhibit]
