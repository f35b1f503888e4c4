"""What is left of each pool, and what came of the rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from winback.base.duck import connect, rows_with
from winback.base.settings import Settings
from winback.codes._offers import OFFERS_FILE, read_offers
from winback.ledger import Ledger, Pool, read_pools

_REDEEMED: Final = """
    select offer_id, count(*) as orders, count(*) filter (where is_by_stranger) as by_strangers
    from read_parquet($redemptions)
    where code_kind = 'own'
    group by offer_id
"""


_STOPPED: Final = """
    select * from read_parquet($limits) where is_leaked or room = 0 order by offer_id
"""


@dataclass(frozen=True)
class PoolLine:
    """An offer's codes as `winback codes` lists them.

    `redeemed`, and how many of these `by_strangers`, are None before a build knows.
    """

    offer_id: str
    is_in_use: bool
    left: int
    needed: int
    given: int
    redeemed: int | None
    by_strangers: int | None
    ended: int


def pool_lines(
    ledger: Ledger, settings: Settings, *, at: datetime, offers_file: Path = OFFERS_FILE
) -> list[PoolLine]:
    """Each pool, also that of an offer with codes of one's own that has none yet."""
    redeemed = _redeemed(settings.published_dir / "current")
    own = _own_offers(offers_file)
    return [
        PoolLine(
            offer_id=pool.offer_id,
            is_in_use=pool.offer_id in own,
            left=pool.left,
            needed=pool.needed,
            given=pool.given,
            redeemed=None if redeemed is None else redeemed.get(pool.offer_id, (0, 0))[0],
            by_strangers=None if redeemed is None else redeemed.get(pool.offer_id, (0, 0))[1],
            ended=pool.ended,
        )
        for pool in _pools(ledger, at, own)
    ]


def scarce_pools(ledger: Ledger, *, at: datetime, offers_file: Path = OFFERS_FILE) -> list[str]:
    """The pools in use that will not do for the week, in words."""
    own = _own_offers(offers_file)
    pools = [pool for pool in _pools(ledger, at, own) if pool.offer_id in own]
    return [str(pool) for pool in pools if pool.is_scarce or not pool.left]


def _own_offers(offers_file: Path) -> set[str]:
    offers = read_offers(offers_file)
    return {offer_id for offer_id, row in offers.items() if row.get("code_source") == "own"}


def _pools(ledger: Ledger, at: datetime, own: set[str]) -> list[Pool]:
    with ledger.read() as connection:
        pools = {pool.offer_id: pool for pool in read_pools(connection, at=at)}
    return [pools.get(offer_id, Pool(offer_id)) for offer_id in sorted(own | pools.keys())]


def leaked_codes(published: Path) -> str:
    """How many codes of customers' own were used by others, in words; empty where none was."""
    found = _redeemed(published) or {}
    orders, by_strangers = (sum(row[pos] for row in found.values()) for pos in (0, 1))
    if not by_strangers:
        return ""
    return (
        f"Codes used by another person than they were given to: {by_strangers:,} of {orders:,}. "
        "Next: the table offer_redemptions names them"
    )


def stopped_offers(published: Path) -> list[str]:
    """The offers that a build found nothing left of, in words; none before a build."""
    path = published / "offer_limits.parquet"
    if not path.exists():
        return []
    with connect() as connection:
        rows = rows_with(connection, _STOPPED, limits=path)
    return [
        f"{row['offer_id']} is stopped: {row['stranger_count']:,} orders used codes that were "
        f"another's, and its stop_after_strangers is {row['stop_after_strangers']:,}. Next: the "
        "table offer_redemptions names them; end the codes at the shop, then raise the bound"
        if row["is_leaked"]
        else f"{row['offer_id']} is used up by its limits or its pool: nobody enters a playbook "
        "that gives it. Next: winback codes, and the limits in offers.csv"
        for row in rows
    ]


def _redeemed(published: Path) -> dict[str, tuple[int, int]] | None:
    """Orders with a code of one's own, and those of them by strangers, by offer."""
    path = published / "offer_redemptions.parquet"
    if not path.exists():
        return None
    with connect() as connection:
        rows = rows_with(connection, _REDEEMED, redemptions=path)
    return {row["offer_id"]: (row["orders"], row["by_strangers"]) for row in rows}
