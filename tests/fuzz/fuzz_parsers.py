"""Every parser of what others write, a row each: a new one is one more row."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pyarrow as pa
import pyarrow.parquet as pq
from fuzz_engine import EMAIL, NOW, NUMBER, Home, Parser, as_json, texts
from fuzz_mails import mails, one_mail
from hypothesis import strategies as st
from shopify_files import CUSTOMERS, ORDERS, account, written
from shopify_files import order as an_order

from winback.base import content_series
from winback.base.cells import CellWriter, plain
from winback.base.clock import FixedClock, parse_as_of
from winback.base.errors import UsageError, WinbackError
from winback.base.phones import PHONE, canonical, cleaned, country_code, former_spellings, kind
from winback.base.phones import readings as phone_readings
from winback.base.places import PROJECT_DIR
from winback.base.settings import Settings
from winback.cli import main
from winback.codes import import_codes
from winback.content import RenderBlocked, Renderer, count_sms_parts, one_line, to_gsm7
from winback.content._links import ClickLinks
from winback.content._names import first_name
from winback.inbound import read_log_part
from winback.inbound._collect import _parse
from winback.landing import CsvReader, XlsxReader, load
from winback.landing._amounts import decimal_mark, read_amount
from winback.landing._date_formats import read_date_formats
from winback.landing._dates import day_or_month_first, read_date
from winback.landing._files import open_table
from winback.landing._limits import Limits
from winback.landing._words import fold, read_words
from winback.landing.schema import INPUT_TABLES
from winback.ledger import AddressKey, Link, is_suppressed, normalize, read_token, sign_token
from winback.pages._page_words import words_for
from winback.people import optouts
from winback.people.erasure._person import Person
from winback.people.optouts._addresses import read_cell, read_whole
from winback.providers import Record
from winback.providers._classify import classify as outcome_of
from winback.providers._event import Unreadable
from winback.providers._machines import is_machine_agent
from winback.providers._wire import HttpResponse
from winback.providers.own.clicks import click_record
from winback.providers.sendgrid.lists import LIST_NAMES, _entry
from winback.providers.sendgrid.mail_text import mail_text
from winback.providers.sendgrid.verify import is_signed_by_sendgrid, load_public_keys
from winback.providers.twilio.twiml import answer_call
from winback.providers.twilio.verify import is_signed_by_twilio
from winback.replies import classify
from winback.replies._html import text_of
from winback.replies._plain import clean, is_foreign, readings
from winback.replies._quoted import without_ours
from winback.replies._reading import read_reply
from winback.warehouse._seeds import check_seeds

words = texts(
    "STOP", "stop", " ", "\n", ">", "> ", "On 1.2.2026 a@b wrote:\n", "From: a\nSent: b\n", "no",
    "more", "don't", "0", "5", "$", "\u0301", "\u200b", "👍", "“", "Liked “", "http://", "<", "ж",
)  # fmt: skip
pages = texts("<", ">", "</", "<a ", "<p>", "<!--", "-->", "<style>", "&#", "&amp;", "&", ";", "x")
addresses = texts(
    "@", "a", ".", "example.com", EMAIL, NUMBER, "mailto:", "?", ",", ";", "<", ">", '"', "=",
    " ", "/", "(", ")", "+", "5", "-", "\t", "'", "\u00fc", "0" * 64, "N/A", length=30_000,
)  # fmt: skip
numbers = texts(
    "+", "0", "00", "1", "44", "(", ")", "-", " ", "/", ".", "ext", "x", "tel:", "\u0661", "\uff11",
    NUMBER, ".0",
)  # fmt: skip
cells = texts("=", "+", "-", "@", "'", "\t", "\r", "\n", '"', ",", ";", "1", "a", "\u200b", NUMBER)
dates = texts(
    "2026", "-", "/", ".", "03", "31", "12", "T", " ", ":", "59", "Z", "+01:00", "Mar", "März",
    "Monday", "(", ")", "0001", "9999", "1772467200", "AM", "UTC", "\u00a0", "W01",
)  # fmt: skip
amounts = texts("1", "234", ",", ".", "'", " ", "$", "EUR", "€", "-", "+", "(", ")", "e", "9" * 30)
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
    | st.sampled_from(["\0", "\ud800", "9" * 5000, -(10**30), "0001-01-01T00:00:00+14:00"])
)  # fmt: skip
SG_NAMES = (
    "event", "email", "timestamp", "sg_event_id", "sg_message_id", "wb_message", "useragent",
    "reason", "type", "url", "status", "asm_group_id", "sg_machine_open", "wb_attempt",
)  # fmt: skip
SG_EVENTS = ("open", "click", "bounce", "dropped", "unsubscribe", "spamreport", "group_unsubscribe")
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(SG_NAMES), inner, max_size=4)
    ),
    max_leaves=6,
)
happenings = st.fixed_dictionaries(
    {"event": st.sampled_from(SG_EVENTS)}, optional=dict.fromkeys(SG_NAMES[1:], values)
)
deep = st.sampled_from([b"[", b'{"a":', b'[{"event":']).map(lambda piece: piece * 20_000)
bodies = (
    st.lists(happenings | values, max_size=4).map(as_json)
    | values.map(as_json)
    | st.binary(max_size=200)
    | deep
)
forms = st.dictionaries(
    st.sampled_from(
        ["MessageSid", "MessageStatus", "CallSid", "CallStatus", "From", "To", "Body", "Digits",
         "OptOutType", "ErrorCode", "Direction", "DateUpdated"]
    ),
    words.map(lambda it: str(it)[:60_000])
    | st.sampled_from(["delivered", "failed", "STOP", NUMBER, "inbound", "completed"]),
)  # fmt: skip
encoded = forms.map(lambda form: urlencode(form, errors="replace").encode()) | st.binary(
    max_size=200
)


def broken(content: bytes) -> st.SearchStrategy[bytes]:
    """A file with some bytes changed, cut, or said again."""

    def change(spots: list[tuple[int, bytes]], length: int) -> bytes:
        changed = bytearray(content)
        for place, what in spots:
            changed[place : place + len(what)] = what
        return bytes(changed[:length])

    spot = st.tuples(st.integers(0, len(content)), st.binary(min_size=1, max_size=4))
    length = st.just(len(content) + 99) | st.integers(0, len(content))
    return st.builds(change, st.lists(spot, max_size=6), length)


def record(provider: str, endpoint: str, body: bytes, query: str = "") -> Record:
    return Record(provider, endpoint, NOW, query, {}, body, ref="s:1")


def callback(provider: str, *endpoints: str) -> Any:
    """Read a body as each of these callbacks; what makes no sense is told as that."""

    def read(_: Home, body: bytes) -> None:
        for endpoint in endpoints:
            kept = Record.from_line(record(provider, endpoint, body).to_line(), ref="s:1")
            assert kept.body == body
            try:
                events = list(_parse(kept))
            except Unreadable:
                continue
            for event in events:
                assert "\0" not in f"{event}"

    return read


def a_text_that_says_stop(_: Home, form: dict[str, str]) -> None:
    said = form | {"MessageSid": "SM1", "From": NUMBER, "Body": "Stop."}
    body = urlencode(said, errors="replace").encode()
    [event] = _parse(record("twilio", "inbound", body))
    assert classify(event.reply.text) == "stop"


def a_reply(_: Home, text: object) -> None:
    reading = read_reply(str(text), sent=(str(text)[:2000],))
    assert reading.intent_of(is_opted_out=True)
    without_ours(str(text)[:2000].splitlines(), [str(text)[:500]])


def plain_words(_: Home, text: object) -> None:
    said = clean(str(text))
    assert said == " ".join(said.split())
    assert is_foreign(str(text)) in {True, False}
    assert readings(str(text))[0] == said


def a_phone(_: Home, text: object) -> None:
    for country in (None, "US", "GB", "DE", "IT", "BR"):
        number = canonical(str(text), country)
        if number is not None:
            assert PHONE.fullmatch(number)
            assert canonical(number) == number
            assert number in phone_readings(str(text), country)
            kind(number)
            former_spellings(number)
    cleaned(str(text))
    country_code(str(text))


def a_cell(_: Home, row: list[object]) -> None:
    written = [str(cell).replace("\0", "") for cell in row]
    stream = io.StringIO()
    CellWriter(stream).writerow(written)
    # A line of nothing is a row of nothing.
    read = next(csv.reader(io.StringIO(stream.getvalue(), newline="")), [])
    assert [plain(cell) for cell in read] == written
    for cell in read:
        assert not cell.startswith(("=", "@", "\t", "\r"))


def an_address(_: Home, text: object) -> None:
    for kind_ in ("email", "phone", "any", "hash", "maybe"):
        read_cell(str(text), kind_, ["US"], loose=kind_ == "maybe")
    read_whole(str(text), hashes=True)


def a_list(home: Home, content: bytes) -> None:
    """Whoever stands on a line of their own before anything odd is opted out, or it is refused."""
    file = home.folder / "list.csv"
    who = f"a{home.keep.setdefault('lists', 0)}@example.com"
    file.write_bytes(f"email,date\n{who},\n".encode() + content)
    optouts.import_list(home.ledger, home.settings, FixedClock(NOW), file)
    home.keep["lists"] += 1
    with home.ledger.read() as connection:
        assert is_suppressed(connection, group="email", address=who)


def a_list_of_any_kind(home: Home, content: bytes) -> None:
    file = home.folder / "list.txt"
    file.write_bytes(content)
    optouts.import_list(home.ledger, home.settings, FixedClock(NOW), file)


def a_list_of_codes(home: Home, content: bytes) -> None:
    """A good line among others comes in, whatever the others are."""
    file = home.folder / "codes.csv"
    code = f"GOOD{home.keep.setdefault('codes', 0)}"
    file.write_bytes(f"code,ends_at\n{code},\n".encode() + content)
    report = import_codes(
        home.ledger, home.settings, FixedClock(NOW), file, offer="welcome_back_20"
    )
    home.keep["codes"] += 1
    assert report.new >= 1
    assert report.read == report.new + report.known + report.rejected.total()


def a_csv(home: Home, content: bytes) -> None:
    """Every line that is not blank comes back, as a row or set aside."""
    file = home.folder / "orders.csv"
    file.write_bytes(content)
    rows = rejected = 0
    for batch in CsvReader(file, limits=Limits()).batches():
        rows, rejected = rows + len(batch.rows), rejected + len(batch.rejected)
    assert rows + rejected <= content.count(b"\n") + content.count(b"\r") + 1


def a_packed_csv(home: Home, content: bytes) -> None:
    file = home.folder / "orders.csv.gz"
    file.write_bytes(content)
    for _ in CsvReader(file).batches():
        pass


def a_workbook(home: Home, content: bytes) -> None:
    file = home.folder / "list.xlsx"
    file.write_bytes(content)
    for _ in XlsxReader(file, limits=Limits()).batches():
        pass


def a_parquet(home: Home, content: bytes) -> None:
    file = home.folder / "customers.parquet"
    file.write_bytes(content)
    for _ in open_table(file, INPUT_TABLES["customers"], Limits()).batches():
        pass


def a_shop(home: Home, files: dict[str, bytes]) -> None:
    """Of a file of consents nothing but what it grants in clean words is granted."""
    folder = home.folder / "shop"
    folder.mkdir(exist_ok=True)
    whole = {"customers.csv": SHOP["customers.csv"], "orders.csv": SHOP["orders.csv"]} | files
    for name, content in whole.items():
        (folder / name).write_bytes(content)
    try:
        load(folder, home.settings, FixedClock(NOW), replace=True)
    finally:
        for name in whole:
            (folder / name).unlink()


def an_export(home: Home, files: dict[str, bytes]) -> None:
    """Of Shopify's exports; an address is never an id."""
    folder = home.folder / "export"
    folder.mkdir(exist_ok=True)
    whole = EXPORTS | files
    for name, content in whole.items():
        (folder / name).write_bytes(content)
    try:
        load(folder, home.settings, FixedClock(NOW), format="shopify", replace=True)
        owners = pq.read_table(home.settings.shop_dir / "customers.parquet")
        assert not any("@" in it for it in owners["customer_id"].to_pylist())
    finally:
        for name in whole:
            (folder / name).unlink()


def a_list_of_consents(home: Home, file: tuple[str, str, bytes]) -> None:
    """Of Mailchimp, Klaviyo or listmonk; it never takes the shop's customers away."""
    if not (home.settings.shop_dir / "customers.parquet").exists():
        a_shop(home, {})
    before = pq.read_table(home.settings.shop_dir / "customers.parquet")
    system, name, content = file
    path = home.folder / name
    path.write_bytes(content)
    try:
        load(path, home.settings, FixedClock(NOW), format=system)
    finally:
        path.unlink()
    assert pq.read_table(home.settings.shop_dir / "customers.parquet") == before


def a_date(_: Home, text: object) -> None:
    for order in (None, "day first", "month first"):
        read = read_date(str(text), order)
        assert read is None or isinstance(read, str) or read.value
    day_or_month_first(str(text))


def an_amount(_: Home, text: object) -> None:
    for mark in (None, ".", ","):
        read = read_amount(str(text), mark)
        if isinstance(read, str):
            assert Decimal(read).is_finite()
    decimal_mark(str(text))


def a_word(_: Home, text: object) -> None:
    assert fold(fold(str(text))) == fold(str(text))
    for seed in ("consent_words", "order_words"):
        read_words(seed)(str(text))


def an_env_file(home: Home, content: bytes) -> None:
    file = home.folder / ".env"
    file.write_bytes(content)
    read = Settings.load(_env_file=file)
    assert "\n" not in read.from_name + read.from_email + read.brand_name


def an_instant(_: Home, text: object) -> None:
    for zone in ("UTC", "Europe/Berlin", "America/New_York", "Pacific/Kiritimati"):
        assert parse_as_of(str(text), zone).tzinfo


def a_seed(home: Home, content: bytes) -> None:
    folder = home.folder / "seeds"
    folder.mkdir(exist_ok=True)
    (folder / "playbooks.csv").write_bytes(
        (content_series.SEEDS_DIR / "playbooks.csv").read_bytes()
    )
    (folder / "content_series.csv").write_bytes(content)
    # Whoever reads replies goes on with none.
    earlier, content_series.SEEDS_DIR = content_series.SEEDS_DIR, folder
    try:
        for series in content_series.content_series():
            assert all(isinstance(word, str) for word in (*series.keywords, series.leave_keyword))
    finally:
        content_series.SEEDS_DIR = earlier
    check_seeds(folder)


def an_answer(_: Home, answer: tuple[str, int, dict[str, str], bytes]) -> None:
    """Whoever answers in whatever words: it fits into the ledger, and a yes is no refusal."""
    provider, status, headers, body = answer
    outcome = outcome_of(provider, HttpResponse(status, headers, body))  # type: ignore[arg-type]
    for text in (outcome.reason, outcome.code, outcome.provider_id, outcome.request_id):
        assert text is None or (text.isprintable() and text.isascii() and len(text) < 256)
    if status < 300 or status >= 500:
        assert outcome.kind in {"accepted", "unknown"}


def a_listed_row(_: Home, row: Any) -> None:
    for name in LIST_NAMES:
        entry = _entry(name, row)
        assert entry is None or entry.address.isprintable()


# What the templates can't do without.
OFFER: dict[str, object] = {
    "country": "US", "offer_id": "welcome_back_20", "offer_kind": "percent",
    "offer_value": Decimal(20), "offer_code": "WELCOME20",
    "offer_expires_at": NOW + timedelta(days=30), "first_name": "Ann",
    "last_product_name": "Blue mug", "context_product_name": "Red mug",
}  # fmt: skip


def a_message(home: Home, facts: dict[str, object]) -> None:
    renderer = home.keep.setdefault("renderer", Renderer(home.settings))
    for template, channel in (("browse_offer/1", "email"), ("sms_four_step/1", "sms")):
        row = OFFER | {"template": template, "channel": channel, "zones": "UTC"} | facts
        renderer.render(row, unsubscribe_url="https://h.example.com/u/1", link_at="l{}".format)


def a_name(_: Home, text: object) -> None:
    name = first_name(str(text))
    assert name == one_line(name)
    assert not set(name) & set("<>\n\r\0@/:")
    assert count_sms_parts(to_gsm7(str(text)[:2000])) >= 1


def links(_: Home, text: object) -> None:
    clicks = ClickLinks("https://h.example.com/r/{}".format)
    clicks.in_text(str(text))
    clicks.in_html(str(text))
    assert all(url.lower().startswith(("http://", "https://")) for url in clicks.targets)


def a_person(home: Home, text: object) -> None:
    """Whatever stands around an address, it is taken out."""
    with home.ledger.read() as connection:
        key = home.keep.setdefault("key", None) or AddressKey.of(connection)
    home.keep["key"] = key
    hidden = {key.hide(normalize("email", EMAIL)), key.hide(normalize("phone", NUMBER))}
    person = Person("c1", "erased-1", key, frozenset(hidden), frozenset(), frozenset(),
                    frozenset(), frozenset())  # fmt: skip
    foreign = f"{text} {EMAIL} {text}\n{NUMBER}\n"
    assert person.is_in(foreign)
    left = person.redacted(foreign)
    assert f" {EMAIL} " not in left
    assert f"\n{NUMBER}\n" not in left


def a_token(home: Home, token: str) -> None:
    assert read_token(home.ledger, token) is None
    ours = sign_token(home.ledger, "m1")
    assert read_token(home.ledger, ours) == "m1"


def a_click(_: Home, headers: dict[str, str]) -> None:
    kept = click_record(Link("m1", 0, "https://shop.example.com"), "GET", headers, NOW)
    [event] = _parse(Record.from_line(kept.to_line(), ref="s:1"))
    assert event.message_id == "m1"


def an_agent(_: Home, text: object) -> None:
    is_machine_agent(str(text)[:60_000])
    words_for(str(text)[:60_000])


def a_signature(home: Home, request: tuple[str, str, bytes]) -> None:
    signature, timestamp, body = request
    keys = home.keep.setdefault(
        "keys", load_public_keys(home.settings.sendgrid_webhook_public_keys)
    )
    headers = {
        "x-twilio-email-event-webhook-signature": signature,
        "x-twilio-email-event-webhook-timestamp": timestamp,
        "x-twilio-signature": signature,
    }
    assert not is_signed_by_sendgrid(body, headers, keys)
    assert not is_signed_by_twilio(body, headers, url="https://h.example.com", auth_token="t")


def a_call(home: Home, body: bytes) -> None:
    assert b"<Hangup" in bytes(answer_call(home.settings, body).body)


def a_log_part(home: Home, content: bytes) -> None:
    file = home.folder / "w-000000000001.jsonl"
    file.write_bytes(content)
    for kept in read_log_part(file):
        assert kept.ref


def a_command(home: Home, arguments: list[str]) -> None:
    """One line and an exit code, whatever is typed."""
    told = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace")
    earlier, sys.argv, code = sys.argv, ["winback", *arguments], None
    try:
        with chdir(home.folder), redirect_stdout(told), redirect_stderr(told):
            main()
    except SystemExit as end:
        code = end.code
    finally:
        sys.argv = earlier
    assert code in {None, 0, 1, 2}


SHOP = {
    "customers.csv": f"customer_id,email,phone,country\nc1,{EMAIL},{NUMBER},US\nc2,,,\n".encode(),
    "orders.csv": b"order_id,customer_id,ordered_at,total_amount,status\n"
    b"o1,c1,2025-03-01T10:00:00Z,12.50,completed\no2,c2,01/02/2025,\"1,234\",paid\n",
    "consents.csv": b"customer_id,channel,status,basis,occurred_at,source\n"
    b"c1,email,granted,express,2025-01-01T00:00:00Z,form\nc2,sms,revoked,,2025-02-01,x\n",
}  # fmt: skip


LISTS = {
    ("mailchimp", "unsubscribed_1.csv"): "Email Address,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,"
    f"CONFIRM_IP,UNSUB_TIME\n{EMAIL},2025-01-01,192.0.2.1,2025-01-02,,2025-02-03\n",
    ("klaviyo", "profiles.csv"): "Email,Phone Number,Email Marketing Consent,"
    "Email Marketing Consent Timestamp,SMS Marketing Consent,SMS Marketing Consent Timestamp\n"
    f"{EMAIL},{NUMBER},SUBSCRIBED,2025-01-01T00:00:00Z,UNSUBSCRIBED,2025-01-01T00:00:00Z\n",
    ("listmonk", "s.csv"): f"email,status,updated_at\n{EMAIL},blocklisted,2025-01-01\n",
}
EXPORTS = {
    "customers.csv": written(
        CUSTOMERS, [account(1, EMAIL, accepts_email_marketing="yes"), account(2, "")]
    ).encode(),
    "orders_1.csv": written(
        ORDERS,
        [*an_order(1, EMAIL, ("tea", "Tea", 1, "1.00"), ("", "Mug", 2, "2.00")), *an_order(2, "")],
    ).encode(),
    "orders_2.csv": written(ORDERS, an_order(3, "", phone=NUMBER)).encode(),
}


def a_parquet_file() -> bytes:
    stream = io.BytesIO()
    columns = {"customer_id": ["c1", "c2"], "email": [EMAIL, None], "phone": [NUMBER, "x"]}
    pq.write_table(pa.table(columns), stream)
    return stream.getvalue()


# A workbook of one cell is more than a test should write by hand, and no library here writes one.
def a_workbook_file() -> bytes:
    import zipfile

    sheet = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="xml" '
        'ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{rel}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="r1" Type="{rel}/worksheet" Target="worksheets/s.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{sheet}" xmlns:r="{rel}"><sheets>'
        '<sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/worksheets/s.xml": f'<worksheet xmlns="{sheet}"><sheetData><row r="1">'
        '<c r="A1" t="inlineStr"><is><t>email</t></is></c><c r="B1"><v>1</v></c></row><row r="2">'
        f'<c r="A2" t="inlineStr"><is><t>{EMAIL}</t></is></c><c r="B2"><v>45000.5</v></c></row>'
        "</sheetData></worksheet>",
    }
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return stream.getvalue()


def lines(*pieces: str) -> st.SearchStrategy[bytes]:
    """The bytes of a text file made of such pieces, some of them of no encoding."""
    piece = st.sampled_from(pieces).map(str.encode) | st.binary(max_size=3)
    return st.lists(piece, max_size=25).map(b"".join)


LIST_PIECES = (
    "email", "phone", "date", "reason", "status", ",", ";", "\t", "\n", "\r\n", '"', "\0", EMAIL,
    NUMBER, "0001-01-01", "9999-12-31T23:59:59-12:00", "2026-03-01", "1772467200", "@", "=", " ",
    "\ufeff", "subscribed", "<", ">", "mailto:", "No",
)  # fmt: skip
ENV_PIECES = (
    "WINBACK_", "HOME", "MODE", "SHOP_TIMEZONE", "FROM_EMAIL", "FROM_NAME", "BRAND_NAME",
    "EMAIL_PER_SECOND", "CHANNELS", "INPUT_COLUMNS", "=", "\n", '"', "'", "\\n", "\\", "\0", "$",
    "${", "}", "#", "export ", "nan", "inf", "-1", "9" * 5000, "Europe/Berlin", "../", " ",
)  # fmt: skip
AS_OFS = ("0001-01-01", "9999-12-31", "0001-01-01T00:00:00+14:00", "2026-03-01", "x", "")
ARGUMENTS = st.sampled_from(
    ["--as-of", "--mode", "--date-format", "--country", "--reason", "--source", "--json", "--text",
     "--dry-run", "--because", "--closed", "--whole", "--help", "-", "--", "", "\0", "\udcff", "c1",
     "%d/%m/%Y", "%d/%d/%m/%Y", "orders=%d.%m.%Y", "list.csv", "shop", "/dev/null", "GB", "live",
     "dry-run", "x" * 300, "http://[", *AS_OFS]
) | st.text(max_size=5)  # fmt: skip
COMMANDS = st.sampled_from(
    [["load"], ["load", "shop"], ["why"], ["erase"], ["build", "--as-of"], ["inbox"],
     ["inbox", "resolve"], ["inbox", "reply"], ["reconcile", "list"], ["reconcile", "release"],
     ["suppressions", "import"], ["suppressions", "import", "list.csv"], ["suppressions", "export"],
     ["suppressions", "holds"], ["suppressions", "release"], ["doctor"], ["backtest"],
     ["run", "--mode", "live"]]
)  # fmt: skip

PARSERS = (
    Parser("mails", mails, one_mail, (), 3),
    Parser("events of SendGrid", bodies, callback("sendgrid", "events")),
    Parser("callbacks of Twilio", encoded,
           callback("twilio", "status", "inbound", "voice", "fetched")),
    Parser("what our pages keep", bodies, callback("winback", "unsubscribe", "preference", "click"),
           (ValueError, LookupError, TypeError, AttributeError, RecursionError)),
    Parser("a text that says stop", forms, a_text_that_says_stop),
    Parser("calls", encoded, a_call),
    Parser("signatures", st.tuples(
        st.text(st.characters(max_codepoint=255), max_size=90)
        | st.binary(max_size=80).map(lambda it: base64.b64encode(it).decode()),
        st.text(st.characters(max_codepoint=255), max_size=12), st.binary(max_size=90)),
           a_signature),
    Parser("event log", lines(
        '{"provider":', '"sendgrid"', ",", '"endpoint":', '"events"', '"received_at":', '"x"', "}",
        '"2026-03-02T16:00:00+00:00"', '"query":""', '"headers":{}', '"body":', '"body_base64":',
        "[" * 5000, "\n", "null", "1"), a_log_part),
    Parser("replies", words, a_reply),
    Parser("words as they are compared", words, plain_words),
    Parser("pages of mails", pages, lambda _, page: text_of(str(page))),
    Parser("whole mails", texts(
        "Content-Type: ", "multipart/mixed; boundary=b", "text/plain", "; charset=", "punycode",
        "utf-7", "\n", "--b", "--", "message/rfc822", "Content-Transfer-Encoding: base64", "x",
        "=?utf-8?q?=", ":",
        "\n\n", "STOP"), lambda _, mail: mail_text({"email": str(mail)})),
    Parser("agents and languages", texts("bot", "Mozilla/5.0", "(", ")", ";", " ", "de", ",", ";q=",
           "0.5", "-", "*", "/", "a"), an_agent),
    Parser("clicks", st.dictionaries(st.sampled_from(["user-agent", "purpose", "x-moz"]),
           st.text(max_size=400)), a_click),
    Parser("click tokens", st.text(max_size=60) | st.binary(max_size=60).map(
        lambda raw: base64.urlsafe_b64encode(raw).decode()), a_token),
    Parser("phones", numbers, a_phone),
    Parser("cells", st.lists(cells, min_size=1, max_size=4), a_cell),
    Parser("addresses in a list", addresses, an_address, (), 3),
    Parser("lists of opt-outs", lines(*LIST_PIECES), a_list, (UsageError, WinbackError)),
    Parser("lists of any kind", lines(*LIST_PIECES) | broken(gzip.compress(b"a@example.com\n" * 9)),
           a_list_of_any_kind, (UsageError, WinbackError)),
    Parser("lists of codes", lines("a1", ",", ";", "\n", "\r", '"', "\0", " ", "ü", "2026-03-31"),
           a_list_of_codes),
    Parser("CSV files", lines("a", ",", "b", "\n", "\r", "\r\n", '"', "\0", "\ufeff", " ", "ü"),
           a_csv, (WinbackError,)),
    Parser("packed CSV files", broken(gzip.compress(b"a,b\n1,2\n" * 20)), a_packed_csv,
           (WinbackError,)),
    Parser("workbooks", broken(a_workbook_file()), a_workbook, (WinbackError,), 3, at_once=3),
    Parser("Parquet files", broken(a_parquet_file()), a_parquet, (WinbackError,), 3),
    Parser("shops", st.fixed_dictionaries({}, optional={
        name: broken(content) for name, content in SHOP.items()}), a_shop, (WinbackError,), 5,
           at_once=2, is_replayed=False),
    Parser("exports of Shopify", st.fixed_dictionaries({}, optional={
        name: broken(content) for name, content in EXPORTS.items()}), an_export, (WinbackError,), 5,
           at_once=2, is_replayed=False),
    Parser("lists of consents", st.one_of(*(
        st.tuples(st.just(system), st.just(name), broken(content.encode()))
        for (system, name), content in LISTS.items())), a_list_of_consents, (WinbackError,), 5,
           at_once=2, is_replayed=False),
    Parser("dates", dates, a_date),
    Parser("amounts", amounts, an_amount),
    Parser("words of a status", texts("Opted", "-", "_", " ", ".", "\u0142", "é", "1"), a_word),
    Parser("formats of dates", texts("%d", "%m", "%Y", "/", "=", "orders", "%", "%H", "%j", "\0",
           "(", "[", length=200), lambda _, text: read_date_formats([str(text)]), (UsageError,)),
    Parser("--as-of", dates | st.sampled_from(AS_OFS), an_instant, (UsageError,)),
    Parser("settings in .env", lines(*ENV_PIECES), an_env_file, (UsageError,)),
    Parser("webhook keys", st.binary(max_size=120).map(lambda it: base64.b64encode(it).decode())
           | st.text(max_size=30), lambda _, text: load_public_keys(text), (UsageError,)),
    Parser("seeds", broken((PROJECT_DIR / "dbt_project/seeds/content_series.csv").read_bytes()),
           a_seed, (WinbackError,)),
    Parser("commands", st.tuples(COMMANDS, st.lists(ARGUMENTS, max_size=4)).map(
        lambda it: [*it[0], *it[1]]), a_command, (), 10, at_once=5, is_replayed=False),
    Parser("answers of providers", st.tuples(
        st.sampled_from(["sendgrid", "twilio"]), st.integers(100, 599),
        st.dictionaries(st.sampled_from(["retry-after", "date", "x-ratelimit-reset",
            "x-message-id", "twilio-request-id"]), st.text(st.characters(max_codepoint=255))),
        bodies | st.dictionaries(st.sampled_from(["sid", "code", "errors", "message"]), values)
        .map(as_json)), an_answer),
    Parser("rows of lists of SendGrid", st.dictionaries(
        st.sampled_from(["email", "created", "created_at", "group_id"]), values) | values,
        a_listed_row),
    Parser("facts in messages", st.dictionaries(
        st.sampled_from(["first_name", "last_product_name", "last_product_url", "zones",
            "context_product_name", "context_product_url", "favorite_category"]),
        st.text(max_size=60) | st.sampled_from(["{{ brand }}", "{% x %}", "https://a.example/?q=<"])),
        a_message, (RenderBlocked,)),
    Parser("first names", words, a_name),
    Parser("links in messages", texts("http://", "https://a", "<a ", "href=", '"', "'", ">", ".",
           " ", ")", "("), links),
    Parser("addresses to erase", addresses, a_person),
)  # fmt: skip
