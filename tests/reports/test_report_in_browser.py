"""The page in Chromium, at two widths. Skipped where there is none."""

from pathlib import Path

import pytest

from fourierscope.reports import report

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="needs /usr/bin/chromium")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=str(CHROMIUM), args=list(QUIET))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def page(all_results, tmp_path_factory):
    return report(all_results, tmp_path_factory.mktemp("browser") / "report.html")


@pytest.mark.parametrize("width", [1400, 420])
def test_the_page_draws_fits_and_answers_the_pointer(browser, page, maps, hostile, width):
    tab = browser.new_page(viewport={"width": width, "height": 900})
    errors, requests, dialogs = [], [], []
    tab.on("console", lambda said: errors.append(said.text) if said.type in ("error", "warning") else None)
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.on("request", lambda request: requests.append(request.url))
    tab.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    tab.goto(page.as_uri())
    heads = tab.locator("[data-figure]:not(details [data-figure])").count()
    tab.wait_for_function(f"document.querySelectorAll('[data-figure] .main-svg').length >= {heads}")
    assert tab.locator("details [data-figure] .main-svg").count() == 0
    tab.evaluate("document.querySelectorAll('details.more').forEach((fold) => { fold.open = true; })")
    count = tab.locator("[data-figure]").count()
    assert count > heads
    tab.wait_for_function(f"document.querySelectorAll('[data-figure] .main-svg').length >= {count}")
    assert all(one.startswith(("file:", "data:")) for one in requests)
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    heat = tab.locator("[data-figure]").first
    heat.scroll_into_view_if_needed()
    box = heat.locator(".nsewdrag").first.bounding_box()
    tab.mouse.move(box["x"] + box["width"] * (6.5 / 8), box["y"] + box["height"] * (5.5 / 8))
    tab.mouse.move(box["x"] + box["width"] * (6.5 / 8) + 1, box["y"] + box["height"] * (5.5 / 8))
    said = heat.locator(".hoverlayer .hovertext").first
    said.wait_for(timeout=5000)
    told = said.text_content()
    assert "row 1, column 2" in told
    cell = maps[0]["error"].sel(row=1, column=2)
    assert f"error: {float(cell):.4g}" in told
    assert f"{float(cell['error_low']):.4g} to {float(cell['error_high']):.4g}" in told
    assert "n = 24" in told
    legends = " ".join(tab.locator(".legendtext").all_text_contents())
    assert hostile[:40] in legends
    assert (errors, dialogs) == ([], [])
    tab.close()
