"""The story of a pull: ask, wait, fetch, land, and only then move on."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from winback.base.clock import Clock
from winback.base.errors import WinbackError
from winback.base.settings import Settings
from winback.landing import (
    API_FORMAT,
    LoadReport,
    Progress,
    Source,
    load,
    read_sources,
    was_replaced,
)
from winback.landing.sources.shopify_api import ABOUT, KINDS
from winback.pulling._client import Client
from winback.pulling._fetch import Fetch
from winback.pulling._open import open_client
from winback.pulling._state import Folder, Going, State, instant, open_folder

# What is deleted at the shop is found by a pull of everything.
_FULL_EVERY: Final = timedelta(days=7)
_NEEDS: Final = ("read_customers", "read_orders", "read_products")
_ALL_ORDERS: Final = "read_all_orders"
_SCOPES: Final = "query winbackScopes { currentAppInstallation { accessScopes { handle } } }"
# More than so many who are gone at once may be a mistake, and an erasure is for good.
_FEW_GONE: Final = 20
_GONE_SHARE: Final = 0.05
_CUSTOMER: Final = re.compile(rb'"id": ?"gid://shopify/Customer/([0-9]+)"')


@dataclass(frozen=True)
class PullReport:
    """One source's pull: what was asked, how many records came by kind, and what landed."""

    source: str
    shop: str
    is_full: bool
    since: str | None
    records: dict[str, int]
    load: LoadReport


def api_sources(settings: Settings, name: str | None = None) -> list[Source]:
    """The sources that are read from a shop: all of them, the one of a name, or `shopify`'s."""
    found = [it for it in read_sources(settings) if it.format == API_FORMAT]
    if name in {None, "shopify"} and not any(it.name == name for it in found):
        return found
    return [it for it in found if it.name == name]


def pull(
    source: Source,
    settings: Settings,
    clock: Clock,
    *,
    is_full: bool = False,
    progress: Progress = lambda _what, _done, _total: None,
    wait: Callable[[float], None] | None = None,
) -> PullReport:
    """Pull what changed since the last pull, or everything, and load it.

    One that breaks off at any moment is gone on with by the next. Everything is asked for with
    `is_full`, the first time, and once a week. Raises WinbackError where the shop does not give
    what is asked for; nothing has landed then.
    """
    with (
        open_folder(settings, source.name) as folder,
        open_client(source, settings, wait=wait) as client,
    ):
        return _Pull(source, settings, clock, client, folder, progress).run(is_full=is_full)


@dataclass
class _Pull:
    source: Source
    settings: Settings
    clock: Clock
    client: Client
    folder: Folder
    progress: Progress

    def run(self, *, is_full: bool) -> PullReport:
        state = self.folder.read(self.source.shop)
        going = self._going(state, is_full=is_full)
        fetch = Fetch(self.client, self.folder, state, going, self.progress)
        for kind in KINDS:
            fetch.bring(kind)
        seen = self.folder.seen()
        here = self._ids()
        gone, notes = self._gone(going, seen, here)
        self._say(going, gone)
        report = self._load(state)
        seen = here if going.is_full and not notes else seen | here
        self._move_on(state, going, seen, report.load_id)
        notes = [*report.notes, *notes, *self._scope_note(going)]
        return PullReport(
            self.source.name,
            self.source.shop,
            going.is_full,
            going.since,
            dict(going.objects),
            replace(report, notes=tuple(notes)),
        )

    def _load(self, state: State) -> LoadReport:
        files = Source(self.source.name, API_FORMAT, folder=self.folder.files)
        try:
            return load(files, self.settings, self.clock, progress=self.progress)
        except WinbackError:
            # What could not be read once will not be the next time: it is asked for anew.
            state.going = None
            self.folder.write(state)
            self.folder.forget_files()
            raise

    def _going(self, state: State, *, is_full: bool) -> Going:
        """The pull that broke off, or a new one."""
        if state.going and (state.going.is_full or not is_full):
            return state.going
        scopes = self._scopes()
        last_full = instant(state.full_at)
        if last_full is None or self.clock.now() - last_full >= _FULL_EVERY:
            is_full = True
        if was_replaced(self.settings, since=state.load_id):
            is_full = True  # what earlier pulls have landed is forgotten
        self.folder.forget_files()
        since = None if is_full else state.since
        state.going = Going(since is None, since, _ALL_ORDERS in scopes)
        self.folder.write(state)
        return state.going

    def _scopes(self) -> set[str]:
        told = self.client.ask(_SCOPES).get("currentAppInstallation") or {}
        scopes = {str(it["handle"]) for it in told.get("accessScopes") or []}
        # Who may write may read.
        scopes |= {it.replace("write_", "read_") for it in scopes}
        if missing := [it for it in _NEEDS if it not in scopes]:
            raise WinbackError(
                f"{self.source.shop}: the app may not read everything: it has no "
                f"{', '.join(missing)}. Next: give it the scopes of docs/sources.md and install "
                "it again"
            )
        return scopes

    def _ids(self) -> set[str]:
        """The customers of the file."""
        path = self.folder.files / "customers.jsonl"
        if not path.exists():
            raise WinbackError(
                "an erasure has taken what was fetched: nothing was loaded. Next: winback pull"
            )
        with path.open("rb") as file:
            return {found[1].decode() for line in file if (found := _CUSTOMER.search(line))}

    def _gone(self, going: Going, seen: set[str], here: set[str]) -> tuple[list[str], list[str]]:
        """Who is not at the shop any more, as far as a pull of everything can tell."""
        gone = sorted(seen - here) if going.is_full else []
        if len(gone) > max(min(_FEW_GONE, len(seen) / 2), _GONE_SHARE * len(seen)):
            note = (
                f"{len(gone):,} of {len(seen):,} customers are not at the shop any more. So many "
                "at once may be a mistake, so nobody is erased. Next: winback erase CUSTOMER_ID "
                "for each who was deleted"
            )
            return [], [note]
        return gone, []

    def _say(self, going: Going, gone: list[str]) -> None:
        about = {
            "objects": going.objects,
            "pulled_at": going.begun.get("customers") or self.clock.now().isoformat(),
            "gone": gone,
        }
        (self.folder.files / ABOUT).write_text(json.dumps(about), encoding="utf-8")

    def _move_on(self, state: State, going: Going, seen: set[str], load_id: str) -> None:
        """After landing has succeeded: the next pull asks from where this one began."""
        self.folder.keep_seen(seen)
        state.since = min(going.begun.values())
        if going.is_full:
            state.full_at = state.since
        state.load_id, state.going = load_id, None
        self.folder.write(state)
        self.folder.forget_files()

    def _scope_note(self, going: Going) -> Iterator[str]:
        if not going.has_all_orders:
            yield (
                "the app has no read_all_orders: only the orders of the last 60 days came, and "
                "older customers look new. Next: give it this scope and winback pull --full"
            )
