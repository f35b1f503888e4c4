"""A pull in a process of its own, which kills itself where it is told: `HOME URL NOW STAGE`."""

from __future__ import annotations

import os
import signal
import sys
from datetime import datetime
from pathlib import Path

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.landing import Source
from winback.pulling import pull

HOME, URL, NOW, STAGE, SHOP = sys.argv[1:]


def die(what: str, _done: int, _total: int) -> None:
    if what.startswith(STAGE):
        os.kill(os.getpid(), signal.SIGKILL)


pull(
    Source("shop", "shopify-api", shop=SHOP, token="SHOP_TOKEN"),
    Settings.load(home=Path(HOME), shopify_base_url=URL),
    FixedClock(datetime.fromisoformat(NOW)),
    progress=die,
    wait=lambda _: None,
)
