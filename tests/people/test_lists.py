"""Lists of opt-outs: in from another tool and at once in force, out to one, and back in."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

import winback.cli  # noqa: F401 - registers the commands
from winback.base.clock import FixedClock
from winback.base.errors import UsageError
from winback.cli._app import app
from winback.ledger import holds, is_suppressed, lift, suppress, tables
from winback.people.optouts import export_list, release, waiting_holds

NOW = datetime(2026, 3, 10, 20, tzinfo=UTC)
PHONE = "+14155550100"


def kept(ledger):
    columns = ("channel_group", "address", "reason", "source", "occurred_at")
    with ledger.read() as connection:
        rows = connection.execute(tables.suppressions.select()).mappings()
        return sorted(tuple(row[name] for name in columns) for row in rows)


def is_out(ledger, group, address):
    with ledger.read() as connection:
        return is_suppressed(connection, group=group, address=address)


def plan_text(ledger, address=PHONE):
    row = {
        "message_id": "m1", "enrollment_id": "e1", "playbook_id": "p", "step": 1,
        "customer_id": "c1", "channel": "sms", "variant": "a", "address": address, "sender": "MG",
        "payload_json": "{}", "payload_sha256": "0", "template_version": "0",
        "expires_at": NOW + timedelta(days=1), "zones": "UTC", "local_opens_minute": 0,
        "local_closes_minute": 1440, "state": "planned", "planned_at": NOW, "updated_at": NOW,
    }  # fmt: skip
    with ledger.write() as connection:
        connection.execute(tables.messages.insert(), [row])


def test_addresses_are_spelled_as_the_shops_and_what_is_planned_is_canceled(ledger, bring_in):
    plan_text(ledger)
    report = bring_in(
        "email,phone,reason,occurred_at,source\n"
        " Ann@Example.COM ,,unsubscribe,2026-01-02T03:04:05+01:00,old tool\n"
        "bob@example.com,+1 (415) 555-0100,stop,2026-01-02,\n"
    )
    assert (report.read, report.new, report.known, report.stopped_messages) == (2, 3, 0, 1)
    assert kept(ledger) == [
        ("email", "ann@example.com", "unsubscribe", "old tool",
         datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC)),
        ("email", "bob@example.com", "stop", "import", datetime(2026, 1, 2, 5, tzinfo=UTC)),
        ("phone", PHONE, "stop", "import", datetime(2026, 1, 2, 5, tzinfo=UTC)),
    ]  # fmt: skip


def test_a_list_brought_in_twice_changes_nothing_even_without_dates(ledger, bring_in):
    text = "email,occurred_at\na@example.com,2026-01-02\nb@example.com,\nc@example.com,soon\n"
    first = bring_in(text, reason="unsubscribe")
    before = kept(ledger)
    again = bring_in(text, at=NOW + timedelta(days=7), reason="unsubscribe")
    assert (first.new, first.known, first.undated) == (3, 0, 2)
    assert (again.new, again.known, again.undated) == (0, 3, 2)
    assert kept(ledger) == before


def test_sendgrids_exports_are_read_as_they_are(ledger, bring_in):
    assert bring_in("email,created\na@example.com,1767322800\n", reason="spam_report").new == 1
    bounces = "status,reason,email,created\n5.1.1,550 no such user,b@example.com,1767322800\n"
    assert bring_in(bounces, reason="hard_bounce").new == 1
    at = datetime(2026, 1, 2, 3, tzinfo=UTC)
    assert kept(ledger) == [
        ("email", "a@example.com", "spam_report", "import", at),
        ("email", "b@example.com", "hard_bounce", "import", at),
    ]


def test_a_row_that_cannot_be_read_is_set_aside_with_its_line_and_the_rest_goes_on(
    ledger, bring_in
):
    report = bring_in(
        "address,channel,reason\n"
        "no address,email,stop\n"
        "4155550100,sms,stop\n"
        "a@example.com,pigeon,stop\n"
        "a@example.com,email,tired of you\n"
        ",email,stop\n"
        '"two\nlines@example.com",email,stop\n'
        f"{PHONE},whatsapp,stop\n"
    )
    assert (report.read, report.new) == (7, 4)
    assert is_out(ledger, "phone", PHONE)
    assert is_out(ledger, "email", "a@example.com"), "whatever the channel and the reason are"
    assert report.rejected_file.stat().st_mode & 0o777 == 0o600
    with report.rejected_file.open(newline="") as file:
        aside = [(row["file"], row["line"], row["reason"]) for row in csv.DictReader(file)]
    assert aside == [
        ("list.csv", "2", "address is not an email address"),
        ("list.csv", "3", "address is not a number like +14155550100"),
        ("list.csv", "6", "no address"),
        ("list.csv", "7", "address is not an email address"),
    ]
    assert report.rejected.total() == 4


def test_an_old_list_does_not_undo_a_newer_start_and_a_date_to_come_is_now(ledger, bring_in):
    bring_in(f"phone,occurred_at\n{PHONE},2026-01-01\n", reason="stop")
    with ledger.write() as connection:
        start = datetime(2026, 2, 1, tzinfo=UTC)
        assert lift(connection, group="phone", address=PHONE, occurred_at=start) == 1
    bring_in(f"phone,occurred_at\n{PHONE},2026-01-15\n", reason="stop")
    assert not is_out(ledger, "phone", PHONE)
    assert bring_in(f"phone,occurred_at\n{PHONE},2036-01-15\n", reason="stop").undated == 1
    assert is_out(ledger, "phone", PHONE)
    assert kept(ledger)[-1][-1] == NOW


@pytest.mark.parametrize(
    ("text", "reason", "says"),
    [("name\nAnn\n", "stop", "none of the columns"), ("email\n", "bored", "--reason 'bored'")],
)
def test_wrong_usage_is_one_line_and_suppresses_nobody(ledger, bring_in, text, reason, says):
    with pytest.raises(UsageError, match=says):
        bring_in(text, reason=reason)
    assert kept(ledger) == []


def test_what_goes_out_comes_back_in_and_holds_and_lifted_stay_at_home(
    ledger, settings, bring_in, tmp_path
):
    def stop(address, reason, group="phone", days=0):
        at = NOW - timedelta(days=days)
        with ledger.write() as connection:
            suppress(
                connection, group=group, address=address, reason=reason, source="twilio",
                occurred_at=at, recorded_at=at,
            )  # fmt: skip

    stop(PHONE, "stop", days=1)
    stop(PHONE, "stop", days=2)
    stop("a@example.com", "spam_report", group="email")
    stop("+14155550101", "hold")
    stop("+14155550102", "stop", days=3)
    with ledger.write() as connection:
        lift(connection, group="phone", address="+14155550102", occurred_at=NOW)
    file = tmp_path / "out.csv"
    file.write_text("was here before")
    report = export_list(ledger, file)
    assert (report.written, report.holds, report.erased) == (2, 1, 0)
    assert file.stat().st_mode & 0o777 == 0o600
    text = file.read_text()
    assert text.splitlines() == [
        "email,phone,reason,source,occurred_at",
        "a@example.com,,spam_report,twilio,2026-03-10T20:00:00+00:00",
        f",{PHONE},stop,twilio,2026-03-09T20:00:00+00:00",
    ]
    assert export_list(ledger, file, group="email").written == 1
    again = bring_in(text)
    assert (again.new, again.known) == (0, 2)
    assert not list(tmp_path.glob(".*.tmp"))


def test_who_wants_no_letters_is_exported_and_known_again(ledger, bring_in, tmp_path):
    letters = [
        "ann lee\n1 high street\n\nab1 2cd\nexampleton\n\ngb",
        '\'=1+1 "bob"\n2, low road\nflat; 3\n10115\nberlin\n\nde',
    ]
    stopped = [("post", address) for address in letters] + [("email", "a@example.com")]
    with ledger.write() as connection:
        for group, address in stopped:
            suppress(
                connection, group=group, address=address, reason="unsubscribe", source="page",
                occurred_at=NOW, recorded_at=NOW,
            )  # fmt: skip
    file = tmp_path / "out.csv"
    assert export_list(ledger, file, group="post").written == 2
    assert export_list(ledger, file).written == 3
    text = file.read_text()
    before = kept(ledger)
    with ledger.write() as connection:
        connection.execute(tables.suppressions.delete())
    again = bring_in(text)
    assert (again.new, again.rejected.total()) == (3, 0)
    assert kept(ledger) == before
    # Lines that somebody else wrote would match nobody: they are set aside, and said.
    other = bring_in("letter_address,reason\n1 High Street,stop\n")
    assert list(other.rejected) == ["letter_address is not the 7 lines of winback's own export"]


def test_a_hold_is_listed_without_contact_data_and_released_by_its_id(
    ledger, settings, monkeypatch
):
    plan_text(ledger)
    for address, reason in ((PHONE, "hold"), (PHONE, "stop"), ("+14155550101", "hold")):
        with ledger.write() as connection:
            suppress(
                connection, group="phone", address=address, reason=reason, source="twilio",
                occurred_at=NOW, recorded_at=NOW,
            )  # fmt: skip
    waiting = {hold.customer_ids: hold.hold_id for hold in waiting_holds(ledger)}
    assert set(waiting) == {("c1",), ()}
    with pytest.raises(UsageError, match="no hold 'x' waits"):
        release(ledger, FixedClock(NOW), [waiting[()], "x"])
    assert is_out(ledger, "phone", "+14155550101")
    assert release(ledger, FixedClock(NOW), [waiting[()]]) == 1
    assert not is_out(ledger, "phone", "+14155550101")
    monkeypatch.setenv("WINBACK_HOME", str(settings.home))
    listed = CliRunner().invoke(app, ["suppressions", "holds"]).output
    assert waiting["c1",] in listed
    assert "c1" in listed
    assert "4155550100" not in listed
    answer = CliRunner().invoke(app, ["suppressions", "release", waiting["c1",]])
    assert answer.output == "1 holds released; other opt-outs of theirs stay\n"
    with ledger.read() as connection:
        assert holds(connection) == []
    assert is_out(ledger, "phone", PHONE)


def test_the_commands_tell_counts_and_never_an_address(settings, tmp_path, monkeypatch):
    monkeypatch.setenv("WINBACK_HOME", str(settings.home))
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("email\nann@example.com\nnobody\n")
    command = ["suppressions", "import", str(source), "--reason", "unsubscribe"]
    brought = CliRunner().invoke(app, command)
    assert brought.exit_code == 1, "whoever stands in a line that was set aside is written to"
    assert re.fullmatch(
        r"1 rows could not be read, so whom they name may still be written to: see .*/rejected/"
        r"suppressions-.*[.]csv[.] Next: mend them in in.csv and import it again, which changes "
        "nothing else",
        str(brought.exception),
    )
    assert brought.output.startswith(
        "2 rows read: 1 opt-outs new, 0 known, 1 rows set aside; 0 messages stopped\n"
        "1 have no readable date: they count from now\n"
    )
    assert "email is not an email address" in brought.output
    sent = CliRunner().invoke(app, ["suppressions", "export", str(target), "--group", "email"])
    assert sent.output.startswith("1 opt-outs written to ")
    assert "ann@" in target.read_text()
    assert "ann@" not in brought.output + sent.output


def test_a_list_goes_to_a_folder_that_is_there(ledger, tmp_path):
    with pytest.raises(UsageError, match="is no folder to write a list to"):
        export_list(ledger, tmp_path / "nowhere" / "list.csv")


@pytest.mark.parametrize(
    "date", ["0001-01-01T00:00:00+14:00", "0001-01-01", "9999-12-31T23:59:59-10:00"]
)
def test_a_date_that_began_in_no_year_is_no_date_and_stops_no_list(
    ledger, settings, bring_in, date
):
    """0001-01-01 is what some systems write for none."""
    settings.shop_timezone = "Europe/Berlin"
    report = bring_in(f"email,date\nann@example.com,{date}\nbob@example.com,2026-03-01\n")
    assert (report.new, report.undated) == (2, 1)
    assert is_out(ledger, "email", "ann@example.com")
    assert is_out(ledger, "email", "bob@example.com")
