"""A real S3 server on loopback (moto's) that fails when told to."""

import socket
from collections import deque
from contextlib import contextmanager
from threading import Thread

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

KEY, SECRET = "AKIAEXAMPLE", "a-secret-that-no-message-may-hold"


class FaultyS3:
    """Answers like S3; each fault that is queued for a method spoils one request of that method."""

    def __init__(self):
        self._app = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.faults = deque()
        self.requests = []
        self.page_size = 1000

    def __call__(self, environ, start_response):
        self.requests.append((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        if self.faults and self.faults[0][0] == environ["REQUEST_METHOD"]:
            return self.faults.popleft()[1](environ, start_response)
        if "list-type" in environ["QUERY_STRING"]:
            environ["QUERY_STRING"] += f"&max-keys={self.page_size}"
        return self._app(environ, start_response)

    @contextmanager
    def running(self):
        thread = Thread(target=self._server.serve_forever)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()


def refusal(status, code, message=""):
    """An error of S3's form."""

    def answer(environ, start_response):
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start_response(status, [("Content-Type", "application/xml")])
        return [f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()]

    return answer


def cut_upload(environ, start_response):
    """The connection breaks when half of the body has arrived."""
    environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]) // 2)
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    start_response("200 OK", [])
    return []


def cut_download(environ, start_response):
    """The connection breaks before the body is complete."""
    start_response("200 OK", [("Content-Length", "1000")])
    return [b"half"]
