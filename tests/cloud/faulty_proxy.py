"""A proxy before an S3 server that refuses and delays what it is told to."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from urllib.parse import urlsplit

PASSED_ON = ("connection", "transfer-encoding", "content-length")
"""Headers that each connection states anew."""


@dataclass
class Fault:
    """What spoils the next `left` requests of one method whose address holds `part`."""

    method: str
    part: str
    spoil: Callable[["Handler"], bool]
    """Answers in place of the server, or delays; true if it has answered."""
    left: int = 1


@dataclass
class FaultyProxy:
    """Passes requests on to the server at `target`, except for its faults."""

    target: str
    url: str = ""
    faults: list[Fault] = field(default_factory=list)
    met: list[str] = field(default_factory=list)
    """The address of every request that was spoilt."""
    _lock: Lock = field(default_factory=Lock)

    def fault_for(self, method: str, address: str) -> Fault | None:
        """The fault that this request meets, if any."""
        with self._lock:
            for fault in self.faults:
                if fault.left and fault.method == method and fault.part in address:
                    fault.left -= 1
                    self.met.append(address)
                    return fault
        return None


class Handler(BaseHTTPRequestHandler):
    """Passes one request on, with the host it was signed for."""

    protocol_version = "HTTP/1.1"
    proxy: FaultyProxy

    def log_message(self, *_):
        """Tests read no access log."""

    def _serve(self):
        self.content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.proxy.fault_for(self.command, self.path)
        if fault and fault.spoil(self):
            return
        # A client that was killed reads no answer.
        with closing(HTTPConnection(urlsplit(self.proxy.target).netloc)) as connection, suppress(ConnectionError):
            connection.request(self.command, self.path, self.content, dict(self.headers))
            found = connection.getresponse()
            self.answer(found.status, found.read(), dict(found.getheaders()))

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _serve

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        """Sends one whole answer."""
        self.send_response_only(status)
        length = headers.get("Content-Length", "0") if self.command == "HEAD" else str(len(body))
        for name, value in headers.items():
            if name.lower() not in PASSED_ON:
                self.send_header(name, value)
        self.send_header("Content-Length", length)
        self.end_headers()
        self.wfile.write(body)


def refused(status: int, code: str) -> Callable[[Handler], bool]:
    """An error of S3's form."""

    def spoil(handler: Handler) -> bool:
        body = f"<Error><Code>{code}</Code><Message>refused</Message></Error>".encode()
        handler.answer(status, body, {"Content-Type": "application/xml"})
        return True

    return spoil


def late(seconds: float) -> Callable[[Handler], bool]:
    """The server's own answer, after a while."""

    def spoil(handler: Handler) -> bool:
        time.sleep(seconds)
        return False

    return spoil


def stalled(seconds: float) -> Callable[[Handler], bool]:
    """No answer at all."""

    def spoil(handler: Handler) -> bool:
        time.sleep(seconds)
        handler.close_connection = True
        return True

    return spoil


@contextmanager
def faulty_proxy(target: str) -> Iterator[FaultyProxy]:
    """Serves on a free port of loopback."""
    proxy = FaultyProxy(target)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Handler,), {"proxy": proxy}))
    server.daemon_threads = True
    proxy.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
