"""A loopback server that speaks the service's batch API over real HTTP and fails on demand. Standard library only."""

import json
import random
import socket
import threading
import time
from collections import deque
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = "sk-stub-0123456789"
BATCHES = "/v1/messages/batches"
ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    404: "not_found_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}
CAPABILITIES = {"batch": {"supported": True}, "structured_outputs": {"supported": True}}
MODELS = {
    "claude-haiku-5-5": {"line": "haiku"},
    "claude-haiku-4-5": {"line": "haiku", "lifecycle": "deprecated"},
    "claude-opus-5-5": {"line": "opus"},
    "claude-opus-3": {"line": "opus", "lifecycle": "retired"},
    "claude-sonnet-old": {"line": "sonnet", "capabilities": {**CAPABILITIES, "batch": {"supported": False}}},
    "claude-unlined": {"line": None},
}


class Stub(ThreadingHTTPServer):
    """`with Stub(respond) as stub:` serves at `stub.url`; `respond(parameters)` writes the JSON of a reply.

    `faults` names what goes wrong, by route (`models`, `list`, `create`, `poll`, `results`), one entry a request.
    `item_faults` names what goes wrong with a batch's item, by the start of its custom id. `hooks` are called with no
    argument when a request of their route arrives; `created` when a batch is stored and its reply not yet sent. A batch
    ends after `polls` questions, so that no test waits.
    """

    daemon_threads = True

    def __init__(self, respond, faults=None, item_faults=None, hooks=None, polls=2):
        super().__init__(("127.0.0.1", 0), Handler)
        self.respond, self.polls = respond, polls
        self.faults = {route: deque(names) for route, names in (faults or {}).items()}
        self.item_faults, self.hooks = item_faults or {}, hooks or {}
        self.batches, self.lock = {}, threading.Lock()
        self.url = f"http://127.0.0.1:{self.server_port}"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def handle_error(self, *_):
        """Connections that are dropped on purpose are no news."""

    def view(self, batch):
        counts = dict.fromkeys(("processing", "succeeded", "errored", "canceled", "expired"), 0)
        for result in batch["results"] or []:
            counts[result["result"]["type"]] += 1
        if batch["results"] is None:
            counts["processing"] = len(batch["requests"])
        return {
            "id": batch["id"],
            "type": "message_batch",
            "processing_status": "in_progress" if batch["results"] is None else "ended",
            "request_counts": counts,
            "created_at": batch["created"].isoformat(),
            "expires_at": (batch["created"] + timedelta(hours=24)).isoformat(),
            "results_url": f"{self.url}{BATCHES}/{batch['id']}/results",
        }

    def store(self, requests):
        number = len(self.batches) + 1
        batch = {"id": f"msgbatch_{number}", "requests": requests, "results": None, "polls": 0}
        self.batches[batch["id"]] = batch | {"created": datetime.now(UTC)}
        return self.batches[batch["id"]]

    def finish(self, batch):
        batch["results"] = [self.result(request) for request in batch["requests"]]
        random.Random(0).shuffle(batch["results"])  # the service promises no order

    def result(self, request):
        name = request["custom_id"]
        fault = next((fault for start, fault in self.item_faults.items() if name.startswith(start)), None)
        result = {"type": "succeeded"}
        if fault in ("expired", "canceled"):
            result = {"type": fault}
        elif fault == "errored":
            result = {"type": fault, "error": {"type": "error", "error": {"type": "api_error", "message": "stub"}}}
        else:
            result["message"] = self.message(name, request["params"], fault)
        return {"custom_id": name, "result": result}

    def message(self, name, parameters, fault):
        text, stop, details = json.dumps(self.respond(parameters)), "end_turn", None
        if fault == "truncated":
            text, stop = text[: len(text) // 2], "max_tokens"
        elif fault == "fenced":
            text = f"Here is the JSON:\n```json\n{text}\n```"
        elif fault == "refusal":
            text, stop, details = "", fault, {"type": "refusal", "category": "general_harms", "explanation": None}
        return {
            "id": f"msg_{name}",
            "type": "message",
            "role": "assistant",
            "model": parameters["model"],
            "content": [{"type": "text", "text": text}] if text else [],
            "stop_reason": stop,
            "stop_details": details,
            "usage": {"input_tokens": 100, "output_tokens": 10, "cache_read_input_tokens": 1},
        }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each small reply waits 40 ms for the client's delayed acknowledgement
    server: Stub

    def log_message(self, *_):
        """Tests read no access log."""

    def do_GET(self):
        path = self.path.split("?")[0]
        if path.startswith("/v1/models/"):
            return self.serve("models", lambda: self.model(path.rsplit("/", 1)[1]))
        if path == BATCHES:
            return self.serve("list", self.listing)
        batch = self.server.batches.get(path.removeprefix(BATCHES + "/").split("/")[0])
        if batch is None:
            return self.error(404)
        return (
            self.serve("results", lambda: self.results(batch))
            if path.endswith("/results")
            else self.serve("poll", lambda: self.poll(batch))
        )

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.serve("create", lambda: self.create(body["requests"]))

    def serve(self, route, answer):
        self.call(route)
        queue = self.server.faults.get(route)
        self.fault = queue.popleft() if queue else None
        if self.headers["authorization"] != f"Bearer {KEY}":
            return self.error(401, f"invalid key {self.headers['authorization']}")
        if self.fault == "spent":
            return self.error(429, "spent", {"details": {"error_code": "enforced_spend_limit_reached"}})
        if self.fault == "reset":
            return self.drop()
        if self.fault == "html":
            return self.send(200, b"<html>a proxy</html>", "text/html")
        if self.fault == "timeout":
            return time.sleep(0.4)
        if self.fault and self.fault.isdigit():
            return self.error(int(self.fault))
        return answer()

    def call(self, hook):
        self.server.hooks.get(hook, lambda: None)()

    def model(self, name):
        if name not in MODELS:
            return self.error(404)
        facts = {"lifecycle": "active", "capabilities": CAPABILITIES, **MODELS[name]}
        created = datetime.now(UTC).isoformat()
        return self.send_json(200, {"id": name, "type": "model", "display_name": name, "created_at": created, **facts})

    def listing(self):
        """Two batches a page, newest first."""
        ids = [*self.server.batches][::-1]
        after = self.path.partition("after_id=")[2].split("&")[0]
        start = ids.index(after) + 1 if after else 0
        page = ids[start : start + 2]
        data = [self.server.view(self.server.batches[name]) for name in page]
        last = page[-1] if page else None
        self.send_json(200, {"data": data, "has_more": start + 2 < len(ids), "first_id": None, "last_id": last})

    def create(self, requests):
        names = [request["custom_id"] for request in requests]
        if len(set(names)) < len(names) or any(len(name) > 64 for name in names):
            return self.error(400, "custom_id")
        with self.server.lock:
            batch = self.server.store(requests)
        self.call("created")
        if self.fault == "lost":
            return self.drop()
        if self.fault == "lost-html":
            return self.send(200, b"<html>a proxy</html>", "text/html")
        return self.send_json(200, self.server.view(batch))

    def poll(self, batch):
        batch["polls"] += 1
        if batch["results"] is None and batch["polls"] >= self.server.polls:
            self.server.finish(batch)
        self.send_json(200, self.server.view(batch))

    def results(self, batch):
        lines = [json.dumps(result, ensure_ascii=False).encode() + b"\n" for result in batch["results"]]
        whole = b"".join(lines)
        if self.fault == "cut-by-length":  # promises all, sends half
            self.close_connection = True
            return self.send(200, whole[: len(whole) // 2], "application/x-jsonl", len(whole))
        if self.fault == "cut-in-a-letter":
            whole = whole[: whole.rindex("é".encode()) + 1]
        if self.fault == "cut-in-a-line":
            whole = b"".join(lines[: len(lines) // 2]) + lines[-1][:99]
        if self.fault == "cut-between-lines":
            whole = b"".join(lines[: len(lines) // 2])
        return self.send(200, whole, "application/x-jsonl")

    def error(self, status, message="stub", extra=None):
        error = {"type": ERRORS.get(status, "api_error"), "message": message, **(extra or {})}
        self.send_json(status, {"type": "error", "error": error})

    def send_json(self, status, value):
        self.send(status, json.dumps(value).encode(), "application/json")

    def send(self, status, body, kind, length=None):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("request-id", "req_1")
        self.send_header("content-length", str(length or len(body)))
        self.end_headers()
        self.wfile.write(body)

    def drop(self):
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.connection.close()
