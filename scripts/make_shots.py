"""Make the tour's pictures of Prefect's UI anew: `make docs-shots`; some five minutes.

It plays a newcomer's way through the control room: `winback up`, a dry run seen in the UI, approval
by the form, messages in the sandbox, artifacts. Chromium takes a picture of each page, and the
script prints the seconds after each step. `--from-clone` begins with a clone of the last commit.
The shop is forgotten, and nobody in it is a person.
"""

from __future__ import annotations

import argparse
import base64
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import newcomer

ROOT: Final = Path(__file__).resolve().parents[1]
SHOTS: Final = ROOT / "docs" / "shots"
# The tests' browser and control room are tools of theirs, and these pictures one of ours.
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "flows")]

_BUTTON: Final = "[...document.querySelectorAll('button')].find(it => it.innerText.trim() == {!r})"
# A person ticks and types; the page's own scripts hear of either by an event.
_FILL_IN: Final = """
(() => {
  document.querySelector('.p-modal input[type=checkbox]').click();
  const name = document.querySelectorAll('.p-modal textarea')[0];
  Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set.call(name, 'Ada');
  name.dispatchEvent(new Event('input', { bubbles: true }));
})()
"""
_ENDED: Final = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


class Tour:
    """A control room that is up, the tab that looks at it, and the time since it began."""

    def __init__(self, house: Any, tab: Any, at: datetime, began: float) -> None:
        self._house, self._tab, self._at, self._began = house, tab, at, began
        self._base = house.api.removesuffix("/api")

    def tell(self, what: str) -> None:
        sys.stdout.write(f"{time.monotonic() - self._began:7.1f} s  {what}\n")
        sys.stdout.flush()

    def run(self) -> str:
        """Run the deployment that does all; the run's id."""
        from control_house import wait_for

        run = self._house.run("winback-run/run", {"as_of": self._at.isoformat()})
        wait_for(lambda: self._house.read(run)["state_type"] in _ENDED, 600)
        state = self._house.read(run)["state"]
        if state["type"] != "COMPLETED":
            raise SystemExit(state["message"])
        self.tell(f"run: {state['message']}")
        return str(run)

    def take(self, name: str, path: str, shows: str) -> None:
        """A picture of a page, once these words stand in it."""
        self._tab.open(self._base + path)
        self._shoot(name, shows)

    def artifact(self, key: str) -> None:
        (found,) = self._house.call("/artifacts/latest/filter", artifacts={"key": {"any_": [key]}})
        self.take(key, f"/artifacts/artifact/{found['latest_id']}", key)

    def approve(self) -> None:
        """Fill in the form as a person does, and wait until the ledger has the yes."""
        from control_house import wait_for

        named = {"flow_runs": {"name": {"like_": "approve"}}}
        (form,) = self._house.call("/flow_runs/filter", **named)
        wait_for(lambda: self._house.read(form["id"])["state_type"] == "PAUSED", 120)
        self._tab.open(f"{self._base}/runs/flow-run/{form['id']}")
        self._press("Resume")
        self._shoot("approval", "May it leave?")
        self._tab.evaluate(_FILL_IN)
        self._press("Submit")
        wait_for(lambda: self._house.read(form["id"])["state_type"] == "COMPLETED", 240)
        self.tell(self._house.read(form["id"])["state"]["message"])

    def _press(self, button: str) -> None:
        found = _BUTTON.format(button)
        self._tab.wait_for(f"{found} !== undefined")
        self._tab.evaluate(f"{found}.click()")

    def _shoot(self, name: str, shows: str) -> None:
        self._tab.wait_for(f"document.body.innerText.includes({shows!r})")
        time.sleep(2)  # charts are drawn after their words
        shot = self._tab.call("Page.captureScreenshot", format="webp", quality=75)
        (SHOTS / f"{name}.webp").write_bytes(base64.b64decode(shot["data"]))


def play(folder: Path, began: float) -> None:
    """The way from a shop's files to what the artifacts say of its first messages."""
    import browser
    from control_house import House

    from winback.base.settings import Settings

    at = datetime.now(UTC).replace(hour=15, minute=0, second=0) - timedelta(days=1)
    newcomer.write_shop(folder / "files", at)
    house = House(
        Settings.load(home=folder / "home"),
        WINBACK_BRAND_NAME="Copper and Tea",
        WINBACK_SHOP_COUNTRY="GB",
        WINBACK_POSTAL_ADDRESS="1 High Street, Exampleton",
        WINBACK_APPROVAL="always",
    )
    _done(house.winback("load", str(folder / "files")))
    with house.up("--sandbox"), browser.start(folder / "chromium") as tab:
        tab.size(1200, 860)
        house.environment["PREFECT_API_URL"] = house.api
        house.hold_schedules()
        tour = Tour(house, tab, at, began)
        tour.tell("winback load, winback up")
        tour.take("run", f"/runs/flow-run/{tour.run()}", "Completed")
        _done(house.winback("mode", "sandbox"))
        tour.run()
        tour.approve()
        tour.run()
        deployment = httpx.get(f"{house.api}/deployments/name/winback-run/run", timeout=30).json()
        tour.take("dashboard", "/dashboard", "Flow Runs")
        tour.take("deployments", "/deployments", "winback-run")  # one of the first ten, a page
        tour.take("parameters", f"/deployments/deployment/{deployment['id']}/run", "Parameters")
        tour.take("runs", "/runs", "Copper and Tea")
        tour.take("artifacts", "/artifacts", "run-report")
        for key in ("run-report", "next-24-hours"):
            tour.artifact(key)
        tour.tell("artifacts seen")


def _done(call: Any) -> None:
    if call.returncode:
        raise SystemExit(call.stderr)


def _from_clone(folder: Path) -> None:
    clone = folder / "winback"
    python = str(clone / ".venv" / "bin" / "python")
    for command, place in (
        (f"git clone --quiet {shlex.quote(str(ROOT))} winback", folder),
        ("make --silent setup", clone),
        (f"{python} scripts/make_shots.py --began {_BEGAN}", clone),
    ):
        subprocess.run(shlex.split(command), cwd=place, check=True)
    shutil.copytree(clone / "docs" / "shots", SHOTS, dirs_exist_ok=True)


_BEGAN: Final = time.monotonic()


def main() -> None:
    """Play the newcomer, and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--from-clone", action="store_true", help="begin with a clone")
    parser.add_argument("--began", type=float, default=_BEGAN, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    SHOTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        if wanted.from_clone:
            _from_clone(Path(folder))
        else:
            play(Path(folder), wanted.began)


if __name__ == "__main__":
    main()
