"""The e-government applications: an HTTP health page each, served while the hosting device can be reached."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

import h11

from lab.network import Network
from topology.model import Application

_READ_OCTETS = 65_536


class HealthPage:
    """200 while the host is reachable; 503 when stopped on purpose; no answer at all when out of reach."""

    def __init__(self, network: Network, application: Application) -> None:
        self._network = network
        self._application = application
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()
        self.answered = 0
        self.malformed = 0

    async def start(self, listener: socket.socket) -> None:
        self._server = await asyncio.start_server(self._connected, sock=listener)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            await self._serve(reader, writer)
        except (ConnectionError, h11.RemoteProtocolError):
            self.malformed += 1
        finally:
            self._open.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h11.Connection(h11.SERVER)
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                data = await reader.read(_READ_OCTETS)
                connection.receive_data(data)
                if not data:
                    return
            elif isinstance(event, h11.EndOfMessage):
                if not self._network.reachable(self._application.hosted_at):
                    # A host that can't be reached says nothing: hold the line until the asker gives up.
                    await reader.read()
                    return
                writer.write(self._reply(connection))
                await writer.drain()
                if connection.our_state is h11.MUST_CLOSE:
                    return
                connection.start_next_cycle()
            elif isinstance(event, h11.ConnectionClosed):
                return

    def _reply(self, connection: h11.Connection) -> bytes:
        stopped = self._application.id in self._network.truth.applications_stopped
        state: dict[str, Any] = {
            "application": self._application.id,
            "status": "failing" if stopped else "ok",
        }
        body = json.dumps(state).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        self.answered += 1
        return b"".join(
            part
            for event in (
                h11.Response(status_code=503 if stopped else 200, headers=headers),
                h11.Data(data=body),
                h11.EndOfMessage(),
            )
            if (part := connection.send(event))
        )
