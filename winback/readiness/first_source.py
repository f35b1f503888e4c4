"""The first source of a new shop: what stands in `sources.toml`, made of a form and a place."""

from __future__ import annotations

import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from winback.base.errors import UsageError
from winback.base.settings import Settings
from winback.base.whole import written_whole
from winback.landing import API_FORMAT, Source, read_sources

SOURCES_FILE: Final = "sources.toml"
_LISTS: Final = frozenset({"klaviyo", "mailchimp", "listmonk"})
_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9]*_[A-Z0-9_]*")
# The environment variables that have the id and the secret of the shop's own app at Shopify.
_APP: Final = {"client_id": "SHOPIFY_CLIENT_ID", "client_secret": "SHOPIFY_CLIENT_SECRET"}


def source_text(form: str, place: str) -> str:
    """The table of a source: a folder, a DuckDB file, a variable with PostgreSQL's URL, an s3://
    URL, or a shop at Shopify, by what the place looks like."""
    keys = {"format": form, _kind(form, place): place}
    if form == API_FORMAT:
        keys |= _APP
    name = "newsletter" if form in _LISTS else "shop"
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in keys.items()]
    return f"# Where the shop's data is: docs/sources.md.\n[{name}]\n{''.join(lines)}"


def _kind(form: str, place: str) -> str:
    if form == API_FORMAT:
        return "shop"
    if place.startswith("s3://"):
        return "url"
    if place.lower().endswith((".duckdb", ".db")):
        return "duckdb"
    return "postgres" if _VARIABLE.fullmatch(place) else "folder"


def check_source(text: str, settings: Settings) -> None:
    """Raise UsageError where the text is no sources file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / SOURCES_FILE
        path.write_text(text, encoding="utf-8")
        read_sources(settings.model_copy(update={"sources_file": path}))


def write_source(text: str, folder: Path) -> bool:
    """Write the file; False where there is one, which stays."""
    path = folder / SOURCES_FILE
    if path.exists():
        return False
    with written_whole(path) as file:
        file.write_text(text, encoding="utf-8")
    return True


def sources_at_hand(settings: Settings) -> list[Source]:
    """What a look may look at: the sources that are no shop to be asked over the network."""
    return [it for it in read_sources(settings) if it.format != API_FORMAT]


def refuse_place_without_form(form: str, place: str) -> None:
    """Raise UsageError where one of the two is missing that the other needs."""
    if form == API_FORMAT and not place:
        raise UsageError(
            f"--source {API_FORMAT} needs the shop. Next: --place example.myshopify.com"
        )
