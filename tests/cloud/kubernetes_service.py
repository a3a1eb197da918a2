"""The part of a Kubernetes API that Metaflow calls: jobs of one pod of one container, which runs as a process."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from containers import Container, Machines

JOBS = re.compile(r"/apis/batch/v1/namespaces/([^/]+)/jobs(?:/([^/]+))?")
PODS = re.compile(r"/api/v1/namespaces/([^/]+)/pods")
NAMED_BY = ("user", "flow_name", "run_id", "step_name", "task_id", "attempt")
"""Annotations of Metaflow's pods; together they are what it calls a job on Batch."""
ENDED = ("Succeeded", "Failed")
LIMIT = 3600.0
"""Seconds, for a pod that sets no limit."""

KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: lab
clusters: [{{name: lab, cluster: {{server: "{url}"}}}}]
users: [{{name: lab, user: {{token: none}}}}]
contexts: [{{name: lab, context: {{cluster: lab, user: lab}}}}]
"""


class Job:
    """A job and its pod as the API shows them."""

    def __init__(self, body: dict[str, Any], namespace: str, number: int, container: Container):
        name = body["metadata"].get("name") or f"{body['metadata']['generateName']}{number}"
        template = body["spec"]["template"]
        self.container = container
        self.spec = template["spec"]
        self.shown = body | {
            "metadata": body["metadata"] | {"name": name, "namespace": namespace, "uid": f"uid-{number}"},
            "status": {"active": 1, "startTime": _now()},
        }
        labels = (template["metadata"].get("labels") or {}) | {"job-name": name}
        self.pod = {
            "metadata": template["metadata"] | {"name": f"{name}-pod", "namespace": namespace, "labels": labels},
            "spec": self.spec,
            "status": {"phase": "Pending"},
        }

    @property
    def stopped(self) -> bool:
        return self.shown["spec"].get("parallelism") == 0

    def run(self, machines: Machines, secrets: dict[str, dict[str, str]]) -> None:
        """Runs the container, and shows what became of it."""
        asked = self.spec["containers"][0]
        with machines.slots:
            self._show("Running", {"running": {"startedAt": _now()}})
            limit = self.spec.get("activeDeadlineSeconds") or LIMIT
            self.container.run(asked["command"], self._environment(machines, secrets), limit, lambda: self.stopped)
        code = self.container.exit_code
        if code is None:  # a node that is gone reports no state of its containers
            self.pod["status"] = {"phase": "Failed", "reason": "NodeLost", "message": "the node is gone"}
        else:
            reason = "Completed" if code == 0 else "Error"
            ended = {"exitCode": code, "reason": reason, "startedAt": _now(), "finishedAt": _now()}
            self._show(ENDED[code != 0], {"terminated": ended})
        self.shown["status"] |= {"active": 0, "succeeded" if code == 0 else "failed": 1}

    def _show(self, phase: str, state: dict[str, Any]) -> None:
        asked = self.spec["containers"][0]
        names = {"name": asked["name"], "image": asked["image"], "imageID": "", "ready": True, "restartCount": 0}
        self.pod["status"] |= {"phase": phase, "startTime": _now(), "containerStatuses": [names | {"state": state}]}

    def _environment(self, machines: Machines, secrets: dict[str, dict[str, str]]) -> dict[str, str]:
        asked, metadata = self.spec["containers"][0], self.pod["metadata"]
        fields = {
            "metadata.namespace": metadata["namespace"],
            "metadata.name": metadata["name"],
            "metadata.uid": self.shown["metadata"]["uid"],
            "spec.serviceAccountName": self.spec.get("serviceAccountName") or "default",
            "status.hostIP": "127.0.0.1",
        }
        gpus = any(name.endswith("/gpu") for name in asked["resources"]["limits"])
        environment = {**machines.image, **({} if gpus else {"CUDA_VISIBLE_DEVICES": ""})}
        for source in asked.get("envFrom") or ():
            environment |= secrets[source["secretRef"]["name"]]
        for entry in asked["env"]:
            source = entry.get("valueFrom")
            environment[entry["name"]] = fields[source["fieldRef"]["fieldPath"]] if source else entry.get("value", "")
        return environment


class Cluster(ThreadingHTTPServer):
    """Serves the API at `url`."""

    daemon_threads = True

    def __init__(self, machines: Machines, secrets: dict[str, dict[str, str]]):
        super().__init__(("127.0.0.1", 0), Handler)
        self.machines, self.secrets = machines, secrets
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.jobs: dict[str, Job] = {}

    def submit(self, body: dict[str, Any], namespace: str) -> Job:
        facts = body["spec"]["template"]["metadata"]["annotations"]
        container = self.machines.container("-".join(facts[f"metaflow/{name}"] for name in NAMED_BY), body)
        job = Job(body, namespace, len(self.machines.started), container)
        self.jobs[job.shown["metadata"]["name"]] = job
        Thread(target=job.run, args=(self.machines, self.secrets), daemon=True).start()
        return job


class Handler(BaseHTTPRequestHandler):
    """Creates, shows, changes and deletes jobs, and lists pods; everything else is not found."""

    protocol_version = "HTTP/1.1"
    server: Cluster

    def log_message(self, *_):
        """Tests read no access log."""

    def do_POST(self):
        found, body = JOBS.fullmatch(urlsplit(self.path).path), self._body()
        if found is None or found[2]:
            return self._missing()
        return self._send(self.server.submit(body, found[1]).shown, 201)

    def do_GET(self):
        address = urlsplit(self.path)
        if PODS.fullmatch(address.path):
            asked = {name: values[0] for name, values in parse_qs(address.query).items()}
            return self._send({"kind": "PodList", "metadata": {}, "items": self._pods(asked)})
        job = self._job()
        return self._send(job.shown) if job else self._missing()

    def do_PATCH(self):
        job, body = self._job(), self._body()
        if job is None:
            return self._missing()
        job.shown["spec"] |= body["spec"]
        return self._send(job.shown)

    def _pods(self, asked: dict[str, str]) -> list[dict[str, Any]]:
        pods = [job.pod for job in self.server.jobs.values()]
        if wanted := asked.get("labelSelector"):
            pods = [pod for pod in pods if wanted == f"job-name={pod['metadata']['labels']['job-name']}"]
        if "fieldSelector" in asked:  # the only one that Metaflow sends: neither succeeded nor failed
            pods = [pod for pod in pods if pod["status"]["phase"] not in ENDED]
        return pods

    def _job(self) -> Job | None:
        found = JOBS.fullmatch(urlsplit(self.path).path)
        return self.server.jobs.get(found[2]) if found else None

    def _body(self) -> dict[str, Any]:
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def _missing(self) -> None:
        self._send({"kind": "Status", "status": "Failure", "message": "not found", "code": 404}, 404)

    def _send(self, value: dict[str, Any], status: int = 200) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def kubernetes_service(machines: Machines, secrets: dict[str, dict[str, str]], folder: Path) -> Iterator[Path]:
    """Serves a cluster that knows these secrets; gives the file that tells clients where."""
    cluster = Cluster(machines, secrets)
    thread = Thread(target=cluster.serve_forever, args=(0.05,))
    thread.start()
    try:
        path = folder / "kubeconfig"
        path.write_text(KUBECONFIG.format(url=cluster.url))
        yield path
    finally:
        cluster.shutdown()
        thread.join()
        cluster.server_close()


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
