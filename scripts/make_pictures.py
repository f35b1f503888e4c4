"""Make the tutorial's pictures anew: `python scripts/make_pictures.py`; some minutes.

It runs the commands of docs/tutorial.md in a home that it forgets, and keeps what they print as
SVG, and the preview and the email as Chromium shows them. Nobody in docs/samples is a person.
"""

from __future__ import annotations

import base64
import io
import os
import re
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

ROOT: Final = Path(__file__).resolve().parents[1]
PICTURES: Final = ROOT / "docs" / "pictures"
# The pictures of the tutorial's sessions, in their order.
NAMES: Final = ("load", "dry-run", "preview", "enters", "sends", "why")
SETTINGS: Final = {
    "WINBACK_BRAND_NAME": "Copper and Tea",
    "WINBACK_POSTAL_ADDRESS": "1 High Street, Exampleton",
}
_SESSION: Final = re.compile(r"^```console\n\$ (.*)\n```$", re.MULTILINE)
_WIDTH: Final = 108
_THEME: Final = TerminalTheme(
    (28, 32, 29),
    (223, 230, 225),
    [(28, 32, 29), (240, 136, 120), (134, 216, 164), (226, 196, 120),
     (157, 188, 255), (214, 170, 220), (140, 214, 214), (223, 230, 225)],
)  # fmt: skip
# rich's own names a font of another host.
_SVG: Final = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, monospace; font-size: {char_height}px;
line-height: {line_height}px; font-variant-east-asian: full-width; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}</defs>
<rect fill="#1c201d" width="{width}" height="{height}" rx="10"/>
<g transform="translate({terminal_x}, 24)" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g>
</g>
</svg>
"""  # noqa: E501 - a line of a picture


def sessions() -> list[str]:
    """The commands that the tutorial shows, in their order."""
    return _SESSION.findall((ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8"))


def environment(home: Path) -> dict[str, str]:
    """What the tutorial sets, and a terminal with colors."""
    own = {"WINBACK_HOME": str(home), "FORCE_COLOR": "1", "COLUMNS": str(_WIDTH)}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WINBACK_")}
    return {**kept, **SETTINGS, **own, "PATH": path}


def picture(command: str, printed: str) -> str:
    """A session as SVG, without a byte that changes from run to run."""
    console = Console(record=True, width=_WIDTH, file=io.StringIO())
    console.print(Text.assemble(("$ ", "green"), (command, "bold")))
    console.print()
    console.print(Text.from_ansi(printed.rstrip()), soft_wrap=False)
    return console.export_svg(title="", theme=_THEME, code_format=_SVG, unique_id="terminal")


def _take_sessions(home: Path) -> None:
    for name, command in zip(NAMES, sessions(), strict=True):
        done = subprocess.run(
            command.split(), cwd=ROOT, env=environment(home), capture_output=True, text=True,
            check=True,
        )  # fmt: skip
        printed = done.stdout.replace(str(home), ".winback-tutorial")
        (PICTURES / f"{name}.svg").write_text(picture(command, printed), encoding="utf-8")


def _take_pages(home: Path, folder: Path) -> None:
    # The tests' browser is a tool of theirs, and this one is a tool of ours.
    sys.path.insert(0, str(ROOT / "tests"))
    import browser
    import requests

    from winback.base.clock import FixedClock
    from winback.base.settings import Settings
    from winback.rehearsal.sandbox import start

    clock = FixedClock(datetime(2026, 3, 19, 17, tzinfo=UTC))
    with start(Settings.load(home=home), clock) as box:
        found = requests.get(f"{box.base_url}/_sandbox/messages?provider=sendgrid", timeout=9)
        html = found.json()["messages"][0]["content"]["text/html"]
    (folder / "email.html").write_text(html, encoding="utf-8")
    with browser.start(folder / "chromium") as tab:
        tab.size(430, 620)
        tab.prefer("light")
        tab.open((folder / "email.html").as_uri())
        tab.screenshot(PICTURES / "email.png")
        tab.size(860, 600)
        page = home / "reports" / "preview" / "sms_email.html"
        tab.open(f"{page.as_uri()}#sms_email-2")
        time.sleep(1)  # its frames are loaded as they come into sight
        shot = tab.call("Page.captureScreenshot", format="png")
        (PICTURES / "page.png").write_bytes(base64.b64decode(shot["data"]))


def main() -> None:
    """Run the tutorial, and take its pictures."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        _take_sessions(home)
        _take_pages(home, Path(folder))


if __name__ == "__main__":
    main()
