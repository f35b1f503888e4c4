"""Settings: environment variables with the prefix `WINBACK_`, or a `.env` file."""

from __future__ import annotations

import os
import re
import tomllib
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from winback.base.errors import UsageError
from winback.base.languages import ROOT, languages
from winback.base.places import PROBLEM, WORK_DIR

# Frozen into every message, so a slip is better told before.
_NO_SIGN = r"\s\x00-\x1f\x7f-\x9f@<>,;"
_ADDRESS = re.compile(rf"[^{_NO_SIGN}]+@[^{_NO_SIGN}]+\.[^{_NO_SIGN}.]+")
_CURRENCY = re.compile("[A-Z]{3}")
# Up to a million and six places, as SQL keeps it; never 0.
_RATE = re.compile(r"[a-z]{3}:[a-z]{3}=(?=.*[1-9])\d{1,6}(\.\d{1,6})?")
_COUNTRY = re.compile(r"[A-Za-z]{2}")
BUCKET_URL: Final = re.compile(r"s3://[^/@:\s]+(/[^@\s?#]*)?")
ENDPOINT_URL: Final = re.compile(r"https?://[^/@\s?#]+/?")
# Line breaks in every spelling, control characters, and bytes that are no UTF-8: in a header they
# would begin another one.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# Taken apart at commas, where a line break is a blank.
_LISTS: Final = frozenset({"channels", "languages", "link_domains", "sendgrid_webhook_public_keys"})

# The settings that the table [brand] of the brand file may set, by their names there.
BRAND_SETTINGS: Final = {
    "name": "brand_name",
    "postal_address": "postal_address",
    "shop_url": "shop_url",
    "language": "shop_language",
}

Mode = Literal["dry-run", "sandbox", "live"]
EmailMode = Literal["auto", "immediate", "abortable"]
Approval = Literal["off", "live", "always"]

# All ways to reach somebody. Only those that WINBACK_CHANNELS names send anything.
CHANNELS: Final = ("email", "sms", "mms", "rcs", "whatsapp", "voice", "direct_mail")


class _BrandFile(PydanticBaseSettingsSource):
    """What the brand file says of settings; the environment and `.env` come first."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False  # `__call__` reads them all at once

    def __call__(self) -> dict[str, Any]:
        path = Path(self.current_state.get("brand_file") or "brand.toml")
        told = read_toml(path).get("brand") if path.exists() else None
        named = told.items() if isinstance(told, dict) else ()
        return {BRAND_SETTINGS[name]: value for name, value in named if name in BRAND_SETTINGS}


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file. Raises UsageError that says what is wrong with it, in one line."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise UsageError(f"{path.name} can't be read: {error}") from None


class Settings(BaseSettings):
    """Everything an operator sets. Secrets never print: they are `SecretStr`."""

    model_config = SettingsConfigDict(env_prefix="WINBACK_", env_file=".env", extra="ignore")

    home: Path = Field(WORK_DIR / ".winback", description="Where a run leaves its state.")
    mode: Mode = Field("dry-run", description="What `winback run` may do.")
    # It may hold a password.
    ledger_url: str = Field(
        "", repr=False, description="SQLAlchemy URL; default: SQLite under HOME."
    )
    adopt_ledger: str = Field(
        "", description="Instance id of a moved ledger to send from; `new`: begin an empty one."
    )
    dbt_target: Literal["duckdb", "spark"] = Field(
        "duckdb", description="The engine that makes the rows of a build: duckdb or spark."
    )
    spark_master: str = Field(
        "local[*]",
        description="Where the target spark runs: this machine's cores, or spark://HOST:7077.",
    )

    shop_timezone: str = Field("UTC", description="IANA zone of the shop's calendar days.")
    shop_country: str = Field(
        "", description="Two letters, ISO 3166: where a number without a calling code is from."
    )
    shop_language: str = Field(
        ROOT, description="Language of messages to whoever has no other: en, de, fr or es."
    )
    languages: str = Field(
        "",
        description="Languages that messages may be in, comma-separated, beside the shop's own; "
        "who speaks another one gets the shop's.",
    )
    shop_url: str = Field("https://shop.example.com", description="Where messages link to.")
    shopify_pending: Literal["wait", "count"] = Field(
        "wait",
        description="Shopify orders with the status pending: `wait` until they are paid, or "
        "`count` where customers pay on delivery or by invoice.",
    )
    shopify_api_version: str = Field(
        "2025-10", description="The version of Shopify's API that is asked."
    )
    shopify_base_url: str = Field("", description="Stands in for https://SHOP of sources.toml.")
    shopify_webhook_secret: SecretStr = Field(
        SecretStr(""),
        description="The secret of the Shopify app that signs its webhooks to /webhooks/shopify; "
        "empty: none is believed.",
    )
    woocommerce_url: str = Field(
        "",
        description="The WordPress site whose WooCommerce gets codes, such as "
        "https://shop.example.com.",
    )
    woocommerce_key: str = Field("", description="Consumer key of WooCommerce's REST API.")
    woocommerce_secret: SecretStr = Field(
        SecretStr(""), description="Consumer secret of that key; it may read and write."
    )
    currency: str = Field(
        "",
        description="Three letters, ISO 4217, in which costs and budgets are told; empty: prices "
        "count as they stand in channel_costs.csv.",
    )
    exchange_rates: str = Field(
        "",
        description="What one of another currency is in the shop's, comma-separated, like "
        "`USD:EUR=0.92,GBP:EUR=1.17`.",
    )
    brand_name: str = Field("Example Shop", description="Named in every message.")
    postal_address: str = Field("", description="Printed in every email; no marketing without it.")

    brand_file: Path = Field(
        Path("brand.toml"),
        description="How mails look: logo, font, colors; it may also name brand and addresses.",
    )
    sources_file: Path = Field(
        Path("sources.toml"),
        description="Where the shop's data is, for `winback load` without a folder.",
    )

    channels: str = Field(
        "email,sms",
        description="Switched on, comma-separated: email, sms, mms, rcs, whatsapp, voice, "
        "direct_mail.",
    )

    from_email: str = Field("", description="Sender address of email.")
    from_name: str = Field("", description="Sender name of email; default: the brand.")
    reply_to: str = Field("", description="Where replies to an email go.")
    unsubscribe_mailto: str = Field("", description="Mail address for List-Unsubscribe.")
    public_base_url: str = Field("", description="Where the providers reach `winback serve`.")

    click_links: bool = Field(True, description="Count clicks by links of ours, `/r/...`.")
    link_base_url: str = Field(
        "",
        description="A short address of your own for the links in texts, like "
        "`https://go.shop.example`; it must lead to the same `winback serve`. Default: "
        "PUBLIC_BASE_URL.",
    )
    link_domains: str = Field(
        "",
        description="Domains to which messages may link besides SHOP_URL's, comma-separated.",
    )
    utm: bool = Field(
        False,
        description="Tell the shop's analytics of each click: utm_source, utm_medium, utm_campaign "
        "and utm_content in links to the shop.",
    )
    pause_days: int = Field(30, gt=0, le=365, description="The pause that people may choose.")

    sendgrid_api_key: SecretStr = Field(SecretStr(""), description="SendGrid API key.")
    sendgrid_base_url: str = Field("", description="Stands in for https://api.sendgrid.com.")
    sendgrid_webhook_public_keys: str = Field("", description="Comma-separated; any may sign.")
    twilio_account_sid: str = Field("", description="Twilio account.")
    twilio_auth_token: SecretStr = Field(SecretStr(""), description="Twilio auth token.")
    twilio_base_url: str = Field("", description="Stands in for https://api.twilio.com.")
    twilio_messaging_service_sid: str = Field("", description="The sender of texts.")
    twilio_rcs_service_sid: str = Field("", description="Messaging service with an RCS sender.")
    twilio_whatsapp_from: str = Field("", description="WhatsApp sender, E.164.")
    twilio_voice_from: str = Field("", description="Caller number of calls, E.164.")
    voice_opt_out_number: str = Field(
        "", description="Toll-free number where a call stops calls and texts, E.164."
    )
    voice_language: str = Field("en-US", description="Language of the voice that calls.")
    sms_toll_free: bool = Field(
        False,
        description="Texts leave from a toll-free number, where a part of several holds less: "
        "152 characters, or 66.",
    )
    sms_campaign_status: str = Field("", description="`registered` before US texts.")
    sms_per_second: float | None = Field(None, gt=0, description="Pace of SMS, MMS and RCS.")
    whatsapp_per_second: float | None = Field(None, gt=0, description="Pace of WhatsApp.")
    print_keep_days: int = Field(
        90, ge=30, description="How long the files for the print shop are kept."
    )
    calls_per_second: float = Field(1.0, gt=0, description="Pace of calls: the account's CPS.")
    email_per_second: float | None = Field(None, gt=0, description="Pace of email.")
    email_batch_size: int = Field(
        250,
        ge=1,
        le=1000,
        description="People in a request; a lost response leaves all unknown.",
    )
    email_mode: EmailMode = Field(
        "auto",
        description="`abortable`: SendGrid holds mail back for 25 minutes, so that a request "
        "without a response can be cancelled; `immediate`; `auto`: abortable at SendGrid itself.",
    )

    input_columns: int = Field(
        2000, ge=1, description="A file with more columns is not loaded or imported."
    )
    input_line_megabytes: int = Field(
        16, ge=1, description="A file with a longer line or row is not loaded or imported."
    )
    input_unpacked_megabytes: int = Field(
        20_000, ge=1, description="A packed file that becomes larger is not loaded."
    )
    input_memory_megabytes: int = Field(
        4000,
        ge=256,
        description="A workbook or Parquet file that takes more memory to read is not loaded.",
    )
    list_megabytes: int = Field(
        128, ge=1, description="A larger list of opt-outs, unpacked, is not imported."
    )
    response_megabytes: int = Field(
        32,
        ge=1,
        le=1024,
        description="A provider's longer response is not read: its messages are unknown.",
    )
    unknown_settle_minutes: int = Field(
        15,
        ge=0,
        description="How late a text may show in its provider's list; sooner would send it twice.",
    )

    responder: str = Field(
        "",
        description="Replies to questions: `rules` or `package.module:factory`; empty: off.",
    )
    responder_replies_per_day: int = Field(
        3, ge=1, description="Automated replies to one person in 24 hours; then a human."
    )

    approval: Approval = Field(
        "live",
        description="Whose steps wait for a person's yes before a first, changed, large or costly "
        "send: `live`; `always`, the sandbox's too; `off`.",
    )
    approval_messages: int = Field(
        500, ge=0, description="Messages of one step that need no yes of their own."
    )
    approval_cents: int = Field(
        10_000, ge=0, description="Cost of one step's messages that needs no yes of its own."
    )
    approval_hours: int = Field(
        72, ge=1, le=24 * 365, description="Hours until a request for a yes is asked anew."
    )

    budget_run_cents: int | None = Field(
        None, ge=0, description="Most that the messages of one run may cost; empty: no limit."
    )
    budget_day_cents: int | None = Field(
        None, ge=0, description="Most that the messages of one day may cost, in the shop's zone."
    )
    budget_month_cents: int | None = Field(
        None, ge=0, description="Most that the messages of one calendar month may cost."
    )

    publish_to: SecretStr = Field(
        SecretStr(""),
        description="Where a build copies the public tables to, for reports: a PostgreSQL URL "
        "(schema `winback`), or the path of a DuckDB file.",
    )

    landing_url: str = Field(
        "",
        description="Where the shop's tables are shared between machines, like "
        "`s3://bucket/winback/landing`; a load puts them there, a build takes them from there.",
    )
    published_url: str = Field(
        "",
        description="Where a build puts the public tables as Parquet for other machines, like "
        "`s3://bucket/winback/published`.",
    )
    storage_endpoint: str = Field(
        "",
        description="The storage behind both URLs if it is not AWS's own, like "
        "`https://storage.example.com`.",
    )
    storage_region: str = Field("", description="The region of that storage.")
    storage_key_id: SecretStr = Field(
        SecretStr(""),
        description="Key id of that storage; empty: as AWS's own tools find keys (role, profile).",
    )
    storage_secret: SecretStr = Field(SecretStr(""), description="The secret of that key.")

    keep_addresses_days: int | None = Field(
        None,
        ge=30,
        description="Days after which an ended message keeps its address as a keyed hash alone; "
        "empty: kept for good.",
    )
    keep_words_days: int | None = Field(
        None,
        ge=30,
        description="Days after which the words of messages and replies go; empty: for good.",
    )
    keep_callbacks_days: int | None = Field(
        None,
        ge=30,
        description="Days after which the providers' raw callbacks go, and rows that could not be "
        "read; no longer than addresses and words; empty: for good.",
    )
    keep_decisions_days: int | None = Field(
        None, ge=30, description="Days after which the decisions of a run go; empty: for good."
    )
    keep_reports_days: int | None = Field(
        None,
        ge=1,
        description="Days after which reports and exports of persons go; empty: for good.",
    )

    backup_to: str = Field(
        "",
        description="Where `winback backup` writes without a folder, where the receiver keeps what "
        "came in since a second time, and whose newest backup `winback doctor` tells the age of: "
        "a folder or a file:// URL on another disk, or a storage like "
        "`s3://bucket/winback/backups`, where nothing is kept a second time.",
    )

    watch_limits: str = Field(
        "",
        description="Minutes without a good end of a stage before `winback watch` speaks, like "
        "`send=60,measure=0`; 0: not watched.",
    )
    watch_webhook_url: SecretStr = Field(
        SecretStr(""), description="Where `winback watch` posts what is wrong, as Slack takes it."
    )
    watch_mail_to: str = Field("", description="Who gets a mail when something is wrong.")
    watch_smtp_url: SecretStr = Field(
        SecretStr(""),
        description="The server of that mail: `smtp://user:password@host:587` or `smtps://…`; "
        "default: SendGrid, where its key is set.",
    )
    report_mail_to: str = Field(
        "", description="Who gets the digest of the report each month, like the shop's owner."
    )
    notify_block: str = Field(
        "",
        description="Prefect's block that tells people of events, like `slack-webhook/ops`; "
        "default: mail and webhook as above.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - there are none
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The first that knows a setting says it."""
        return init_settings, env_settings, dotenv_settings, _BrandFile(settings_cls)

    @field_validator("channels")
    @classmethod
    def _channels_exist(cls, names: str) -> str:
        unknown = [name for name in _listed(names) if name not in CHANNELS]
        if unknown:
            raise ValueError(f"there is no channel {unknown[0]!r}; there are {', '.join(CHANNELS)}")
        return names

    @field_validator("shop_language", "languages")
    @classmethod
    def _languages_exist(cls, tags: str, info: ValidationInfo) -> str:
        unknown = [tag for tag in _listed(tags) if tag not in languages()]
        if unknown:
            known = ", ".join(languages())
            raise ValueError(f"templates/_words.toml has no {unknown[0]!r}; it has {known}")
        if info.field_name == "shop_language" and len(_listed(tags)) != 1:
            raise ValueError("must be one language, such as en")
        return ",".join(_listed(tags))

    @field_validator("publish_to")
    @classmethod
    def _is_a_database(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if (
            text
            and not text.startswith(("postgresql://", "postgres://"))
            and ("://" in text or not text.endswith((".duckdb", ".db")))
        ):
            raise ValueError("must be postgresql://…, or a path that ends in .duckdb")
        return value

    @field_validator("landing_url", "published_url")
    @classmethod
    def _is_a_bucket(cls, url: str) -> str:
        # Without the value: it may hold a password.
        if url and not BUCKET_URL.fullmatch(url):
            raise ValueError("must be like s3://bucket/folder, without a user or a password")
        return url.rstrip("/")

    @field_validator("storage_endpoint")
    @classmethod
    def _is_an_endpoint(cls, url: str) -> str:
        if url and not ENDPOINT_URL.fullmatch(url):
            raise ValueError("must be like https://storage.example.com, without a user")
        return url

    @model_validator(mode="after")
    def _places_are_two(self) -> Self:
        places = [f"{url}/" for url in (self.landing_url, self.published_url) if url]
        if len(places) == 2 and (
            places[0].startswith(places[1]) or places[1].startswith(places[0])
        ):
            raise ValueError("WINBACK_LANDING_URL and WINBACK_PUBLISHED_URL must be two folders")
        if bool(self.storage_key_id) != bool(self.storage_secret):
            raise ValueError("give both WINBACK_STORAGE_KEY_ID and WINBACK_STORAGE_SECRET, or none")
        return self

    @field_validator("shop_timezone")
    @classmethod
    def _zone_exists(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{name!r} is not an IANA time zone") from None
        return name

    @field_validator("shop_country")
    @classmethod
    def _is_a_country(cls, code: str) -> str:
        if code and not _COUNTRY.fullmatch(code):
            raise ValueError(f"{code!r} is no country of two letters, such as GB")
        return code.upper()

    @field_validator("currency")
    @classmethod
    def _is_a_currency(cls, code: str) -> str:
        if code and not _CURRENCY.fullmatch(code.upper()):
            raise ValueError(f"{code!r} is no currency of three letters, such as EUR")
        return code.upper()

    @field_validator("exchange_rates")
    @classmethod
    def _are_rates(cls, text: str) -> str:
        for rate in _listed(text):
            if not _RATE.fullmatch(rate):
                raise ValueError(f"{rate!r} is no rate like USD:EUR=0.92")
        return text

    @model_validator(mode="after")
    def _rates_are_to_the_shops_currency(self) -> Self:
        pairs = [rate.upper().split("=")[0].split(":") for rate in _listed(self.exchange_rates)]
        for one, other in pairs:
            if other != self.currency or one == other:
                raise ValueError(
                    f"the rate {one}:{other} of WINBACK_EXCHANGE_RATES is not one to "
                    f"WINBACK_CURRENCY ({self.currency or 'not set'})"
                )
        if len({one for one, _ in pairs}) < len(pairs):
            raise ValueError("WINBACK_EXCHANGE_RATES has a currency twice")
        return self

    @field_validator(
        "from_email", "reply_to", "unsubscribe_mailto", "watch_mail_to", "report_mail_to"
    )
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if value and not _ADDRESS.fullmatch(value):
            raise ValueError("must be an address alone, like hello@shop.example")
        return value

    @field_validator("*", mode="after")
    @classmethod
    def _is_one_line(cls, value: object, info: ValidationInfo) -> object:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if isinstance(text, str) and info.field_name not in _LISTS:
            found = _UNPRINTABLE.search(text)
            if found:
                raise ValueError(
                    "must be one line without control characters, and holds "
                    f"U+{ord(found[0]):04X} at place {found.start() + 1}"
                )
        return value

    @classmethod
    def load(cls, **overrides: object) -> Self:
        """Read the settings; a bad one is a UsageError that names it, never its value.

        So is a file of the shop's project that can't be read.
        """
        if PROBLEM:
            raise PROBLEM
        try:
            return cls(**overrides)  # type: ignore[arg-type]  # pydantic checks them
        except UnicodeDecodeError:
            raise UsageError(".env is not UTF-8. Next: save it as UTF-8") from None
        except ValidationError as error:
            lines = [
                "".join(f"WINBACK_{str(part).upper()}: " for part in item["loc"][:1])
                + item["msg"].removeprefix("Value error, ")
                for item in error.errors(include_input=False)
            ]
            raise UsageError("; ".join(lines)) from None

    @property
    def enabled_channels(self) -> tuple[str, ...]:
        """The channels that may send, in an order of ours."""
        named = _listed(self.channels)
        return tuple(name for name in CHANNELS if name in named)

    @property
    def rates(self) -> dict[str, Decimal]:
        """What one of each other currency is in the shop's, by its name."""
        pairs = (rate.upper().split("=") for rate in _listed(self.exchange_rates))
        return {pair.split(":")[0]: Decimal(rate) for pair, rate in pairs}

    @property
    def enabled_languages(self) -> tuple[str, ...]:
        """The languages that messages may be in, the shop's own first."""
        return tuple(dict.fromkeys((self.shop_language, *_listed(self.languages))))

    def per_second(self, channel: str) -> float | None:
        """The pace of a channel; what comes from one sender has one. None: no limit of ours."""
        own = {
            "email": self.email_per_second,
            "whatsapp": self.whatsapp_per_second,
            "voice": self.calls_per_second,
            "direct_mail": None,
        }
        return own.get(channel, self.sms_per_second)

    @property
    def landing_dir(self) -> Path:
        return self.home.resolve() / "landing"

    @property
    def print_dir(self) -> Path:
        """The files for the print shop; those of a rehearsal lie elsewhere, so that nobody prints
        them."""
        home = self.home.resolve()
        return home / "sandbox" / "print" if self.sends_to_loopback_only else home / "print"

    @property
    def stop_file(self) -> Path:
        """While it exists, nothing is sent from this machine; the ledger has a switch too."""
        return self.home.resolve() / "STOP"

    @property
    def shop_dir(self) -> Path:
        return self.landing_dir / "shop"

    @property
    def ledger_landing_dir(self) -> Path:
        return self.landing_dir / "ledger"

    @property
    def events_dir(self) -> Path:
        return self.landing_dir / "events"

    @property
    def rejected_dir(self) -> Path:
        return self.landing_dir / "rejected"

    @property
    def warehouse_path(self) -> Path:
        return self.home.resolve() / "warehouse" / "winback.duckdb"

    @property
    def published_dir(self) -> Path:
        return self.home.resolve() / "published"

    @property
    def reports_dir(self) -> Path:
        return self.home.resolve() / "reports"

    @property
    def control_room_dir(self) -> Path:
        """What the servers and workers that are ours to start keep, and their logs."""
        return self.home.resolve() / "control-room"

    @property
    def held_file(self) -> Path:
        """The steps that wait for a person's yes, as this machine last saw them in the ledger."""
        return self.control_room_dir / "held.json"

    @property
    def report_page(self) -> Path:
        """What the messages were worth, as `winback report` and runs that measure write it."""
        return self.reports_dir / "report.html"

    @property
    def preview_dir(self) -> Path:
        """Pages of messages: those of a dry run name people."""
        return self.reports_dir / "preview"

    @property
    def audiences_dir(self) -> Path:
        """Lists for ads: a folder for each segment and platform."""
        return self.home.resolve() / "audiences"

    @property
    def people_dir(self) -> Path:
        """What was exported of persons: a folder each, under their pseudonym."""
        return self.home.resolve() / "people"

    @property
    def effective_ledger_url(self) -> str:
        return self.ledger_url or f"sqlite:///{self.home.resolve() / 'ledger.db'}"

    @property
    def sends_to_loopback_only(self) -> bool:
        """Both providers are stood in for by servers on this machine."""
        hosts = (urlsplit(url).hostname for url in (self.sendgrid_base_url, self.twilio_base_url))
        return all(host in {"127.0.0.1", "localhost", "::1"} for host in hosts)


def _listed(names: str) -> list[str]:
    return [name.strip().lower() for name in names.split(",") if name.strip()]


def misspelled() -> dict[str, str]:
    """Variables that are no setting and look like one: the name that was probably meant, by each.

    Others that begin with WINBACK_ are left alone: dbt and the tests have some of their own.
    """
    known = {f"WINBACK_{name.upper()}" for name in Settings.model_fields}
    given = {name.upper() for name in (*os.environ, *DotEnvSettingsSource(Settings).env_vars)}
    meant = {
        name: get_close_matches(name, known, n=1, cutoff=0.9)
        for name in sorted(given - known)
        if name.startswith("WINBACK_")
    }
    return {name: close[0] for name, close in meant.items() if close}
