"""How the ledger grows: `python benchmarks/ledger_growth.py [MESSAGES]`.

Sends that many emails (default 1,000,000) in ten mailings from one ledger, by `send_due` with
every commit, guard and record, to a server that takes all. Told after each mailing: the ledger's
bytes a message, messages a second, and the peak of the process's memory. A ledger that grew faster
than its messages, a run that slowed down or held on to what it sent would show.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import tempfile
import time
from itertools import count
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection
from pathlib import Path

from send_due import fill, messages

from winback.base.clock import WallClock
from winback.base.settings import Settings
from winback.ledger import Ledger, open_ledger
from winback.sending import send_due

MAILINGS = 10
TEXT_ANSWER = (
    b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 65\r\n\r\n"
    b'{"sid": "SM%032x", "status": "queued"}'
)
ANSWER = b"HTTP/1.1 202 Accepted\r\nX-Message-Id: request\r\nContent-Length: 0\r\n\r\n"


def take_all(port_to: Connection) -> None:
    """A server that takes every mail and every text."""
    numbers = count()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            length = head.partition("content-length: ")[2].split()[0]
            await reader.readexactly(int(length))
            is_text = "/messages.json" in head.partition("\r\n")[0]
            writer.write(TEXT_ANSWER % next(numbers) if is_text else ANSWER)
        writer.close()

    async def serve() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, limit=2**20)
        port_to.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


async def _head(reader: asyncio.StreamReader) -> str:
    try:
        return (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    except asyncio.IncompleteReadError:
        return ""


def mail(ledger: Ledger, settings: Settings, *, count: int, number: int) -> dict[str, float]:
    """One mailing, and what the ledger and the process are after it."""
    fill(ledger, list(messages(settings, "email", count=count, run=number)))
    begun = time.perf_counter()
    report = send_due(ledger, settings, WallClock())
    seconds = time.perf_counter() - begun
    if report.counts["accepted"] != count:
        raise SystemExit(f"not all were accepted: {report.summary()} {report.stopped}")
    with ledger.engine.connect() as connection:
        connection.exec_driver_sql("pragma wal_checkpoint(truncate)")
    sent = count * (number + 1)
    return {
        "messages": sent,
        "bytes_a_message": round(Path(settings.home / "ledger.db").stat().st_size / sent),
        "per_second": round(count / seconds),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def main() -> None:
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    here, there = Pipe()
    server = Process(target=take_all, args=(there,), daemon=True)
    server.start()
    with tempfile.TemporaryDirectory() as home:
        settings = Settings.load(
            home=Path(home),
            sendgrid_api_key="SG.key",
            sendgrid_base_url=f"http://127.0.0.1:{here.recv()}",
            from_email="hello@example.com",
            approval="off",
        )
        with open_ledger(settings) as ledger:
            for number in range(MAILINGS):
                figures = mail(ledger, settings, count=total // MAILINGS, number=number)
                sys.stdout.write(json.dumps(figures) + "\n")
    server.terminate()


if __name__ == "__main__":
    main()
