"""A headless Chromium for tests, and what every page must keep to."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import ConsoleMessage, Page, Request, ViewportSize, expect, sync_playwright

AXE = Path(__file__).parents[2] / "axe" / "node_modules" / "axe-core" / "axe.min.js"
expect.set_options(timeout=20_000)  # a condition is waited for, on a busy machine too
PHONE: ViewportSize = {"width": 360, "height": 740}
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Window:
    """A browser page, with all that it asked for and complained of."""

    page: Page
    requested: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def note_request(self, request: Request) -> None:
        self.requested.append(request.url)

    def note_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def assert_clean(self, origin: str) -> None:
        """Nothing was asked of another host, and nothing was complained of."""
        assert [url for url in self.requested if not url.startswith((origin, "data:", "blob:"))] == []
        assert self.complaints == [], "\n".join(self.complaints)

    def findings(self) -> list[str]:
        """Return what axe finds wrong with the page, in shadow roots too."""
        if not AXE.exists():
            pytest.fail("axe is missing; tests/system-packages installs it")
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate("axe.run().then((result) => result.violations)")
        return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than the window."""
        width: int = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        return width


@contextmanager
def window(language: str = "en", *, dark: bool = False, viewport: ViewportSize = DESKTOP) -> Iterator[Window]:
    """Open a window of a fresh browser."""
    chromium = shutil.which("chromium")
    if chromium is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is missing; tests/system-packages installs it")
        pytest.skip("chromium is not installed; tests/system-packages installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        try:
            context = browser.new_context(locale=language, color_scheme="dark" if dark else "light", viewport=viewport)
            page = context.new_page()
            page.set_default_timeout(15_000)
            opened = Window(page)
            page.on("request", opened.note_request)
            page.on("console", opened.note_console)
            page.on("pageerror", lambda error: opened.complaints.append(str(error)))
            yield opened
        finally:
            browser.close()
