"""`make demo`: a season of an invented shop, lived through by the real flows in minutes."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import quality
from flows._demo_offers import DemoOffers
from flows._prefect import quiet_prefect
from flows._server import start_beside
from winback.base.clock import FixedClock
from winback.base.console import print_rows, say
from winback.base.duck import Rows
from winback.base.places import IS_CHECKOUT, WORK_DIR
from winback.base.settings import Settings
from winback.landing import load
from winback.ledger import open_ledger
from winback.measure import report, shop_report
from winback.measure.words import tell_comparison
from winback.readiness.modes import sandbox_settings
from winback.rehearsal.demo import Shoppers, Street, generate_shop, servers
from winback.warehouse import published_rows

if TYPE_CHECKING:
    from flows._run_report import RunReport, Sent

HOME: Final = WORK_DIR / ".winback-demo"
# A Sunday night in late winter: the season crosses the day the US puts its clocks forward.
OPENS: Final = datetime(2026, 3, 2, tzinfo=UTC)
# 15:30 in London, then late enough for New York and Chicago, then for Denver and Los Angeles.
HOURS: Final = (timedelta(hours=15, minutes=30), timedelta(hours=21, minutes=30),
                timedelta(hours=23, minutes=30))  # fmt: skip
# Every step's range holds at least one of these days for who enters in the first week.
RUN_DAYS: Final = (0, 1, 2, 4, 6, 7, 10, 12)
# Long enough for the 30-day window of the first to enter.
MEASURED_AFTER: Final = timedelta(days=46)


@dataclass
class Season:
    """What the demo keeps in hand while its days go by."""

    settings: Settings
    clock: FixedClock
    shoppers: Shoppers
    street: Street
    offers: DemoOffers
    loaded_until: datetime = OPENS
    sent: Counter[str] = field(default_factory=Counter)


def demo() -> None:
    """Invent a shop, load it, live through its season, and show what came of it."""
    shutil.rmtree(HOME, ignore_errors=True)
    # A click is heard of as SendGrid tells it, at the shopper's time: the season runs in minutes.
    os.environ |= {
        "WINBACK_HOME": str(HOME),
        "WINBACK_MODE": "sandbox",
        "WINBACK_CLICK_LINKS": "false",
        # An invented shop is nobody else's.
        "WINBACK_LANDING_URL": "",
        "WINBACK_PUBLISHED_URL": "",
    }
    quiet_prefect()
    wait_for_server = start_beside(Settings.load())
    say(
        "Seven weeks of an invented shop, whose customers take to messages more than yours will.\n"
        "It takes three to four minutes on two cores, and nothing leaves this machine.\n\n"
        "1. Inventing the shop: 5,000 customers, 3 years of orders …"
    )
    shop = generate_shop(HOME / "shop", ends_at=OPENS)
    offers = DemoOffers(HOME)
    offers.write()
    settings = sandbox_settings(Settings.load(home=HOME))
    loaded = load(shop.out_dir, settings, FixedClock(OPENS))
    say(
        f"   landed {sum(table.rows for table in loaded.tables):,} rows; "
        f"{loaded.rejected} bad rows set aside in {settings.rejected_dir}"
    )
    wait_for_server()
    with (
        quality.gate(sends=True).beside(),
        _without_heartbeats(),
        _season(settings, Shoppers(shop), offers) as season,
    ):
        say(
            f"2. {len(RUN_DAYS)} days of messages, out of {RUN_DAYS[-1] + 1}: each a `winback "
            "run`, and two later looks for the zones whose windows open then.\n"
            "   Look at: who enters a playbook, and which steps leave on which day."
        )
        for number, day in enumerate(RUN_DAYS, start=1):
            line = _live_through(season, OPENS + timedelta(days=day))
            say(f"   {number} of {len(RUN_DAYS)}  {line}")
        say("3. The weeks after: who comes back, and who would have come back anyway …")
        done = _measure(season)
    _tell(settings, season, done)


@contextmanager
def _without_heartbeats() -> Iterator[None]:
    """A flow run's end waits a second for its heartbeat, which nobody watches here."""
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield


@contextmanager
def _season(settings: Settings, shoppers: Shoppers, offers: DemoOffers) -> Iterator[Season]:
    """One sandbox and one receiver for all the runs, found through the settings."""
    with servers(settings, OPENS) as found, open_ledger(settings) as ledger:
        os.environ |= {f"WINBACK_{name.upper()}": value for name, value in found.items()}
        offers.fill(ledger, settings, FixedClock(OPENS))
        street = Street(
            found["sendgrid_base_url"], shoppers, ledger, settings.shop_url, offers.percents()
        )
        yield Season(settings, FixedClock(OPENS), shoppers, street, offers)


def _live_through(season: Season, day: datetime) -> str:
    """Load what the shop sold, run, and let the later time zones have their hours."""
    from flows.run import winback_run
    from flows.stages import send_due

    came = _load_orders(season, day)
    _stand_at(season, day + HOURS[0])
    run = winback_run("sandbox", season.clock.now(), measure=False)
    season.offers.note(run.audience.published)
    sent = _accepted(run.sent)
    season.street.take_post()
    for hour in HOURS[1:]:
        _stand_at(season, day + hour)
        sent += _accepted(send_due("sandbox", season.clock.now()))
        season.street.take_post()
    season.sent += sent
    steps = ", ".join(f"{step}: {count}" for step, count in sorted(sent.items())) or "nothing"
    return f"{day:%a %d %b}  {came:>3} orders  {run.enrolled:>4} enrolled  sent {steps}"


def _accepted(sent: Sent) -> Counter[str]:
    return Counter({f"{playbook} {step}": done.counts["accepted"] for playbook, step, done in sent})


def _stand_at(season: Season, now: datetime) -> None:
    season.clock.at = now
    season.street.set_clock(now)
    season.street.act(until=now)


def _load_orders(season: Season, until: datetime) -> int:
    """Load the orders since the last load, as a shop's nightly export would bring them."""
    since = season.loaded_until
    orders = [
        *season.street.leak(season.shoppers.natural_orders(since, until)),
        *season.shoppers.caused_orders(since, until),
    ]
    folder = season.settings.home / "export"
    season.shoppers.write_orders(folder, orders)
    load(folder, season.settings, season.clock)
    season.loaded_until = until
    return len(orders)


def _measure(season: Season) -> RunReport:
    from flows.run import winback_run

    at = OPENS + MEASURED_AFTER
    _load_orders(season, at)
    _stand_at(season, at + HOURS[0])
    return winback_run("sandbox", season.clock.now(), measure=True)


def _tell(settings: Settings, season: Season, done: RunReport) -> None:
    assert done.outcomes is not None  # noqa: S101 - _measure asked for them
    published = done.outcomes.published
    print_rows("Audience funnel of the last run", report.funnel(published))
    print_rows(
        "Messages sent",
        [{"step": step, "accepted": count} for step, count in sorted(season.sent.items())],
    )
    rates = [row for row in report.reactivation_rates(published) if row["window_days"] == 30]
    print_rows("Reactivation within 30 days", rates)
    print_rows("Measured beside the known truth, 30 days", _beside_truth(season, published))
    figures = shop_report.read_figures(published, timezone=settings.shop_timezone)
    for row in shop_report.headline_effects(figures.effects):
        if row["verdict"] == "winner":
            say(f"\n{tell_comparison(row)}")
    say(f"\n{season.offers.sentences(settings, published, season.sent)}")
    _where_to_look(settings, published)


def _beside_truth(season: Season, published: Path) -> Rows:
    rows = []
    for measured in report.experiment_results(published):
        if measured["contrast"] != "treatment-vs-holdout" or measured["window_days"] != 30:
            continue
        people = [
            (row["customer_id"], row["arm"], row["entered_at"])
            for row in published_rows(published, "enrollments")
            if row["playbook_id"] == measured["playbook"]
            # As measured: only those whose window is over.
            and row["entered_at"] + timedelta(days=30) <= season.clock.now()
        ]
        truth = season.shoppers.truth(people, 30, as_of=season.clock.now())
        rows.append({
            "playbook": measured["playbook"],
            "treated": measured["n_treatment"],
            "holdout": measured["n_control"],
            "measured_points": measured["points"],
            "interval": f"{measured['low']} to {measured['high']}",
            "true_points": round(truth.effect_points, 2),
            "verdict": measured["verdict"],
        })  # fmt: skip
    return rows


def _where_to_look(settings: Settings, published: Path) -> None:
    gates = settings.reports_dir / "data_docs" / "index.html"
    written_to = (
        str(row["customer_id"])
        for row in published_rows(published, "enrollments")
        if row["arm"] == "treatment"
    )
    at = ".venv/bin/" if IS_CHECKOUT else ""
    say(
        "\nWhere to look next\n"
        "  one person's story   "
        f"WINBACK_HOME=.winback-demo {at}winback why {min(written_to)}\n"
        f"  what it was worth    {settings.report_page.resolve().as_uri()}\n"
        f"  flow runs, funnel    {at}prefect server start, then http://127.0.0.1:4200\n"
        f"  what the gates saw   {gates.resolve().as_uri()}\n"
        "  models and columns   "
        f"{at}winback dbt docs generate, then {at}winback dbt docs serve\n"
        f"  every table          {published}\n"
        f"  a shop of your own   {at}winback load DIR && {at}winback build"
    )
