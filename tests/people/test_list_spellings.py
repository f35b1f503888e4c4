"""Whatever a list looks like, nobody whom it readably names is written to afterwards."""

from __future__ import annotations

import csv
import io
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from winback.base.errors import WinbackError
from winback.ledger import suppressed_among, tables

pytestmark = pytest.mark.long

PROPERTY = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

names = st.from_regex(r"[a-z0-9]+([._+-][a-z0-9]+)?", fullmatch=True).filter(lambda n: len(n) < 40)
hosts = st.sampled_from(["example.com", "mail.example.co.uk", "xn--bcher-kva.example"])
emails = st.builds("{}@{}".format, names, hosts)
phones = st.from_regex(r"[+]1415555[0-9]{4}", fullmatch=True)
hidden = st.sampled_from(["", "\u200b", "\u00ad", "\ufeff", "\u202a", "\u2060"])
blank = st.sampled_from(["", " ", "\u00a0", "\t", "  ", "\u3000"])


def wide(text: str) -> str:
    return "".join(
        chr(ord(sign) + 0xFEE0) if sign.isascii() and sign.isalnum() else sign for sign in text
    )


email_spellings = st.sampled_from(
    [
        "{}", "<{}>", "Ann <{}>", '"Doe, Ann" <{}>', "mailto:{}", "mailto:{}?subject=a@b.c",
        "{}.", "{};", "'{}", "email: {}", "({})",
    ]
)  # fmt: skip
phone_spellings = st.sampled_from(
    ["{}", "tel:{}", "whatsapp:{}", "'{}", '="{}"', "00{0[1]}{0[2]}", "({})"]
)
cases = st.sampled_from([str, str.upper, str.title, wide])
separators = st.sampled_from([";", ",", "|", "\n", " ; ", ",\n"])
anything = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30
)  # fmt: skip


@st.composite
def spelled(draw):
    """An address, and some way in which somebody writes it."""
    if draw(st.booleans()):
        address = draw(emails)
        text = draw(cases)(
            address.replace("xn--bcher-kva", draw(st.sampled_from(["xn--bcher-kva", "bücher"])))
        )
        text = draw(email_spellings).format(text)
    else:
        address = draw(phones)
        groups = address[:2], address[2:5], address[5:8], address[8:]
        text = draw(st.sampled_from(["", " ", "-", ".", "\u00a0", "\u2011"])).join(groups)
        form = draw(phone_spellings)
        text = f"00{address[1:]}" if form.startswith("00") else form.format(text)
    place = draw(st.integers(0, len(text)))
    if "xn--" not in text and "bücher" not in text.lower():
        text = text[:place] + draw(hidden) + text[place:]
    return address, draw(blank) + text + draw(blank)


def as_csv(rows, separator=","):
    stream = io.StringIO()
    csv.writer(stream, delimiter=separator, lineterminator="\n").writerows(rows)
    return stream.getvalue()


def reached(ledger, addresses):
    """Which of them may be written to; the list is emptied for the next example."""
    told = set(addresses)
    with ledger.write() as connection:
        out = suppressed_among(
            connection, group="email", addresses=[own for own in told if "@" in own]
        ) | suppressed_among(
            connection, group="phone", addresses=[own for own in told if "@" not in own]
        )
        connection.execute(tables.suppressions.delete())
    return told - out


headers = st.sampled_from(["email", "Phone Number", "Address", "Recipient", "E-Mail Adresse"])
encodings = st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])
# A carriage return alone is a line break, and Python's csv doesn't quote it.
reasons = anything.map(lambda text: text.replace("\r", " "))


@PROPERTY
@given(
    st.lists(st.lists(spelled(), min_size=1, max_size=3), min_size=1, max_size=4),
    st.tuples(separators, headers, st.sampled_from([",", ";", "\t", "|"]), encodings),
    reasons,
)
def test_nobody_of_a_readable_row_is_written_to(ledger, bring_in, cells, layout, reason):
    between, header, separator, encoding = layout
    rows = [[between.join(text for _, text in cell), reason, "x"] for cell in cells]
    text = as_csv([[header, "reason", "note"], *rows], separator)
    report = bring_in(text.encode(encoding))
    assert reached(ledger, (own for cell in cells for own, _ in cell)) == set()
    assert report.rejected == {}


@PROPERTY
@given(emails, st.lists(anything, min_size=4, max_size=4))
def test_no_other_field_of_a_row_saves_anybody(ledger, bring_in, email, others):
    rows = [["email", "phone", "reason", "created", "country"], [email, *others]]
    bring_in(as_csv(rows))
    assert reached(ledger, [email]) == set()


@PROPERTY
@given(
    st.lists(st.tuples(emails, anything), min_size=1, max_size=5, unique_by=lambda row: row[0]),
    anything | st.sampled_from(['"', '",', ',"', '"x', 'a,"b', "sep=;", "email", '""",'] ),
    st.integers(0, 5),
)  # fmt: skip
def test_no_line_more_saves_anybody(ledger, bring_in, rows, more, place):
    lines = [as_csv([row]) for row in rows]
    lines.insert(place, more + "\n")
    bring_in("email,note\n" + "".join(lines))
    assert reached(ledger, (email for email, _ in rows)) == set()


@PROPERTY
@given(st.binary(max_size=200) | anything.map(str.encode))
def test_what_is_no_list_is_refused_in_one_line(bring_in, content):
    with suppress(WinbackError):
        bring_in(content)
