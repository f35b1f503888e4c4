"""Lists as other tools and people write them: the unit is the address, and none gets lost."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

import winback.cli  # noqa: F401 - registers the commands
from winback.base.errors import UsageError, WinbackError
from winback.cli._app import app
from winback.ledger import is_suppressed, suppressions_in_force, tables
from winback.people.optouts import _lists, export_list

ANN, BOB, PHONE = "ann@example.com", "bob@example.com", "+14155550100"
NOW = datetime(2026, 3, 10, 20, tzinfo=UTC)


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def workbook(rows):
    """The smallest workbook that holds these rows on its one sheet."""

    def cell(value):
        if isinstance(value, float):
            return f"<c><v>{value}</v></c>"
        return f'<c t="inlineStr"><is><t>{value or ""}</t></is></c>'

    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    body = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        '<sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/>'
        "</Relationships>",
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{body}</sheetData>'
        "</worksheet>",
    }
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return stream.getvalue()


@pytest.fixture
def kept(ledger):
    def run(column="address"):
        with ledger.read() as connection:
            return {row._mapping[column] for row in suppressions_in_force(connection)}

    return run


def test_a_bad_phone_beside_a_good_email_loses_only_itself(bring_in, kept):
    report = bring_in(f"email,phone\n{ANN},nobody\n{BOB},{PHONE}\nnobody,+14155550101\n")
    assert kept() == {ANN, BOB, PHONE, "+14155550101"}
    assert report.read == 3
    with report.rejected_file.open(newline="") as file:
        aside = [(row["line"], row["reason"], row["row"]) for row in csv.DictReader(file)]
    assert aside == [
        ("2", "phone is not a number like +14155550100", f"{ANN},nobody"),
        ("4", "email is not an email address", "nobody,+14155550101"),
    ]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ('"Ann" <ann@example.com>', {ANN}),
        ('"Doe, Ann" <ann@example.com>, Bob <bob@example.com>', {ANN, BOB}),
        ("Doe, Ann <ann@example.com>", {ANN}),
        ("<ann@example.com>", {ANN}),
        ("+14155550100, <ann@example.com>", {ANN, PHONE}),
        ("mailto:ann@example.com?subject=stop%20it", {ANN}),
        ("MAILTO:ann%40example.com", {ANN}),
        ("mailto:ann@example.com?subject=a@b.c,+14155550100", {ANN, PHONE}),
        ("ann@example.com;bob@example.com", {ANN, BOB}),
        ("ann@example.com, bob@example.com", {ANN, BOB}),
        ("ann@example.com|bob@example.com", {ANN, BOB}),
        ("ann@example.com bob@example.com", {ANN, BOB}),
        ("ann@example.com/bob@example.com", {ANN, BOB}),
        ("ann@example.com\nbob@example.com\n", {ANN, BOB}),
        ("ann@example.com\u2028bob@example.com", {ANN, BOB}),
        (" ann@example.com. ", {ANN}),
        ("ann@example.com;", {ANN}),
        ("\u00a0ann@example.com\u00a0", {ANN}),
        ("ann\u200b@exam\u00adple.com\ufeff", {ANN}),
        ("\u202aann@example.com\u202c", {ANN}),
        ("ann @ example.com", {ANN}),
        ("\uff41nn\uff20\uff45xample\uff0ecom", {ANN}),
        ("ANN@EXAMPLE.COM", {ANN}),
        ("email: ann@example.com", {ANN}),
        ("'ann@example.com", {ANN, "'ann@example.com"}),
        ("'+ann@example.com", {"+ann@example.com"}),
        ('="ann@example.com"', {ANN}),
        ("o'ann@example.com", {"o'ann@example.com"}),
        ("ann@bücher.example", {"ann@xn--bcher-kva.example"}),
        ("ann@XN--BCHER-KVA.example", {"ann@xn--bcher-kva.example"}),
        ("ann@例え.テスト", {"ann@xn--r8jz45g.xn--zckzah"}),
        ("ann@straße.example", {"ann@strasse.example", "ann@xn--strae-oqa.example"}),
        (PHONE, {PHONE}),
        (f"whatsapp:{PHONE}", {PHONE}),
        ("tel:+1-415-555-0100", {PHONE}),
        ("00 1 (415) 555.0100", {PHONE}),
        ("'+14155550100", {PHONE}),
        ('="+14155550100"', {PHONE}),
        ("+14155550100 / +14155550101", {PHONE, "+14155550101"}),
        ("+14155550100 +14155550101", {PHONE, "+14155550101"}),
        (f"{ANN}; {PHONE}", {ANN, PHONE}),
        ("\u202a+1\u00a0415\u2011555\u20110100\u202c", {PHONE}),
        ("\uff0b\uff11\uff14\uff11\uff15\uff15\uff15\uff15\uff10\uff11\uff10\uff10", {PHONE}),
    ],
)
@pytest.mark.parametrize("header", ["email", "phone", "address"])
def test_an_address_is_read_however_it_is_written(bring_in, kept, header, cell, expected):
    quoted = cell.replace('"', '""')
    report = bring_in(f'{header},note\n"{quoted}",x\n')
    assert (kept(), report.rejected) == (expected, {})


@pytest.mark.parametrize(
    ("cell", "says", "expected"),
    [
        ("nobody", "email is not an email address", set()),
        ("bob at example.com", "email is not an email address", set()),
        ("bob@example", "email is not an email address", set()),
        ("bob@@example.com", "email is not an email address", set()),
        ("@bob", "email is not an email address", set()),
        ("bob@exa mple.com", "email is not an email address", set()),
        ('"bob smith"@example.com', "email is not an email address", set()),
        ("ann@example.com; bob at example.com", "email is not an email address", {ANN}),
        ("ann@example.com bob@example", "email is not an email address", {ANN}),
        (hashlib.md5(b"x").hexdigest(), "is a hash of another kind than SHA-256", set()),  # noqa: S324
        (hashlib.sha1(b"x").hexdigest(), "is a hash of another kind than SHA-256", set()),  # noqa: S324
        ("n/a", "no address", set()),
        ("NULL", "no address", set()),
    ],
)
def test_what_cannot_be_read_is_set_aside_and_said(bring_in, kept, cell, says, expected):
    quoted = cell.replace('"', '""')
    report = bring_in(f'email,reason\n"{quoted}",stop\n')
    (reason,) = report.rejected
    assert (says in reason, kept()) == (True, expected)


@pytest.mark.parametrize(
    "header",
    [
        "email", "Email Address", "E-Mail", "email_address", "E-mail adresse", "EMAIL ID",
        "Adresse e-mail", "Correo electrónico", "Dirección de correo electrónico", "Courriel",
        "Mail", "Customer Email", "Email 2", "Primary email address", "To", "From", "Recipient",
        "Contact", "Address", " e mail ", "\u00a0Email\u00a0", '"Email"',
    ],
)  # fmt: skip
def test_a_column_of_emails_is_known_by_its_usual_names(bring_in, kept, header):
    report = bring_in(f"id,{header},street\n7,{ANN},12 Main St\n")
    assert (kept(), report.rejected) == ({ANN}, {})


@pytest.mark.parametrize(
    "header",
    [
        "phone", "Phone Number", "PHONE_NUMBER", "Mobile", "Mobile phone", "Cell", "MSISDN", "Tel.",
        "Telefon", "Telefonnummer", "Handy", "Rufnummer", "Téléphone", "Numéro de téléphone",
        "Teléfono móvil", "Celular", "SMS", "WhatsApp number", "Billing Phone", "Phone1", "From",
    ],
)  # fmt: skip
def test_a_column_of_phones_is_known_by_its_usual_names(bring_in, kept, header):
    report = bring_in(f"id,{header},street\n7,{PHONE},12 Main St\n")
    assert (kept(), report.rejected) == ({PHONE}, {})


@pytest.mark.parametrize(
    "header",
    [
        "Phone (mobile)", "Phone - home", "Mobile (SMS)", "Customer's phone no. 2",
        "Telefon privat", "Zweite Mailadresse", "Alternative e-mail of customer",
        "Handy (privat)",
        "MSISDN of subscriber", "WhatsApp (business)",
    ],
)  # fmt: skip
def test_a_column_that_may_hold_addresses_is_looked_through(bring_in, kept, header):
    report = bring_in(f"Email,{header}\n{BOB},{PHONE}\n,n/a\n,none given\n,tom@example\n")
    assert kept() == {BOB, PHONE}
    name = header.lower()
    assert report.rejected == {"no address": 2, f"{name} is not an email address": 1}


@pytest.mark.parametrize("header", ["Name", "Email sent", "Owner", "Campaign", "Email consent"])
def test_a_list_whose_columns_name_no_address_is_refused(bring_in, kept, header):
    with pytest.raises(UsageError, match="has none of the columns email, phone, address"):
        bring_in(f"{header}\nx\n")
    assert kept() == set()


EMAIL_HEADERS = [
    "E-posta", "E-post", "Adresa", "Sähköposti", "Электронная почта", "邮箱", "电子邮件",
    "メールアドレス", "이메일", "Indirizzo", "rcpt", "envelope_to", "Subscriber Key", "Username",
    "Login", "Account",
]  # fmt: skip


@pytest.mark.parametrize("header", [*EMAIL_HEADERS, "Wer", "x_17", "Ultimo contatto"])
def test_an_email_counts_whatever_its_column_is_called(bring_in, kept, header):
    named = f'"Ann" <{ANN}>; eve@example.com'.replace('"', '""')
    report = bring_in(f'{header},Telefon,Note\n"{named}",,call me\n,{PHONE},see {BOB}\n')
    assert (kept(), report.rejected) == ({ANN, "eve@example.com", PHONE}, {})


@pytest.mark.parametrize("header", EMAIL_HEADERS)
def test_a_list_of_one_such_column_is_read_to_its_end(bring_in, kept, header):
    report = bring_in(f"{header}\n{ANN}\n{BOB}\n")
    assert (kept(), report.read, report.rejected) == ({ANN, BOB}, 2, {})


@pytest.mark.parametrize(
    "header",
    [
        "GSM", "wa_id", "Caller", "Caller ID", "Contact number", "手机号", "電話番号", "휴대폰",
        "Телефон", "Puhelin", "Cep telefonu",
    ],
)  # fmt: skip
def test_a_phone_counts_without_its_plus_under_these_names(bring_in, kept, header):
    report = bring_in(f"Email,{header}\n{BOB},14155550100\n")
    assert (kept(), report.rejected) == ({BOB, PHONE}, {})
    bring_in(f"Email,x_17\n{BOB},+1 415 555 0101\n")
    assert "+14155550101" in kept()


def test_a_hash_counts_in_a_column_named_for_it(bring_in, kept):
    bring_in(f"Telefon,Kunde (SHA-256 hex),x\n{PHONE},{sha256(ANN)},{sha256(BOB)}\n")
    assert kept() == {PHONE, f"sha256:{sha256(ANN)}"}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize(
    "header", ["Phone/Email", "Email/Phone", "Email or phone", "E-mail & SMS", "Wer", "x_17"]
)
def test_the_columns_beside_addresses_of_either_kind_count(bring_in, kept, header, separator):
    text = f"{header},country,opted_out_at,status\n{ANN},FR,2026-01-02,out\n"
    text += "07700 900123,United Kingdom,2026-01-02,out\n06 12 34 56 78,France,2026-01-02,\n"
    text += f"{BOB},,,subscribed\n"
    report = bring_in(text.replace(",", separator))
    assert (kept(), report.left_out) == ({ANN, GB, FR}, {"say subscribed": 1})
    assert (report.undated, report.rejected) == (0, {})


@pytest.mark.parametrize("first", ["bob at example.com,manual", "bob at example.com,Country"])
def test_a_first_row_that_cannot_be_read_is_no_header(bring_in, kept, first):
    word = first.partition(",")[2]
    report = bring_in(f"{first}\n{ANN},{word}\n")
    assert (kept(), report.rejected.total()) == ({ANN}, 1)


GB, DE, MX, FR = "+447700900123", "+4915112345678", "+525512345678", "+33612345678"


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        ("phone\n07700 900123\n", "GB", {GB}),
        ("phone\n(07700) 900-123\n", "gb", {GB}),
        ("phone,country\n07700 900123,GB\n", "", {GB}),
        ("phone,Country Code\n07700 900123,uk\n", "DE", {GB}),
        ("phone,country\n0151/12345678,DE\n", "GB", {DE}),
        ("phone,country\n06 12 34 56 78,\n", "FR", {FR}),
        ("phone,country\n06 12 34 56 78,France\n", "FR", {FR}),
        ("phone,country\n06 12 34 56 78,France\n", "", {FR}),
        ("phone,country\n07700 900123,united kingdom \n", "", {GB}),
        ("phone,Country name\n0151/12345678,Deutschland\n", "FR", {DE}),
        ("phone\n044 55 1234 5678\n", "MX", {MX}),
        ("phone\n+52 1 55 1234 5678\n", "", {MX}),
        ("phone\n447700900123\n", "", {GB}),
        ("phone\n447700900123\n", "DE", {GB}),
        ("phone\n+44 (0)7700 900123\n", "US", {GB}),
        ("phone\n011 44 7700 900123\n", "US", {GB}),
        ("phone\n4155550100\n", "US", {PHONE}),
        ("phone\n415.555.0100 x12\n", "US", {PHONE}),
        ("07700 900123\nann@example.com\n", "GB", {GB, ANN}),
        ("phone\n07700 900123 / 07700 900124\n", "GB", {GB, "+447700900124"}),
        ("phone\n15112345678\n", "DE", {DE, "+15112345678"}),
    ],
)
def test_a_national_number_is_read_with_its_country(bring_in, kept, text, country, expected):
    report = bring_in(text, country=country)
    assert (kept(), report.rejected) == (expected, {})


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("phone\n07700 900123\n", ""),
        ("phone\n4155550100\n", ""),
        ("phone\n911\n", "US"),
        ("phone\n4.47701E+11\n", "GB"),
        ("phone\n+44 7700 900123 call Ann\n", "GB"),
        ("phone,country\n07700 900123,ZZ\n", ""),
        ("phone\n12345678901234567890\n", "GB"),
    ],
)
def test_a_number_that_nobody_can_read_is_set_aside(bring_in, kept, text, country):
    report = bring_in(text, country=country)
    assert kept() == set()
    assert report.rejected == {"phone is not a number like +14155550100": 1}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("email;phone\nann@example.com;+14155550100\n", {ANN, PHONE}),
        ("email\tphone\nann@example.com\t+14155550100\n", {ANN, PHONE}),
        ("email|phone\nann@example.com|+14155550100\n", {ANN, PHONE}),
        ("sep=;\nemail;phone\nann@example.com;+14155550100\n", {ANN, PHONE}),
        ('"email";"note"\n"ann@example.com";"a, b; c"\n', {ANN}),
        ("name;email;note\nDoe, Ann;ann@example.com;a,b,c,d,e\n", {ANN}),
        ("email,reason\r\nann@example.com,stop\r\nbob@example.com,stop", {ANN, BOB}),
        ("email\rann@example.com\rbob@example.com\r", {ANN, BOB}),
        ("Suppressions of Example Shop\n\nEmail Address,Added\nann@example.com,x\n", {ANN}),
        ("email,reason\nann@example.com,550 no, such user\nbob@example.com\n", {ANN, BOB}),
        ("email,reason,\nann@example.com,stop,,\n", {ANN}),
        ('email,note\n"ann@example.com,stray\nbob@example.com,"x\n', {ANN, BOB}),
        ('email,note\nann@example.com,"two\nlines"\nbob@example.com,x\n', {ANN, BOB}),
        ("ann@example.com\nbob@example.com\n", {ANN, BOB}),
        ("ann@example.com,2026-01-02,bounce\n+14155550100,2026-01-02,stop\n", {ANN, PHONE}),
        ("Ann <ann@example.com>\n\n  bob@example.com\n", {ANN, BOB}),
        ("ann@example.com; bob@example.com; +14155550100", {ANN, BOB, PHONE}),
        ("email,email\nann@example.com,bob@example.com\n", {ANN, BOB}),
    ],
)
def test_a_list_is_read_whatever_separates_its_columns(bring_in, kept, text, expected):
    report = bring_in(text)
    assert (kept(), report.rejected) == (expected, {})


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-16-le"),
        lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
        lambda text: text.encode("cp1252"),
        lambda text: text.encode("latin-1") + b"\x81,x\n",
        lambda text: gzip.compress(text.encode()),
        lambda text: gzip.compress(text.encode("utf-16")),
    ],
)
def test_a_list_is_read_whatever_its_encoding(bring_in, kept, encode):
    bring_in(encode(f"Prénom,Adresse e-mail\nZoë,{ANN}\nJosé,{BOB}\n"))
    assert kept() == {ANN, BOB}


@pytest.mark.parametrize("name", ["list.csv", "list.txt", "list.tsv", "list"])
def test_the_name_of_a_list_says_nothing(bring_in, kept, name):
    bring_in(f"email\treason\n{ANN}\tstop\n", name=name)
    assert kept() == {ANN}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("stop", "stop"), ("Unsubscribe", "unsubscribe"), ("opted out", "opted_out"),
        ("Hard Bounce", "hard_bounce"), ("soft_bounce", "hard_bounce"), ("BOUNCED", "hard_bounce"),
        ("550 5.1.1 no such user", "hard_bounce"), ("Undeliverable", "hard_bounce"),
        ("552 mailbox full", "hard_bounce"), ("cleaned", "hard_bounce"),
        ("Spam Report", "spam_report"), ("COMPLAINT", "spam_report"), ("abuse", "spam_report"),
        ("marked as junk", "spam_report"), ("Invalid Email", "bad_address"),
        ("Ungültige Adresse", "bad_address"), ("", "opted_out"), ("n/a", "opted_out"),
        ("tired of you", "opted_out"), ("désinscrit", "opted_out"), ("?", "opted_out"),
        ("USER_SUPPRESSED", "opted_out"), ("manual", "opted_out"),
    ],
)  # fmt: skip
def test_a_reason_that_is_missing_or_foreign_is_no_reason_to_go_on_writing(
    bring_in, kept, told, expected
):
    report = bring_in(f'email,reason\n{ANN},"{told}"\n')
    assert (kept("reason"), report.rejected) == ({expected}, {})
    known = expected != "opted_out" or told == "opted out"
    report = bring_in(f'email,reason\n{BOB},"{told}"\n', reason="spam_report")
    assert kept("reason") == ({expected} if known else {"opted_out", "spam_report"})


@pytest.mark.parametrize(
    ("text", "expected", "says"),
    [
        ("email,status\nann@example.com,subscribed\n", set(), "say subscribed"),
        ("email,status\nann@example.com,Opted-In\n", set(), "say opted-in"),
        ("email,status,lists\nann@example.com,enabled,x\n", set(), "say enabled"),
        ("email,Accepts Email Marketing\nann@example.com,yes\n", set(), "say yes"),
        ("email,Email Marketing Consent\nann@example.com,SUBSCRIBED\n", set(), "say subscribed"),
        ("email,Unsubscribed\nann@example.com,false\n", set(), "say no to their refusal"),
        ("email,status\nann@example.com, Opt in \n", set(), "say opt in"),
        ("email,status\nann@example.com,granted ✗\n", {ANN}, ""),
        ("email,status\nann@example.com,❌ subscribed\n", {ANN}, ""),
        ("email,status\nann@example.com,~~subscribed~~\n", {ANN}, ""),
        ("email,status\nann@example.com,granted?\n", {ANN}, ""),
        ("email,status\nann@example.com,(subscribed)\n", {ANN}, ""),
        ("email,status\nann@example.com,!subscribed\n", {ANN}, ""),
        ("email,status\nann@example.com,-subscribed\n", {ANN}, ""),
        ("email,status\nann@example.com,s\u0336ubscribed\n", {ANN}, ""),
        ("email,status\nann@example.com,subscribed 🚫\n", {ANN}, ""),
        ("email,Accepts Email Marketing\nann@example.com,yes?\n", {ANN}, ""),
        ("email,Unsubscribed\nann@example.com,no!\n", {ANN}, ""),
        ("email,status\nann@example.com,blocklisted\n", {ANN}, ""),
        ("email,status\nann@example.com,unsubscribed\n", {ANN}, ""),
        ("email,status\nann@example.com,\n", {ANN}, ""),
        ("email,status\nann@example.com,inactive\n", {ANN}, ""),
        ("email,status\nann@example.com,5.1.1\n", {ANN}, ""),
        ("email,status\nann@example.com,true\n", {ANN}, ""),
        ("email,Accepts Email Marketing\nann@example.com,no\n", {ANN}, ""),
        ("email,Email Marketing Consent\nann@example.com,NEVER_SUBSCRIBED\n", {ANN}, ""),
        ("email,Unsubscribed\nann@example.com,1\n", {ANN}, ""),
        ("email,status,reason\nann@example.com,active,spam\n", {ANN}, ""),
        ("email,status,UNSUB_TIME\nann@example.com,active,2026-01-02\n", {ANN}, ""),
        ("email,Email consent,SMS consent\nann@example.com,yes,no\n", {ANN}, ""),
    ],
)
def test_a_row_that_says_the_opposite_is_left_out_and_any_other_counts(
    bring_in, kept, text, expected, says
):
    report = bring_in(text)
    assert (kept(), dict(report.left_out)) == (expected, {says: 1} if says else {})
    assert report.rejected == {}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (f"MG1,{PHONE},outbound-api,Our words. Reply STOP to opt out,21610", {PHONE}),
        (f"MG1,{PHONE},outbound-api,Our words. Reply STOP to opt out,", set()),
        (f"{PHONE},+15005550006,inbound,STOP,", {PHONE}),
        (f"{PHONE},+15005550006,inbound,Please take me off your list,", {PHONE}),
        (f"{PHONE},+15005550006,,stop!!!,", {PHONE}),
        (f"{PHONE},+15005550006,inbound,thanks,", set()),
        (f"{PHONE},+15005550006,inbound,START,", set()),
        (f"{PHONE},+15005550006,inbound,do you ship to Spain?,", set()),
        (f"whatsapp:{PHONE},whatsapp:+15005550006,inbound,Arrêt,", {PHONE}),
        (f"MG1,{PHONE},outbound-api,Hi,30003", set()),
        (f"+15005550006,{PHONE},outbound-reply,You are off our list. STOP it is,", set()),
    ],
)
def test_of_a_message_log_only_who_asked_for_a_stop_is_taken(bring_in, kept, row, expected):
    report = bring_in(f"From,To,Direction,Body,ErrorCode\n{row}\n")
    assert kept() == expected
    left_out = {} if expected else {"of a message log ask for no stop": 1}
    assert (report.left_out, report.rejected) == (left_out, {})


@pytest.mark.parametrize(
    ("text", "expected", "reasons"),
    [
        # SendGrid: bounces, and unsubscribes.
        ("status,reason,email,created\n5.1.1,550 unknown,ann@example.com,1767322800\n", {ANN},
         {"hard_bounce"}),
        ("email,created\nann@example.com,1767322800\n", {ANN}, {"opted_out"}),
        # Mailchimp: cleaned, and unsubscribed.
        (('Email Address,OPTIN_TIME,CLEAN_TIME,CLEAN_CAMPAIGN_ID,LEID\n'
          '"ann@example.com","2020-01-01 10:00:00","2026-01-02 03:00:00","1","2"\n'),
         {ANN}, {"opted_out"}),
        ("Email Address,UNSUB_TIME,UNSUB_REASON\nann@example.com,2026-01-02 03:00:00,spammy\n",
         {ANN}, {"opted_out"}),
        # Klaviyo, HubSpot, listmonk, Mailgun, Salesforce.
        ("Email,Reason,Timestamp\nann@example.com,HARD_BOUNCE,2026-01-02T03:00:00Z\n", {ANN},
         {"hard_bounce"}),
        ("Record ID,Email,Unsubscribed from all email\n1,ann@example.com,true\n", {ANN},
         {"opted_out"}),
        ("email,name,status,lists\nann@example.com,Ann,blocklisted,all\n", {ANN}, {"opted_out"}),
        ("address,code,error,created_at\nann@example.com,550,No such mailbox,x\n", {ANN},
         {"opted_out"}),
        ("Email,Phone,Has Opted Out Of Email,Do Not Call\nann@example.com,+14155550100,1,0\n",
         {ANN, PHONE}, {"opted_out"}),
        ("Phone Number,Date,Type\n+14155550100,2026-01-02,STOP\n", {PHONE}, {"stop"}),
    ],
)  # fmt: skip
def test_exports_of_other_tools_are_read_as_they_are(bring_in, kept, text, expected, reasons):
    report = bring_in(text)
    assert (kept(), kept("reason"), report.rejected) == (expected, reasons, {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"sha256\n{sha256(ANN)}\n", {ANN}),
        (f"sha256\n{sha256(ANN).upper()}\n", {ANN}),
        (f"email\n{sha256(ANN)}\n", {ANN}),
        (f"Email SHA-256,reason\n{sha256(ANN)},bounce\n", {ANN}),
        (f"hashed_email\n'{sha256(ANN)}\n", {ANN}),
        (f"hash\nsha256:{sha256(ANN)}\n", {ANN}),
        (f"sha256\n{sha256(PHONE)}\n", {PHONE}),
        (f"sha256\n{sha256(PHONE[1:])}\n", {PHONE}),
        (f"phone\n{sha256(PHONE)}\n", {PHONE}),
        (f"{sha256(ANN)}\n{sha256(PHONE)}\n", {ANN, PHONE}),
        (f"sha256\n{sha256('+5215512345678')}\n", {MX}),
        (f"sha256\n{sha256('5215512345678')}\n", {MX}),
        (f"email;phone\n{sha256(ANN)};{sha256(PHONE)}\n", {ANN, PHONE}),
        (f"email,email_sha256\n,{sha256(ANN)}\nbob@example.com,\n", {ANN, BOB}),
        ("sha256\n/ZitL5+EwgXOTm7MPpTgv4UvUwfAcdgMkY5DXW4kmSE=\n", None),
    ],
)
def test_a_hashed_list_is_a_list(ledger, bring_in, kept, text, expected):
    report = bring_in(text)
    assert report.rejected == {}
    if expected is None:
        digest = "fd98ad2f9f84c205ce4e6ecc3e94e0bf852f5307c071d80c918e435d6e249921"
        assert kept() == {f"sha256:{digest}"}
        return
    with ledger.read() as connection:
        for address, group in ((ANN, "email"), (BOB, "email"), (PHONE, "phone"), (MX, "phone")):
            is_out = is_suppressed(connection, group=group, address=address)
            assert is_out == (address in expected), address


def test_a_hashed_list_stops_what_is_planned_goes_out_by_its_hash_and_comes_back(
    ledger, bring_in, tmp_path
):
    planned = {
        "message_id": "m1", "enrollment_id": "e1", "playbook_id": "p", "step": 1,
        "customer_id": "c1", "channel": "sms", "variant": "a", "address": PHONE, "sender": "MG",
        "payload_json": "{}", "payload_sha256": "0", "template_version": "0",
        "expires_at": NOW + timedelta(days=1), "zones": "UTC", "local_opens_minute": 0,
        "local_closes_minute": 1440, "state": "planned", "planned_at": NOW, "updated_at": NOW,
    }  # fmt: skip
    with ledger.write() as connection:
        connection.execute(tables.messages.insert(), [planned])
    report = bring_in(f"hash\n{sha256(PHONE)}\n{sha256(ANN)}\n")
    assert (report.new, report.known, report.stopped_messages) == (2, 0, 1)
    assert bring_in(f"hash\n{sha256(PHONE)}\n").new == 0
    bring_in(f"email\n{BOB}\n")
    out = tmp_path / "out.csv"
    assert export_list(ledger, out).written == 3
    with out.open(newline="") as file:
        rows = [(row["email"], row["phone"], row["sha256"]) for row in csv.DictReader(file)]
    assert rows[0] == (BOB, "", "")
    assert {row[2] for row in rows[1:]} == {sha256(PHONE), sha256(ANN)}
    again = bring_in(out.read_text())
    assert (again.new, again.known, again.rejected) == (0, 3, {})


def test_a_workbook_is_a_list_with_or_without_a_header(bring_in, kept):
    rows = [["Name", "E-Mail", "Phone"], ["Ann", ANN, None], ["Bob", "nobody", 14155550100.0]]
    report = bring_in(workbook(rows), name="list.xlsx", country="US")
    assert kept() == {ANN, PHONE}
    assert report.rejected == {"e-mail is not an email address": 1}
    assert "3," in report.rejected_file.read_text().splitlines()[1]
    bring_in(workbook([[BOB], ["eve@example.com"]]), name="bare.xlsx")
    assert kept() == {ANN, PHONE, BOB, "eve@example.com"}
    with pytest.raises(UsageError, match=r"list[.]zip is an archive: unpack it"):
        bring_in(workbook(rows), name="list.zip")


def test_an_import_that_was_killed_is_finished_by_the_next(ledger, bring_in, kept, monkeypatch):
    lines = [BOB, sha256(ANN), "nobody", PHONE]
    text = "address\n" + "\n".join(lines)
    monkeypatch.setattr(_lists, "CHUNK", 1)
    with monkeypatch.context() as patch:
        real = _lists.suppress_once

        def die(connection, **row):
            if row["address"] == PHONE:
                raise KeyboardInterrupt
            return real(connection, **row)

        patch.setattr(_lists, "suppress_once", die)
        with pytest.raises(KeyboardInterrupt):
            bring_in(text)
    assert kept() == {BOB, f"sha256:{sha256(ANN)}"}
    again = bring_in(text)
    assert (again.new, again.known, again.rejected.total()) == (1, 2, 1)
    assert PHONE in kept()


def test_the_command_names_each_count_and_never_an_address(settings, tmp_path, monkeypatch):
    monkeypatch.setenv("WINBACK_HOME", str(settings.home))
    file = tmp_path / "members.csv"
    file.write_text(
        "Email Address;Phone;Status\nann@example.com;soon;unsubscribed\nbob@example.com;;cleaned\n"
        "eve@example.com;;subscribed\nnobody;;cleaned\n"
    )
    result = CliRunner().invoke(app, ["suppressions", "import", str(file)])
    assert result.output.splitlines() == [
        "4 rows read: 2 opt-outs new, 0 known, 2 rows set aside; 0 messages stopped",
        "2 have no readable date: they count from now",
        "             1  phone is not a number like +14155550100",
        "             1  email address is not an email address",
        "1 rows say subscribed: not imported",
    ]
    assert result.exit_code == 1
    assert isinstance(result.exception, WinbackError)
    assert str(result.exception).startswith(
        "2 rows could not be read, so whom they name may still be written to: see "
    )
    (aside,) = settings.rejected_dir.iterdir()
    assert aside.stat().st_mode & 0o777 == 0o600
    file.write_text(file.read_text().replace("soon", PHONE).replace("nobody", "tom@example.com"))
    mended = CliRunner().invoke(app, ["suppressions", "import", str(file)])
    assert (mended.exit_code, mended.output.splitlines()[0]) == (
        0, "4 rows read: 2 opt-outs new, 2 known, 0 rows set aside; 0 messages stopped",
    )  # fmt: skip


def test_the_command_reads_national_numbers_with_the_shops_country_or_another(
    settings, ledger, tmp_path, monkeypatch, kept
):
    monkeypatch.setenv("WINBACK_HOME", str(settings.home))
    file = tmp_path / "texts.csv"
    command = ["suppressions", "import", str(file)]
    file.write_text("Mobile\n07700 900123\n")
    assert CliRunner().invoke(app, command).exit_code == 1
    assert "--country" in str(CliRunner().invoke(app, command).exception)
    monkeypatch.setenv("WINBACK_SHOP_COUNTRY", "gb")
    assert CliRunner().invoke(app, command).exit_code == 0
    file.write_text("Mobile\n0151 12345678\n")
    assert CliRunner().invoke(app, [*command, "--country", "de"]).exit_code == 0
    assert kept() == {GB, DE}
    for wrong in ("Germany", "ZZ"):
        refused = CliRunner().invoke(app, [*command, "--country", wrong])
        assert f"--country '{wrong.upper()}'" in str(refused.exception)


def test_a_list_of_nothing_but_the_opposite_is_a_refusal(settings, tmp_path, monkeypatch):
    monkeypatch.setenv("WINBACK_HOME", str(settings.home))
    file = tmp_path / "members.csv"
    file.write_text("email,status\nann@example.com,active\n")
    result = CliRunner().invoke(app, ["suppressions", "import", str(file)])
    assert result.exit_code == 1
    assert "none of the 1 rows of members.csv is an opt-out by its own words" in str(
        result.exception
    )
