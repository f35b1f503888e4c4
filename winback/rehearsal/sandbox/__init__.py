"""A SendGrid and a Twilio on this machine: they keep what they were sent and call back.

They check keys and requests as the providers do, sign their webhooks, and fail on
request. Everything they accept is on disk, under the home's `sandbox/`, before they respond.
"""

from winback.rehearsal.sandbox._credentials import Credentials, load_or_create
from winback.rehearsal.sandbox._fault_requests import FaultsBody, parse_faults
from winback.rehearsal.sandbox._server import (
    RunningSandbox,
    client_settings,
    sandbox_dir,
    serve,
    start,
)

__all__ = [
    "Credentials",
    "FaultsBody",
    "RunningSandbox",
    "client_settings",
    "load_or_create",
    "parse_faults",
    "sandbox_dir",
    "serve",
    "start",
]
