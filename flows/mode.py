"""`winback mode`: show or set the mode of the house."""

from __future__ import annotations

from flows._prefect import find_server, quiet_prefect
from winback.base.clock import WallClock, shop_time
from winback.base.console import print_json, say, warn
from winback.base.settings import Mode, Settings
from winback.base.who import who
from winback.ledger import has_ledger, note_mode, noted_mode, open_ledger, require_use
from winback.readiness.modes import parse_mode, require_ready
from winback.readiness.network import require_network
from winback.sending import active_stops


def mode(settings: Settings, wanted: str | None, *, as_json: bool = False) -> None:
    """Set the mode of the house, if one is wanted, and tell what it is, by whom and since when."""
    quiet_prefect()
    find_server(settings)
    if wanted is not None:
        _set(settings, parse_mode(wanted))
    _tell(settings, as_json=as_json)


def _set(settings: Settings, wanted: Mode) -> None:
    """Set the variable, once nothing is missing for it; then note who did."""
    if wanted == "live":
        require_ready(settings)
        for answer in require_network(settings):
            warn(f"network: {answer}")
    by, at = who(), WallClock().now()
    from flows._house import write_house

    if wanted == "dry-run" and not has_ledger(settings):
        write_house(wanted)
        return
    with open_ledger(settings) as ledger:
        with ledger.read() as connection:
            stops = active_stops(connection, now=at)
            if wanted != "dry-run":
                is_rehearsal = settings.sends_to_loopback_only
                require_use(connection, wanted, is_rehearsal=is_rehearsal)
        write_house(wanted)
        with ledger.write() as connection:
            note_mode(connection, wanted, by=by, at=at)
    if wanted != "dry-run":
        for stop in stops:
            warn(f"stopped: {stop}: {stop.reason}")


def _tell(settings: Settings, *, as_json: bool) -> None:
    from flows._house import read_house

    house, noted = read_house(), None
    if has_ledger(settings):
        with open_ledger(settings) as ledger, ledger.read() as connection:
            noted = noted_mode(connection)
    if noted is not None and (house.why or noted.mode != house.mode):
        noted = None  # somebody has changed the variable in Prefect since
    since = noted.at if noted else house.since
    by = noted.by if noted else ""
    if as_json:
        print_json({"mode": house.mode, "set_by": by, "set_at": since, "why": house.why})
        return
    if house.why:
        say(f"dry-run: {house.why}")
        return
    when = shop_time(since, settings.shop_timezone) if since else "an unknown time"
    say(f"{house.mode}: set by {by or 'somebody in Prefect'}, {when}")
