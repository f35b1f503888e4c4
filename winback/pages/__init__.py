"""The pages behind the links of messages, and the app that serves them and the callbacks."""

from winback.pages._serve import RunningReceiver, serve, start

__all__ = [
    "RunningReceiver",
    "serve",
    "start",
]
