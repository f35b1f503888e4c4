"""Pulling: a shop's data from the shop itself, by its API, and into landing.

`winback load` reads files; this room fetches them first. A pull that breaks off at any moment is
gone on with by the next.
"""

from winback.pulling._client import Client, Unreached, call
from winback.pulling._open import open_client
from winback.pulling._pull import PullReport, api_sources, pull

__all__ = ["Client", "PullReport", "Unreached", "api_sources", "call", "open_client", "pull"]
