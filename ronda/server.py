"""The web server inside our own event loop: started and stopped like every other part."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import ipaddress
import socket
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI


class CannotListenError(Exception):
    """The address is taken or not ours; the text says which and what to do."""


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def spare_what_stays() -> None:
    """Take what lives as long as the process (modules, schemas, inventory) out of garbage collection: a full
    one would walk all of it every few seconds, and nobody is answered meanwhile."""
    gc.collect()
    gc.freeze()


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the application's business."""
        yield


class WebServer:
    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        self._app = app
        self._host = host
        self._port = port
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None
        self._socket: socket.socket | None = None

    @property
    def url(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    async def start(self) -> None:
        """Raises CannotListenError."""
        self._socket = self._bind()
        self._port = self._socket.getsockname()[1]
        config = uvicorn.Config(
            self._app,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # who is behind a proxy is decided in one place: api.peers
            timeout_graceful_shutdown=1,  # an open event stream must not hold up a stop
            lifespan="off",
        )
        self._server = _Server(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]), name="web")
        while not self._server.started:
            if self._task.done():
                self._task.result()
                raise CannotListenError(f"the web server on {self.url} ended at once")
            await asyncio.sleep(0.01)
        spare_what_stays()

    async def stop(self) -> None:
        gc.unfreeze()
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._socket is not None:
            self._socket.close()

    def _bind(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((self._host, self._port))
        except OSError as error:
            sock.close()
            raise CannotListenError(
                f"can't listen on {self.url}: {error.strerror}. Choose another with --port or api.port."
            ) from error
        return sock
