"""A model hub on the loopback: the part of its HTTP interface that `snapshot_download` speaks, and faults on demand.

Large files redirect to storage under another host name, as the real hub's do.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import unquote, urlsplit

TOKEN = "hf_a_secret_that_no_message_may_show"
SIGNATURE = "Signature=another-secret"
COMMIT = "c0ffee" + "0" * 34


@dataclass
class Hub:
    """One repository at one commit, what is wrong with it, and what was asked of it."""

    repository: str
    files: dict[str, bytes]
    branches: tuple[str, ...] = ("main",)
    gated: bool = False
    cut_after: int | None = None
    """The first answer with weights ends after this many bytes."""
    failing: str = ""
    """A file that storage answers with an error."""
    altered: str = ""
    """A file that arrives with other bytes than were announced."""
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    """Method, path and headers of every request."""

    endpoint: str = ""
    storage: str = ""

    def asked(self, text: str) -> list[tuple[str, str, dict[str, str]]]:
        """The GET requests with this text in their path."""
        return [request for request in self.requests if request[0] == "GET" and text in request[1]]


def is_large(name: str) -> bool:
    """True for files that the hub keeps outside git."""
    return name.endswith(".safetensors")


def git_hash(data: bytes) -> str:
    """The name git gives these bytes."""
    return hashlib.sha1(f"blob {len(data)}\0".encode() + data).hexdigest()


def announced_hash(name: str, data: bytes) -> str:
    """The ETag of a file."""
    return hashlib.sha256(data).hexdigest() if is_large(name) else git_hash(data)


@contextmanager
def serve(hub: Hub) -> Iterator[Hub]:
    """Serves until the `with` block ends; fills in the two addresses."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (HubHandler,), {"hub": hub}))
    hub.endpoint = f"http://127.0.0.1:{server.server_port}"
    hub.storage = f"http://localhost:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class HubHandler(BaseHTTPRequestHandler):
    """Answers HEAD and GET."""

    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.requests.append((self.command, self.path, {key.lower(): value for key, value in self.headers.items()}))
        if path.startswith("/storage/"):
            return self._stored(path.rsplit("/", 1)[1])
        if self.hub.repository not in path:
            return self._error(404, "RepoNotFound")
        if self.hub.gated and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self._error(401, "GatedRepo")
        before, revision, name = self._parts(path)
        if revision not in (COMMIT, *self.hub.branches):
            return self._error(404, "RevisionNotFound")
        if before.endswith("/revision"):
            return self._json({"id": self.hub.repository, "sha": COMMIT, "gated": self.hub.gated})
        if before.endswith("/tree"):
            return self._json([self._entry(name, data) for name, data in self.hub.files.items()])
        return self._resolve(name)

    def _parts(self, path: str) -> tuple[str, str, str]:
        kind = next(kind for kind in ("/revision", "/tree", "/resolve") if f"{kind}/" in path)
        before, _, rest = path.partition(f"{kind}/")
        revision, _, name = rest.partition("/")
        return before + kind, revision, name

    def _entry(self, name: str, data: bytes) -> dict:
        entry = {"type": "file", "path": name, "size": len(data), "oid": git_hash(data)}
        large = {"oid": announced_hash(name, data), "size": len(data), "pointerSize": 134}
        return entry | ({"lfs": large} if is_large(name) else {})

    def _resolve(self, name: str) -> None:
        if name not in self.hub.files:
            return self._error(404, "EntryNotFound")
        data = self.hub.files[name]
        facts = {"X-Repo-Commit": COMMIT, "ETag": f'"{announced_hash(name, data)}"'}
        if not is_large(name):
            return self._send(200, self._as_sent(name), facts)
        linked = {"X-Linked-Etag": facts["ETag"], "X-Linked-Size": str(len(data))}
        location = {"Location": f"{self.hub.storage}/storage/{name}?{SIGNATURE}"}
        return self._send(302, b"", {**facts, **linked, **location})

    def _stored(self, name: str) -> None:
        if name == self.hub.failing:
            return self._send(500, b"", {})
        data = self._as_sent(name)
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        headers = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if start else {}
        return self._send(206 if start else 200, data[start:], headers)

    def _as_sent(self, name: str) -> bytes:
        data = self.hub.files[name]
        return data[:-1] + bytes([data[-1] ^ 1]) if name == self.hub.altered else data

    def _json(self, value: object) -> None:
        self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _error(self, status: int, code: str) -> None:
        self._send(status, b"", {"X-Error-Code": code, "X-Error-Message": f"{code}: access denied or not there"})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        cut, is_weights = self.hub.cut_after, "/storage/" in self.path
        if cut is not None and is_weights:
            self.hub.cut_after, body, self.close_connection = None, body[:cut], True
        self.wfile.write(body)
