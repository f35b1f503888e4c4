"""A real Chromium, driven over its own debugging protocol: enough to read and fill in a page."""

from __future__ import annotations

import base64
import itertools
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "google-chrome", "chromium-browser"))), None
)
_START_SECONDS = 30
# Where screenshots go, for whoever wants to look: PAGE_SHOTS=DIR pytest ...
SHOTS = os.environ.get("PAGE_SHOTS")

# Of every text that is seen: its color against the nearest background that is not transparent.
CONTRASTS = """
(() => {
  const parts = color => {
    const found = color.match(/[\\d.]+/g).map(Number);
    // A mixed color has parts up to 1.
    return color.startsWith('color(') ? [...found.slice(0, 3).map(v => v * 255), found[3]] : found;
  };
  const light = color => {
    const [r, g, b] = parts(color).map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if ((parts(color)[3] ?? 1) > 0) return color;
    }
    return 'rgb(255, 255, 255)';
  };
  const texts = [...document.querySelectorAll('body *')].filter(element =>
    element.checkVisibility() &&
    [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()));
  return texts.map(element => {
    const [a, b] = [getComputedStyle(element).color, behind(element)].map(light);
    return [element.tagName, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
  });
})()
"""
_KEYS = {"Tab": 9, "Enter": 13, " ": 32, "ArrowDown": 40}


class Browser:
    """One tab. `evaluate` looks from outside, also where the page's own scripts are off."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket, self._ids = socket, itertools.count(1)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            told = json.loads(self._socket.recv(timeout=20))
            if told.get("id") == number:
                assert "error" not in told, told
                return dict(told["result"])

    def open(self, url: str) -> None:
        self.call("Page.navigate", url=url)
        self.wait_for("document.readyState === 'complete' && location.href !== 'about:blank'")

    def evaluate(self, expression: str) -> Any:
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer["result"].get("value")

    def wait_for(self, expression: str) -> None:
        until = time.monotonic() + 20
        while not self.evaluate(expression):
            assert time.monotonic() < until, f"never so: {expression}"
            time.sleep(0.02)

    def press(self, key: str, *, shift: bool = False) -> None:
        told = {"key": key, "windowsVirtualKeyCode": _KEYS[key], "modifiers": 8 if shift else 0}
        text = {"Enter": "\r", " ": " "}.get(key, "")
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **told)
        self.call("Input.dispatchKeyEvent", type="keyUp", **told)

    def click(self, selector: str) -> None:
        box = f"document.querySelector({json.dumps(selector)}).getBoundingClientRect()"
        x, y = self.evaluate(f"(b => [b.x + b.width / 2, b.y + b.height / 2])({box})")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def size(self, width: int, height: int) -> None:
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=width < 600)  # fmt: skip

    def prefer(self, scheme: str) -> None:
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.call("Emulation.setEmulatedMedia", features=[feature])

    def spoken(self) -> list[tuple[str, str]]:
        """What a screen reader is told, in its order: role and name."""
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        return [
            (node["role"]["value"], node.get("name", {}).get("value", ""))
            for node in nodes
            if not node["ignored"]
        ]

    def screenshot(self, path: Path) -> None:
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))


def looked_at(tab: Browser, name: str) -> None:
    """Readable in both schemes, nothing cut off at any width, and a picture for who asks."""
    for scheme in ("light", "dark"):
        tab.prefer(scheme)
        for width, height in ((1200, 900), (390, 800), (320, 800)):
            tab.size(width, height)
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
            if SHOTS:
                tab.screenshot(Path(SHOTS) / f"{name}-{scheme}-{width}.png")
        weak = [(tag, ratio) for tag, ratio in tab.evaluate(CONTRASTS) if ratio < 4.5]
        assert not weak, (scheme, weak)
    tab.prefer("light")
    tab.size(1100, 900)


@contextmanager
def start(folder: Path) -> Iterator[Browser]:
    """A headless browser with a profile in `folder`, until the context ends."""
    assert CHROMIUM
    command = [
        CHROMIUM, "--headless=new", "--remote-debugging-port=0", f"--user-data-dir={folder}",
        "--no-first-run", "--disable-gpu", "--disable-extensions", "--disable-component-update",
        "--disable-background-networking", "--disable-sync", "--disable-dev-shm-usage",
        "about:blank",
    ]  # fmt: skip
    if os.geteuid() == 0:  # root has no sandbox; the page is our own
        command.insert(1, "--no-sandbox")
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with connect(_tab_url(folder), max_size=None) as socket:
            yield Browser(socket)
    finally:
        process.terminate()
        process.wait(10)


def _tab_url(folder: Path) -> str:
    told, until = folder / "DevToolsActivePort", time.monotonic() + _START_SECONDS
    while not (told.exists() and len(told.read_text().splitlines()) == 2):
        assert time.monotonic() < until, "Chromium did not start"
        time.sleep(0.05)
    port, path = told.read_text().splitlines()
    with connect(f"ws://127.0.0.1:{port}{path}") as socket:
        socket.send(json.dumps({"id": 1, "method": "Target.getTargets"}))
        targets = json.loads(socket.recv(timeout=20))["result"]["targetInfos"]
    tab = next(target["targetId"] for target in targets if target["type"] == "page")
    return f"ws://127.0.0.1:{port}/devtools/page/{tab}"
