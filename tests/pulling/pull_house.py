"""A house that pulls a shop's data, and eyes on what it keeps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
from shopify_server import SHOP, Shop

from winback.base.clock import FixedClock
from winback.base.settings import Settings
from winback.landing import Source
from winback.pulling import PullReport, pull


class House:
    """A home, with the shop's data pulled into it; `waited` are the seconds of all waits."""

    def __init__(self, shop: Shop, home: Path) -> None:
        self.shop, self.waited = shop, list[float]()
        self.clock = FixedClock(datetime(2025, 6, 1, 12, tzinfo=UTC))
        self.settings = Settings.load(home=home, shopify_base_url=shop.url)
        self.source = Source("shop", "shopify-api", shop=SHOP, token="SHOP_TOKEN")
        self.stop_at = ""

    def pull(self, *, hours: float = 1, **options: Any) -> PullReport:
        """A pull, some hours after the last one."""
        self.clock.advance(timedelta(hours=hours))
        self.shop.now = f"{self.clock.now():%Y-%m-%dT%H:%M:%SZ}"
        return pull(
            self.source, self.settings, self.clock, wait=self.waited.append,
            progress=self._progress, **options,
        )  # fmt: skip

    def _progress(self, what: str, _done: int, _total: int) -> None:
        if self.stop_at and what.startswith(self.stop_at):
            raise KeyboardInterrupt

    def landed(self, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'")
            path = self.settings.shop_dir / f"{table}.parquet"
            if not path.exists():
                return []
            query = f"select {columns} from read_parquet(?) order by all"
            return connection.execute(query, [str(path)]).fetchall()

    @property
    def folder(self) -> Path:
        return self.settings.landing_dir / "pulls" / "shop"

    def texts(self) -> str:
        """Everything under the home, as text."""
        files = [path for path in self.settings.home.rglob("*") if path.is_file()]
        return "".join(path.read_bytes().decode("latin-1") for path in files)
