"""AWS Batch, Kubernetes and S3 on loopback, and the environment in which flows meet them."""

import gzip
import os
import secrets
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from batch_service import REGION, aws, batch_service, role
from containers import Container, Machines
from kubernetes_service import kubernetes_service
from workplace import ROOT, Workplace

TOOLS = ROOT / ".cloud"
"""Made by `make test-cloud`: environments for Swift, and for the driver and the jobs."""
PYTHON = TOOLS / "python" / "bin"
"""Python of the driver and of the jobs, in which the project is not installed."""
BUCKET = "lab-bucket"
USER = "lab:tester"
KUBERNETES_SECRET = "empathy-keys"
NOWHERE = "http://127.0.0.1:9"
"""A proxy that refuses: whatever looks for a machine beyond loopback fails instead of leaving."""


@dataclass
class Lab:
    """The services, and a workplace from which flows are started."""

    workplace: Workplace
    machines: Machines
    s3_url: str
    aws_url: str
    s3_secret: str
    cluster_secrets: dict[str, dict[str, str]]
    """Secrets that pods may name, as Kubernetes keeps them."""

    @property
    def containers(self) -> list[Container]:
        """Every container so far."""
        return self.machines.started

    def containers_of(self, run: str) -> list[Container]:
        """Those of one run, given as `Flow/id`."""
        return [one for one in self.containers if f"-{run.replace('/', '-')}-" in one.name]

    def s3(self) -> Any:
        """A client of the S3 server."""
        return s3_client(self.s3_url, self.s3_secret)

    def objects(self, prefix: str = "") -> dict[str, tuple[str, Any]]:
        """Hash and time of every object in the bucket, by key."""
        pages = self.s3().get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        found = (item for page in pages for item in page.get("Contents", ()))
        return {item["Key"]: (item["ETag"], item["LastModified"]) for item in found}

    def everything_kept(self) -> Iterator[tuple[str, bytes]]:
        """Name and content of all that outlives a run: objects, local metadata, what services received, logs."""
        client = self.s3()
        for key in self.objects():
            data = client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
            yield key, gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
        for path in self.workplace.folder.rglob("*"):
            if path.is_file():
                yield str(path), path.read_bytes()
        for container in self.containers:
            yield f"definition of {container.name}", repr(container.definition).encode()
            yield f"log of {container.name}", container.log.encode()


@contextmanager
def running_lab(folder: Path, slots: int = 2) -> Iterator[Lab]:
    """Starts everything on free ports of loopback, with all files below `folder`; ends all of it on leaving."""
    secret, cluster_secrets = secrets.token_hex(12), {}
    with ExitStack() as stack:
        s3_url = stack.enter_context(_swift(folder / "swift", secret))
        s3_client(s3_url, secret).create_bucket(Bucket=BUCKET)
        machines = Machines(folder / "containers", {})
        stack.callback(machines.end)
        aws_url = stack.enter_context(batch_service(machines))
        kubeconfig = stack.enter_context(kubernetes_service(machines, cluster_secrets, folder))
        home = folder / "workplace"
        home.mkdir()
        service = _service(s3_url, aws_url, secret, home)
        machines.image = _image(service)
        workplace = Workplace(home, _driver(service, s3_url, aws_url, kubeconfig), str(PYTHON / "python"))
        yield Lab(workplace, machines, s3_url, aws_url, secret, cluster_secrets)


def s3_client(url: str, secret: str) -> Any:
    """A client of the S3 server at this address."""
    keys = {"aws_access_key_id": USER, "aws_secret_access_key": secret}
    return boto3.client("s3", endpoint_url=url, region_name=REGION, **keys)


@contextmanager
def _swift(folder: Path, secret: str) -> Iterator[str]:
    folder.mkdir()
    command = [TOOLS / "swift" / "bin" / "python", "-W", "ignore", Path(__file__).with_name("swift_server.py"), folder]
    with (folder / "log").open("w") as log, subprocess.Popen(
        [*map(str, command)], env=os.environ | {"SWIFT_SECRET": secret}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
    ) as process:  # fmt: skip
        try:
            ready, _, url = process.stdout.readline().strip().partition(" ")
            assert ready == "ready", (folder / "log").read_text()
            yield url
        finally:
            process.kill()


def _service(s3_url: str, aws_url: str, secret: str, home: Path) -> dict[str, str]:
    """How to reach the services, for the driver and the jobs alike."""
    return {
        "AWS_ACCESS_KEY_ID": USER,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": aws_url,
        "AWS_ENDPOINT_URL_S3": s3_url,
        "HTTP_PROXY": NOWHERE,
        "HTTPS_PROXY": NOWHERE,
        "http_proxy": NOWHERE,
        "https_proxy": NOWHERE,
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
        "OMP_NUM_THREADS": "1",
        "METAFLOW_S3_WORKER_COUNT": "2",
        # Cards of remote steps look for their task in the metadata. A test device: it stands for a metadata service.
        "METAFLOW_DATASTORE_SYSROOT_LOCAL": str(home),
    }


def _image(service: Mapping[str, str]) -> dict[str, str]:
    return {
        **service,
        "PATH": f"{PYTHON}:/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "USER": "worker",
        "METAFLOW_SKIP_INSTALL_DEPENDENCIES": "1",
        # Kernels of linear algebra decide the last digits of numbers: jobs take the same as this machine.
        **{name: value for name, value in os.environ.items() if name.startswith(("OPENBLAS_", "MKL_"))},
    }


def _driver(service: Mapping[str, str], s3_url: str, aws_url: str, kubeconfig: Path) -> dict[str, str]:
    return {
        **service,
        "PATH": f"{PYTHON}:{os.environ['PATH']}",
        "METAFLOW_HOME": str(kubeconfig.parent / "no-configuration"),
        "METAFLOW_DEFAULT_DATASTORE": "s3",
        "METAFLOW_DATASTORE_SYSROOT_S3": f"s3://{BUCKET}/metaflow",
        "METAFLOW_DATATOOLS_S3ROOT": f"s3://{BUCKET}/data",
        "METAFLOW_S3_ENDPOINT_URL": s3_url,
        "METAFLOW_BATCH_JOB_QUEUE": "cpu-queue",
        "METAFLOW_BATCH_CONTAINER_IMAGE": "registry.invalid/empathy:0.1.0",
        "METAFLOW_ECS_S3_ACCESS_IAM_ROLE": role(aws_url),
        "METAFLOW_KUBERNETES_NAMESPACE": "default",
        "METAFLOW_KUBERNETES_CONTAINER_IMAGE": "registry.invalid/empathy:0.1.0",
        "KUBECONFIG": str(kubeconfig),
    }


def create_secret(lab: Lab, name: str, value: str) -> None:
    """Keeps a secret in AWS Secrets Manager."""
    aws(lab.aws_url, "secretsmanager").create_secret(Name=name, SecretString=value)
