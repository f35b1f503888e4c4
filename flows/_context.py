"""What the stages of one run share: its mode and clock, the ledger, and the providers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime

from winback import pages
from winback.base.running import at_work
from winback.base.settings import Settings
from winback.ledger import Ledger, dedicate, open_ledger, require_adopted
from winback.readiness.modes import Run, resolve_run, sandbox_settings
from winback.rehearsal import sandbox


@dataclass(frozen=True)
class Stage:
    """A run with its providers in reach; a dry run has no ledger, so it can't touch it."""

    run: Run
    _ledger: Ledger | None = None
    _sandbox: sandbox.RunningSandbox | None = None

    @property
    def settings(self) -> Settings:
        return self.run.settings

    @property
    def ledger(self) -> Ledger:
        if self._ledger is None:
            raise RuntimeError("a dry run reached for the ledger")
        return self._ledger

    def settle(self) -> None:
        """Wait until a sandbox of our own has posted every callback that it owes."""
        if self._sandbox is not None:
            self._sandbox.settle()


_current: ContextVar[Stage | None] = ContextVar("winback_stage", default=None)


def current_stage() -> Stage:
    """The stage that the calling task stands on."""
    stage = _current.get()
    if stage is None:
        raise RuntimeError("a task ran outside of open_stage")
    return stage


@contextmanager
def open_stage(mode: str, as_of: datetime | None) -> Iterator[Stage]:
    """The stage that this process already stands on, or a new one.

    A flow inside `winback run` shares that run's ledger and sandbox; deployed by itself
    it opens its own. In sandbox mode a provider without a base URL is a sandbox started
    here, never the real one.
    """
    inherited = _current.get()
    if inherited is not None:
        yield inherited
        return
    run = resolve_run(Settings.load(), mode=mode, as_of=as_of.isoformat() if as_of else None)
    with at_work(run.settings), _open(run) as stage:
        token = _current.set(stage)
        try:
            yield stage
        finally:
            _current.reset(token)


@contextmanager
def _open(run: Run) -> Iterator[Stage]:
    if not run.sends:
        # Renders need a sender and an address; `doctor` tells which are made up.
        yield Stage(replace(run, settings=sandbox_settings(run.settings)))
        return
    with ExitStack() as stack:
        ledger = stack.enter_context(open_ledger(run.settings))
        # Nor is anybody enrolled or planned for: who was since the backup is not known here.
        require_adopted(ledger)
        dedicate(ledger, run.mode, is_rehearsal=run.settings.sends_to_loopback_only)
        if run.mode == "live":
            yield Stage(run, ledger)
            return
        settings = sandbox_settings(run.settings)
        own = None
        if not (settings.sendgrid_base_url and settings.twilio_base_url):
            own, settings = _start_sandbox(stack, replace(run, settings=settings), ledger)
        stage = Stage(replace(run, settings=settings), ledger, own)
        yield stage
        # Before the receiver goes: what the sandbox still owes would be lost.
        stage.settle()


def _start_sandbox(
    stack: ExitStack, run: Run, ledger: Ledger
) -> tuple[sandbox.RunningSandbox, Settings]:
    """A sandbox and a receiver on free loopback ports, and settings that point to them."""
    own = stack.enter_context(sandbox.start(run.settings, run.clock, patient=True))
    # A provider that the operator's own server stands in for keeps the operator's keys.
    elsewhere = tuple(
        provider
        for provider in ("sendgrid_", "twilio_")
        if getattr(run.settings, f"{provider}base_url")
    )
    given = {n: value for n, value in own.overrides().items() if not n.startswith(elsewhere)}
    settings = run.settings.model_copy(update=given)
    receiver = stack.enter_context(pages.start(ledger, settings, run.clock))
    own.send_webhooks_to(receiver.base_url, public_url=settings.public_base_url)
    # Called first: both end at the same time, when nothing is owed any more.
    stack.callback(own.end_soon)
    stack.callback(receiver.end_soon)
    return own, settings
