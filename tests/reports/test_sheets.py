"""Sheets stand on a page before the results; nothing that is written in them runs."""

import pytest

from fourierscope.reports import Drawing, Sheet, Table, report

PNG = b"\x89PNG\r\n\x1a\n" + b"rest"


def test_a_page_may_hold_sheets_alone(tmp_path):
    table = Table("Checks", "All of them.", ("claim", "ours"), (("a < b", "0.5"),))
    sheet = Sheet("Figure 1 & 2", ("It <b>holds</b>.",), (Drawing("A picture.", PNG),), (table,))
    text = report([], tmp_path / "page.html", "A paper", sheets=[sheet]).read_text()
    assert "Figure 1 &amp; 2" in text
    assert "It &lt;b&gt;holds&lt;/b&gt;." in text
    assert "<td>a &lt; b</td><td>0.5</td>" in text
    assert 'alt="A picture."' in text
    assert "What was found" not in text


def test_a_table_has_a_text_for_each_column():
    with pytest.raises(ValueError, match="'Checks'"):
        Table("Checks", "", ("claim", "ours"), (("alone",),))


def test_a_drawing_is_a_png():
    with pytest.raises(ValueError, match="PNG"):
        Drawing("No picture.", b"<svg onload='alert(1)'>")


def test_a_page_of_nothing_is_refused(tmp_path):
    with pytest.raises(ValueError, match="at least one result"):
        report([], tmp_path / "page.html")
