"""The invented customers' places, and phone numbers that nobody can ever own."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

REGULATED_RANGES = {
    # Ofcom, numbers for drama: 07700 900000 to 900999.
    "GB": [f"+447700900{n:03d}" for n in range(1000)],
    # Bundesnetzagentur, notice 148/2021, numbers for media: 0171 39200xx and 0176 040690xx.
    "DE": [f"+4917139200{n:02d}" for n in range(100)]
    + [f"+49176040690{n:02d}" for n in range(100)],
    # Arcep, decision 2018-0881, numbers for audiovisual works: 06 39 98 00 00 to 99 99.
    "FR": [f"+3363998{n:04d}" for n in range(10_000)],
}


@dataclass(frozen=True)
class Place:
    """One region and zone; `postal` holds # for a digit and @ for a letter."""

    country: str
    region: str
    timezone: str
    weight: float
    postal: str
    area_codes: tuple[str, ...] = ()


def _us(region: str, zone: str, weight: float, postal: str, *codes: str) -> Place:
    return Place("US", region, f"America/{zone}", weight, postal, codes)


def _ca(region: str, zone: str, weight: float, postal: str, *codes: str) -> Place:
    return Place("CA", region, f"America/{zone}", weight, postal, codes)


# Weights follow population within a country; the countries' shares are 62, 10, 13, 8, 7 %.
PLACES: tuple[Place, ...] = (
    _us("CA", "Los_Angeles", 8.6, "900##", "213", "310", "415", "619"),
    _us("TX", "Chicago", 6.2, "752##", "214", "512", "713"),
    _us("TX", "Denver", 0.3, "799##", "915"),
    _us("FL", "New_York", 4.6, "331##", "305", "407", "813"),
    _us("NY", "New_York", 4.6, "100##", "212", "518", "716"),
    _us("PA", "New_York", 3.0, "191##", "215", "412"),
    _us("IL", "Chicago", 2.9, "606##", "312", "217"),
    _us("OH", "New_York", 2.7, "432##", "614", "216"),
    _us("GA", "New_York", 2.5, "303##", "404", "912"),
    _us("NC", "New_York", 2.5, "276##", "919", "704"),
    _us("MI", "Detroit", 2.3, "482##", "313", "616"),
    _us("NJ", "New_York", 2.2, "071##", "201", "609"),
    _us("VA", "New_York", 2.0, "232##", "804", "703"),
    _us("WA", "Los_Angeles", 1.8, "981##", "206", "509"),
    _us("AZ", "Phoenix", 1.7, "850##", "602", "520"),
    _us("TN", "Chicago", 1.1, "372##", "615", "901"),
    _us("TN", "New_York", 0.5, "379##", "865"),
    _us("MA", "New_York", 1.6, "021##", "617", "413"),
    _us("IN", "Indiana/Indianapolis", 1.5, "462##", "317"),
    _us("MO", "Chicago", 1.4, "631##", "314", "816"),
    _us("MD", "New_York", 1.4, "212##", "410", "301"),
    _us("CO", "Denver", 1.4, "802##", "303", "719"),
    _us("MN", "Chicago", 1.3, "554##", "612", "218"),
    _us("OR", "Los_Angeles", 1.0, "972##", "503", "541"),
    _us("LA", "Chicago", 1.0, "701##", "504"),
    _us("AL", "Chicago", 1.0, "352##", "205"),
    _us("OK", "Chicago", 0.9, "731##", "405"),
    _us("CT", "New_York", 0.8, "061##", "203"),
    _us("UT", "Denver", 0.8, "841##", "801"),
    _us("NV", "Los_Angeles", 0.7, "891##", "702"),
    _us("MS", "Chicago", 0.6, "392##", "601"),
    _us("RI", "New_York", 0.3, "029##", "401"),
    Place("US", "HI", "Pacific/Honolulu", 0.3, "968##", ("808",)),
    _us("AK", "Anchorage", 0.2, "995##", "907"),
    _ca("ON", "Toronto", 4.0, "M#@ #@#", "416", "613"),
    _ca("QC", "Toronto", 2.1, "H#@ #@#", "514", "418"),
    _ca("BC", "Vancouver", 1.5, "V#@ #@#", "604", "250"),
    _ca("AB", "Edmonton", 1.3, "T#@ #@#", "403", "780"),
    _ca("MB", "Winnipeg", 0.6, "R#@ #@#", "204"),
    _ca("NS", "Halifax", 0.5, "B#@ #@#", "902"),
    Place("GB", "ENG", "Europe/London", 10.9, "M## #@@"),
    Place("GB", "SCT", "Europe/London", 1.1, "EH# #@@"),
    Place("GB", "WLS", "Europe/London", 0.6, "CF## #@@"),
    Place("GB", "NIR", "Europe/London", 0.4, "BT# #@@"),
    Place("DE", "NW", "Europe/Berlin", 2.2, "50###"),
    Place("DE", "BY", "Europe/Berlin", 1.7, "80###"),
    Place("DE", "BW", "Europe/Berlin", 1.4, "70###"),
    Place("DE", "BE", "Europe/Berlin", 1.2, "10###"),
    Place("DE", "HE", "Europe/Berlin", 0.8, "60###"),
    Place("DE", "HH", "Europe/Berlin", 0.7, "20###"),
    Place("FR", "IDF", "Europe/Paris", 2.8, "750##"),
    Place("FR", "ARA", "Europe/Paris", 1.6, "690##"),
    Place("FR", "OCC", "Europe/Paris", 1.3, "310##"),
    Place("FR", "PAC", "Europe/Paris", 1.3, "130##"),
)

POSTAL_LETTERS = "ABCEGHJKLMNPRSTVWXYZ"  # Canada's, without the ones that read like digits


def invent_postal_code(rng: np.random.Generator, pattern: str) -> str:
    """Return a code of the place's form; digits of its second half are random."""
    digits = rng.integers(1, 10, len(pattern))
    letters = rng.integers(0, len(POSTAL_LETTERS), len(pattern))
    fill = {"#": lambda i: str(digits[i]), "@": lambda i: POSTAL_LETTERS[letters[i]]}
    return "".join(fill[c](i) if c in fill else c for i, c in enumerate(pattern))


@dataclass
class PhoneBook:
    """Hands out reserved numbers, each once; an exhausted range hands out nothing.

    In the US and Canada 555-0100 to 555-0199 of every area code are kept for fiction
    (NANPA), so a place has a hundred numbers per area code.
    """

    rng: np.random.Generator
    _left: dict[str, list[str]] = field(default_factory=dict)

    def take(self, place: Place) -> str:
        """Take an unused number of the place, or '' when its ranges are used up."""
        ranges = list(place.area_codes) or [place.country]
        for name in self.rng.permutation(ranges).tolist():
            numbers = self._left.get(name)
            if numbers is None:
                numbers = self._left[name] = self._shuffled(name)
            if numbers:
                return numbers.pop()
        return ""

    def _shuffled(self, name: str) -> list[str]:
        if name.isdigit():
            numbers = [f"+1{name}55501{n:02d}" for n in range(100)]
        else:
            numbers = REGULATED_RANGES.get(name, [])
        return [numbers[i] for i in self.rng.permutation(len(numbers))]
