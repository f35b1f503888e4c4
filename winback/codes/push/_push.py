"""The story of a push: make what the pool lacks, hand it to the shop, and keep what it confirms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Final

from winback.base.clock import Clock
from winback.base.errors import UsageError
from winback.base.settings import Settings
from winback.codes._import import end_of
from winback.codes._make import MOST, make_new, prefix_of
from winback.codes._offers import OFFERS_FILE, read_offers, require_offer
from winback.codes.push._shop import Handed, OpenShop
from winback.codes.push._shopify import shopify
from winback.codes.push._terms import terms_of
from winback.codes.push._woocommerce import woocommerce
from winback.ledger import (
    Ledger,
    NewCode,
    confirm_codes,
    drop_pending,
    free_codes,
    keep_pending,
    pending_codes,
)

# How long after the end of an offer that begins today its codes hold at the least, where nobody
# said: so long the pool serves those who enter later.
_RESERVE: Final = timedelta(days=30)


SHOPS: Final[Mapping[str, OpenShop]] = {"shopify": shopify, "woocommerce": woocommerce}


@dataclass
class PushReport:
    """The outcome of a push. `had` codes were in the pool before, `resumed` on their way."""

    shop: str
    offer_id: str
    had: int = 0
    resumed: int = 0
    made: int = 0
    confirmed: int = 0
    refused: int = 0
    ends_at: list[datetime] = field(default_factory=list)


def push_codes(
    ledger: Ledger,
    settings: Settings,
    clock: Clock,
    shop: str,
    offer: str,
    *,
    fill: int,
    until: str = "",
    prefix: str = "",
    open_shop: OpenShop | None = None,
    offers_file: Path = OFFERS_FILE,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> PushReport:
    """Fill the pool of an offer up to `fill` codes that can be given to who enters today.

    Codes of an earlier push that broke off are handed over first. A code is of the pool once the
    shop has confirmed it with its end. Again, with a full pool, it changes nothing. Raises
    UsageError for what can't be pushed, WinbackError where the shop refuses or doesn't answer.
    """
    offers = read_offers(offers_file)
    require_offer(offer, offers)
    if not 1 <= fill <= MOST:
        raise UsageError(f"--fill {fill} is not between 1 and {MOST:,}.")
    begins = prefix_of(prefix)
    now = clock.now()
    lasts_until = now + timedelta(days=int(offers[offer]["validity_days"]))
    ends_at = _end(until, settings, lasts_until)
    if ends_at < lasts_until:
        raise UsageError(
            f"--until {until}: a message of today says {offers[offer]['validity_days']} days, so "
            f"no code that ends before can be given. Next: --until {lasts_until:%Y-%m-%d} or later"
        )
    terms_of(offer, offers[offer], ends_at)
    with (open_shop or SHOPS[shop])(settings, ledger, clock) as opened:
        report = PushReport(opened.name, offer)
        with ledger.read() as connection:
            report.had = free_codes(connection, offer_id=offer, until=lasts_until)
            on_their_way = pending_codes(connection, shop=opened.name, offer_id=offer)
        report.resumed = len(on_their_way)
        usable = sum(it.ends_at >= lasts_until for it in on_their_way)
        report.made = max(0, fill - report.had - usable)
        if report.made:
            codes = make_new(ledger, report.made, begins)
            with ledger.write() as connection:
                new = [NewCode(code, offer, ends_at) for code in codes]
                keep_pending(connection, new, shop=opened.name, at=now)
                on_their_way = pending_codes(connection, shop=opened.name, offer_id=offer)

        def settle(end: datetime, handed: Handed) -> None:
            with ledger.write() as connection:
                report.confirmed += confirm_codes(
                    connection, handed.confirmed, offer_id=offer, ends_at=end, at=clock.now()
                )
                drop_pending(connection, handed.refused)
            report.refused += len(handed.refused)
            progress(report.confirmed + report.refused, len(on_their_way))

        for end, codes_of_end in groupby(on_their_way, key=lambda it: it.ends_at):
            report.ends_at.append(end)
            terms = terms_of(offer, offers[offer], end)
            opened.hand_over(terms, list(codes_of_end), partial(settle, end))
    return report


def _end(until: str, settings: Settings, lasts_until: datetime) -> datetime:
    """The end of the new codes, to the second: a shop keeps no more.

    Without `until` it is the end of a month, so that the next push adds to the same discount.
    """
    if until:
        return end_of(until, settings).replace(microsecond=0)
    far = lasts_until + _RESERVE
    next_month = (far.replace(day=1) + timedelta(days=32)).replace(day=1)
    last_day = next_month.date() - timedelta(days=1)
    return end_of(last_day.isoformat(), settings).replace(microsecond=0)
