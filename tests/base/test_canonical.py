"""One phone has one spelling: by hand, against phonenumbers, and whatever it is written with."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from winback.base import phones
from winback.base.phones import canonical, former_spellings, is_possible

GB, MX, BR, AR = "+447700900123", "+525512345678", "+5511987654321", "+5491145678901"
# What somebody wrote, the country of the row, and the one spelling; None: nobody can tell.
SPELLINGS = [
    ("+44 (0)7700 900123", None, GB),
    ("+4407700900123", None, GB),
    ("0044 7700 900123", None, GB),
    ("07700 900123", "GB", GB),
    ("07700 900123", None, None),
    ("7700900123", "GB", GB),
    ("447700900123", "GB", GB),
    ("447700900123", None, None),
    ("+44\u00a07700\u2011900\u200b123", None, GB),
    ("\u202a+44 7700 900123\u202c", None, GB),
    ("'+447700900123", None, GB),
    ("tel:+44-7700-900123", None, GB),
    ("whatsapp:+447700900123", None, GB),
    ("p:+447700900123", None, GB),
    ("+44 7700 900123 ext. 12", None, GB),
    ("+44 7700 900123 x12", None, GB),
    ("\uff0b\uff14\uff14\uff17\uff17\uff10\uff10\uff19\uff10\uff10\uff11\uff12\uff13", None, GB),
    ("+\u0664\u0664\u0667\u0667\u0660\u0660\u0669\u0660\u0660\u0661\u0662\u0663", None, GB),
    ("447700900123.0", "GB", GB),
    ("4.47700900123E+11", "GB", None),
    ("+447700900123, +447700900124", None, None),
    ("+44 7700 9OO123", None, None),
    ("+52 1 55 1234 5678", None, MX),
    ("55 1234 5678", "MX", MX),
    ("044 55 1234 5678", "MX", MX),
    ("5215512345678", "MX", MX),
    ("+55 11 8765-4321", None, BR),
    ("(11) 98765-4321", "BR", BR),
    ("0 15 11 98765-4321", "BR", BR),
    ("+55 11 3456-7890", None, "+551134567890"),
    ("+54 11 4567-8901", None, AR),
    ("+54 9 11 15 4567-8901", None, AR),
    ("011 15 4567-8901", "AR", AR),
    ("02954 15 123456", "AR", "+5492954123456"),
    ("+39 06 1234 5678", None, "+390612345678"),
    ("06 1234 5678", "IT", "+390612345678"),
    ("+378 0549 882345", None, "+3780549882345"),
    ("+225 07 12 34 56 78", None, "+2250712345678"),
    ("+7 8 916 123 45 67", None, "+79161234567"),
    ("8 (916) 123-45-67", "RU", "+79161234567"),
    ("+7 843 123 45 67", None, "+78431234567"),
    ("06 20 123 4567", "HU", "+36201234567"),
    ("+36 06 20 123 4567", None, "+36201234567"),
    ("011 44 7700 900123", "US", GB),
    ("0011 44 7700 900123", "AU", GB),
    ("(415) 555-0100", "US", "+14155550100"),
    ("1-415-555-0100", "US", "+14155550100"),
    ("555-0100", "US", None),
    ("0171/1234567", "DE", "+491711234567"),
    ("12345678", "DE", None),
    ("+84 162 345 6789", None, "+84323456789"),
    ("+229 97 12 34 56", None, "+2290197123456"),
    ("+07700900123", None, None),
    ("", None, None),
]


@pytest.mark.parametrize(("text", "country", "number"), SPELLINGS)
def test_a_phone_has_one_spelling(text, country, number):
    assert canonical(text, country) == number


def test_numbers_of_a_length_that_no_plan_knows_are_kept_and_told():
    for text in ("+1 555 000 001", "+44 7700 9001", "+999 12345678"):
        number = canonical(text)
        assert number is not None
        assert not is_possible(number), text
    assert all(is_possible(number) for _, _, number in SPELLINGS if number)
    # Ranges that nobody was given yet pass: the metadata lags behind, and 555 is for examples.
    assert is_possible("+15555550100")


def examples():
    """A valid number of each kind of each country, and of the codes of no country."""
    kinds = phonenumbers.PhoneNumberType.values()
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in kinds:
            if number := phonenumbers.example_number_for_type(region, kind):
                yield region, kind, number
    for code in sorted(phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS):
        if number := phonenumbers.example_number_for_non_geo_entity(code):
            yield None, None, number


def e164(number):
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def expected(number):
    """As phonenumbers has it, but for the lines of Argentina, whose ten digits name one each."""
    told = e164(number)
    if told.startswith(("+541", "+542", "+543")):
        return "+549" + told[3:]
    return told


def is_dialled_from_abroad(number):
    """Short numbers, and India's and Indonesia's toll-free ones in 00, are dialled at home only;
    E.164 as Twilio takes it has eight digits and more."""
    home = e164(number)[1 + len(str(number.country_code)) :]
    return len(e164(number)) >= 9 and not home.startswith("00")


EXAMPLES = [it for it in examples() if is_dialled_from_abroad(it[2])]


def test_examples_of_all_countries_keep_their_number():
    assert len(EXAMPLES) > 1000
    wrong = {
        (region, e164(number), canonical(e164(number)))
        for region, _, number in EXAMPLES
        if not canonical(e164(number)) == canonical(expected(number)) == expected(number)
    }
    assert wrong == set()


def test_mobiles_of_all_countries_are_read_as_they_are_written_at_home():
    unread = []
    for region, kind, number in EXAMPLES:
        if kind != phonenumbers.PhoneNumberType.MOBILE:
            continue
        home = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
        if (read := canonical(home, region)) != expected(number):
            unread.append((region, home, read))
    assert unread == []


SEPARATORS = st.sampled_from(["", " ", "-", ".", "\u00a0", "\u2011", "\u200b", "\u202a", "/", ")"])
ZEROS = st.sampled_from(["0", "\uff10", "\u0660", "\u06f0"])


@st.composite
def spellings(draw):
    """A number of some country, written as people, files and spreadsheets write it."""
    _, _, number = draw(st.sampled_from(EXAMPLES))
    code, rest = str(number.country_code), e164(number)[1 + len(str(number.country_code)) :]
    trunk = ""
    if number.country_code in (27, 31, 32, 33, 41, 43, 44, 46, 49, 61, 62, 64, 81, 90, 91):
        trunk = draw(st.sampled_from(["", "0", "(0)"]))
    # Turkey's 444 numbers are dialed without one.
    if rest.startswith("444") and number.country_code == 90:
        trunk = ""
    zero = ord(draw(ZEROS))
    written = draw(st.sampled_from(["+", "00", "\uff0b", "tel:+", " +"])) + code + trunk
    for digit in rest:
        written += draw(SEPARATORS) + chr(zero + int(digit))
    return written, expected(number)


@given(spellings())
@settings(max_examples=400, deadline=None)
def test_however_it_is_written_it_is_the_same_number(case):
    written, number = case
    assert canonical(written) == number


TEXTS = st.text(st.sampled_from("+0123456789 ()-.x\u00a0\u202a\uff11\u0661a"), max_size=24)
COUNTRIES = st.sampled_from([None, *sorted(phonenumbers.SUPPORTED_REGIONS)])


@given(TEXTS, COUNTRIES)
@settings(max_examples=2000, deadline=None)
def test_the_one_spelling_of_a_spelling_is_itself(text, country):
    number = canonical(text, country)
    if number is not None:
        assert canonical(number) == number
        assert canonical(number, country) == number


@given(st.sampled_from(EXAMPLES))
@settings(max_examples=200, deadline=None)
def test_former_spellings_are_spellings_of_the_same_line(example):
    number = expected(example[2])
    for former in former_spellings(number):
        assert former != number
        assert canonical(former) == number


def test_what_an_opt_out_may_have_been_hashed_as_is_known():
    assert "+4407700900123" in former_spellings(GB)
    assert "+5215512345678" in former_spellings(MX)
    assert "+551187654321" in former_spellings("+5511987654321")
    assert {"+541145678901", "+54111545678901"} <= set(former_spellings(AR))
    assert former_spellings("+34612345678") == ()


@pytest.mark.parametrize(
    "number",
    [
        "+447012345678", "+447099999999", "+4970012345678", "+41878123456", "+34701234567",
        "+46751234567", "+4788012345", "+353700123456", "+385741234567", "+420700123456",
        "+5180212345", "+525001234567", "+6470123456",
    ],
)  # fmt: skip
def test_a_personal_number_is_no_persons_mobile(number):
    assert phones.kind(number) == "personal_number"


def test_no_mobile_of_any_country_is_taken_for_another_kind():
    numbers = (
        phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
        for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    )
    mobiles = [
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        for number in numbers
        if number
    ]
    assert len(mobiles) > 200
    assert {number: phones.kind(number) for number in mobiles if phones.kind(number)} == {}
    # The ranges that examples and tests of +1 use.
    assert phones.kind("+15555550100") is phones.kind(GB) is None
