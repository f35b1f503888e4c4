"""The sources file: where a shop's data is. It is `sources.toml`, beside `.env`.

A table is a source, and its name is the source's. Secrets stand in it by the names of their
environment variables alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NoReturn

from dotenv import dotenv_values

from winback.base.errors import UsageError
from winback.base.settings import BUCKET_URL, ENDPOINT_URL, Settings, read_toml

# The one format that `winback pull` reads from the shop itself.
API_FORMAT: Final = "shopify-api"
# The one format whose columns the file may state.
COLUMNS_FORMAT: Final = "woocommerce"
PLACES: Final = ("folder", "duckdb", "postgres", "url")
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_VARIABLE: Final = re.compile(r"[A-Z_][A-Z0-9_]{0,99}")
_SHOP: Final = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")
# What stands beside each place; the last two are names of environment variables.
_BESIDE: Final[Mapping[str, frozenset[str]]] = {
    "folder": frozenset(),
    "duckdb": frozenset({"schema"}),
    "postgres": frozenset({"schema"}),
    "url": frozenset({"endpoint", "region", "key_id", "secret"}),
}
# Values that name an environment variable.
_VARIABLES: Final = frozenset(
    {"postgres", "key_id", "secret", "token", "client_id", "client_secret"}
)


@dataclass(frozen=True)
class Source:
    """One source. Exactly one of the places is set, or `shop` with one of `token`, `client_secret`
    and `block`. With `client_id`, what these name is the secret of the app, not a token.

    `postgres`, `key_id`, `secret`, `token`, `client_id` and `client_secret` are names of
    environment variables. `columns` says which column of the source is which of ours, by the name
    that we have for it.
    """

    name: str
    format: str
    folder: Path | None = None
    duckdb: Path | None = None
    postgres: str = ""
    schema: str = ""
    url: str = ""
    endpoint: str = ""
    region: str = ""
    key_id: str = ""
    secret: str = ""
    columns: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    shop: str = ""
    token: str = ""
    client_id: str = ""
    client_secret: str = ""
    block: str = ""
    # The file that says all this, for messages.
    file: str = "sources.toml"

    @property
    def place(self) -> str:
        """Where the source is, as messages call it; a secret is no part of it."""
        where = str(self.folder or self.duckdb or self.url or self.shop or self.postgres)
        return f"{where} ({self.schema})" if self.schema else where

    def read_secret(self, key: str) -> str:
        """The value of the environment variable that `key` names, also from `.env`.

        Raises UsageError where it is not set.
        """
        name = getattr(self, key)
        value = os.environ.get(name) or dotenv_values(".env").get(name)
        if not value:
            raise UsageError(
                f"{self.file}: {key} of [{self.name}] names {name}, which is not set. Next: set it "
                "in the environment or in .env"
            )
        return value


def read_sources(settings: Settings) -> list[Source]:
    """The sources of the file, in its order; none without a file.

    Raises UsageError, in one line, for what the file can't say: an unknown key, two places, a
    secret instead of its name.
    """
    path = settings.sources_file
    if not path.exists():
        return []
    # Names of formats alone: their readers import this module's dataclass.
    from winback.landing._load import FORMATS

    return [
        _read(path, name, told, {*FORMATS, API_FORMAT}) for name, told in read_toml(path).items()
    ]


def _read(path: Path, name: str, told: Any, formats: set[str]) -> Source:
    file = path.name
    if not isinstance(told, dict):
        raise UsageError(f"{file}: {name} stands outside of a table. Next: put it under [shop]")
    where = f"{file}: [{name}]"
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{file}: a source's name is in lower-case letters, digits, - and _, like [shop]"
        )
    format_ = told.get("format")
    if format_ not in formats:
        said = "has no format" if format_ is None else "has a format that is unknown"
        raise UsageError(f"{where} {said}; it is one of {', '.join(sorted(formats))}")
    _check_keys(where, told, _check_place(where, told))
    values = {key: _value(where, key, value) for key, value in told.items()}
    for key in ("folder", "duckdb"):
        if key in values:
            values[key] = path.resolve().parent / Path(values[key]).expanduser()
    return Source(name=name, file=file, **values)


def _check_place(where: str, told: Mapping[str, Any]) -> set[str]:
    """The keys that this source may have."""
    if told["format"] == API_FORMAT:
        if "shop" not in told:
            raise UsageError(f"{where} has no shop, like example.myshopify.com")
        secrets = {"token", "client_secret", "block"} & set(told)
        if len(secrets) != 1:
            raise UsageError(
                f"{where} has one of token and block, or client_id with client_secret or block"
            )
        if "client_id" in told and "token" in told:
            raise UsageError(f"{where} has a token or a client_id; give one of both")
        if "client_secret" in told and "client_id" not in told:
            raise UsageError(f"{where} has a client_secret without its client_id")
        return {"format", "shop", "token", "client_id", "client_secret", "block"}
    places = [place for place in PLACES if place in told]
    if len(places) != 1:
        said = f"has {' and '.join(places)}" if places else "says not where it is"
        raise UsageError(f"{where} {said}; give exactly one of {', '.join(PLACES)}")
    if len({"key_id", "secret"} & set(told)) == 1:
        raise UsageError(f"{where} has one of key_id and secret; give both or none")
    own = {"columns"} if told["format"] == COLUMNS_FORMAT else set()
    return {"format", places[0], *_BESIDE[places[0]], *own}


def _check_keys(where: str, told: Mapping[str, Any], known: set[str]) -> None:
    for key in told:
        if key not in known:
            [meant] = get_close_matches(key, known, 1) or [""]
            raise UsageError(
                f"{where} has a key {key!r}, which a source of this kind has not; it has "
                f"{', '.join(sorted(known))}" + (f". Did you mean {meant}?" if meant else "")
            )


def _value(where: str, key: str, value: Any) -> Any:
    if key == "columns":
        if not isinstance(value, dict) or not all(isinstance(it, str) for it in value.values()):
            raise UsageError(f'{where} columns are pairs, like {{ total = "Order Total" }}')
        return MappingProxyType(dict(value))
    if not isinstance(value, str) or not value.strip():
        raise UsageError(f"{where} {key} is no text")
    if key in _VARIABLES and not _VARIABLE.fullmatch(value):
        _refuse_secret(where, key)
    if key == "shop" and not _SHOP.fullmatch(value):
        raise UsageError(f"{where} shop is a name like example.myshopify.com")
    if key == "url" and not BUCKET_URL.fullmatch(value):
        raise UsageError(f"{where} url is like s3://bucket/folder, without a user or a password")
    if key == "endpoint" and not ENDPOINT_URL.fullmatch(value):
        raise UsageError(f"{where} endpoint is like https://storage.example.com, without a user")
    return value


def _refuse_secret(where: str, key: str) -> NoReturn:
    """Without the value, which may be the secret itself."""
    raise UsageError(
        f"{where} {key} is the name of an environment variable, like SHOP_{key.upper()}, never "
        "the secret itself. Next: take the secret out of the file and set it in the environment"
    )
