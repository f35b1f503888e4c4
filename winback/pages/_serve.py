"""Starting the receiver: in the foreground, or in a thread beside a run or a test."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from winback.base.clock import Clock
from winback.base.serving import LoopbackServer, serve_forever
from winback.base.settings import Settings
from winback.inbound import Receiver, create_app
from winback.ledger import Ledger
from winback.pages._public import ROUTES


@dataclass(frozen=True)
class RunningReceiver:
    """A receiver that listens at `base_url` until its context ends, or soon after `end_soon`."""

    base_url: str
    end_soon: Callable[[], None]


@contextlib.contextmanager
def start(ledger: Ledger, settings: Settings, clock: Clock) -> Iterator[RunningReceiver]:
    """Run a receiver in a thread on a free loopback port.

    Without a public base URL in the settings, Twilio's signatures are checked against the
    port it got. When the context ends, everything acknowledged is in the ledger.
    """
    receiver = Receiver(ledger, settings, clock)
    server = LoopbackServer(create_app(receiver, ROUTES))
    receiver.public_base_url = receiver.public_base_url or server.base_url
    with server:
        yield RunningReceiver(server.base_url, server.end_soon)


def serve(ledger: Ledger, settings: Settings, clock: Clock, *, host: str, port: int) -> None:
    """Run a receiver in the foreground until it is interrupted."""
    receiver = Receiver(ledger, settings, clock)
    receiver.public_base_url = receiver.public_base_url or f"http://{host}:{port}"
    serve_forever(create_app(receiver, ROUTES), host=host, port=port)
