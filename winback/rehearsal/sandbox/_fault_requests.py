"""The faults that may be ordered, as the body of POST /_sandbox/faults and as `--faults`."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from winback.base.errors import UsageError
from winback.rehearsal.sandbox._fault_plan import KINDS, Chances, Fault, Hint, Kind, Target
from winback.rehearsal.sandbox._mishaps import MISHAPS, Mishap, Mishaps
from winback.rehearsal.sandbox._records import Provider
from winback.rehearsal.sandbox._state import State

Rate = Annotated[float, Field(ge=0, le=1)]


class FaultsBody(BaseModel):
    """A `kind` for the next requests, `rates` by chance, or `webhooks` by chance; or several."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind | None = None
    # The next so many requests meet it, after `skip` that don't; or all during `span_seconds`.
    count: int = Field(1, ge=1, le=10_000)
    skip: int = Field(0, ge=0)
    span_seconds: float | None = Field(None, gt=0, le=3600)
    # How long it takes, where it takes time.
    seconds: float = Field(1.0, gt=0, le=120)
    status: int = Field(403, ge=400, le=599)
    code: int | None = None
    field: str | None = None
    hint: Hint = "retry_after"
    # Which requests are meant; `method` null means all.
    provider: Provider | None = None
    method: str | None = "POST"
    path: str = ""
    seed: int = 0
    rates: dict[Kind, Rate] = Field(default_factory=dict)
    webhooks: dict[Mishap, Rate] = Field(default_factory=dict)

    @field_validator("path")
    @classmethod
    def _is_pattern(cls, path: str) -> str:
        try:
            re.compile(path)
        except re.error as error:
            raise ValueError(f"not a pattern: {error}") from None
        return path

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.kind is None and not self.rates and not self.webhooks:
            raise ValueError("name a kind, rates or webhooks")
        if max(sum(self.rates.values()), sum(self.webhooks.values())) > 1:
            raise ValueError("rates add up to more than 1")
        return self


def ask_for(state: State, wanted: FaultsBody) -> None:
    """Order the `wanted` faults in addition to those ordered before."""
    target = Target(wanted.provider, wanted.method, wanted.path)
    if wanted.kind is not None:
        fault = Fault(
            wanted.kind,
            target,
            count=wanted.count,
            skip=wanted.skip,
            seconds=wanted.seconds,
            span_seconds=wanted.span_seconds,
            status=wanted.status,
            code=wanted.code,
            field=wanted.field,
            hint=wanted.hint,
        )
        state.faults.schedule(fault)
    if wanted.rates:
        state.faults.leave_to_chance(Chances(wanted.seed, wanted.rates, target, wanted.seconds))
    if wanted.webhooks:
        state.outbox.mishaps = Mishaps(
            wanted.seed, wanted.webhooks, seconds=wanted.seconds, provider=wanted.provider
        )


def parse_faults(text: str) -> FaultsBody:
    """Read `--faults`: `seed=7,drop=0.02,error_accepted=0.01,webhook.duplicate=0.1,seconds=2`.

    Raises UsageError for anything else.
    """
    body: dict[str, object] = {}
    rates: dict[str, str] = {}
    webhooks: dict[str, str] = {}
    for part in text.split(","):
        name, _, value = part.strip().partition("=")
        if name.startswith("webhook."):
            webhooks[name.removeprefix("webhook.")] = value
        elif name in {"seed", "seconds", "provider", "path"}:
            body[name] = value
        else:
            rates[name] = value
    try:
        return FaultsBody.model_validate({**body, "rates": rates, "webhooks": webhooks})
    except ValidationError as error:
        where = ".".join(str(item) for item in error.errors()[0]["loc"][:2]) or "its rates"
        raise UsageError(
            f"--faults {text!r} makes no sense at {where}. Give rates from 0 to 1, as"
            " 'seed=7,drop_accepted=0.02,webhook.duplicate=0.1'. Faults:"
            f" {', '.join(KINDS)}. Webhooks: {', '.join(MISHAPS)}."
        ) from None
