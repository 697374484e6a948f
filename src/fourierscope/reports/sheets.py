"""Sheets: what stands on a page before the results themselves, such as an exhibit held against its paper."""

from __future__ import annotations

import base64
from dataclasses import dataclass

_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Table:
    """Rows of texts under named columns, with a heading and a sentence (which may be empty)."""

    heading: str
    says: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"Every row of the table {self.heading!r} has one text for each of {self.columns}.")


@dataclass(frozen=True)
class Drawing:
    """A PNG picture, with the sentence on what is seen in it."""

    says: str
    png: bytes

    def __post_init__(self) -> None:
        if not self.png.startswith(_PNG):
            raise ValueError(f"A drawing is a PNG file; one that begins with {self.png[:8]!r} came.")

    @property
    def source(self) -> str:
        """The picture as a data URI."""
        return "data:image/png;base64," + base64.b64encode(self.png).decode()


@dataclass(frozen=True)
class Sheet:
    """One heading with its sentences, drawings and tables."""

    heading: str
    says: tuple[str, ...]
    drawings: tuple[Drawing, ...] = ()
    tables: tuple[Table, ...] = ()
