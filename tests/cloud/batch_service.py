"""AWS on loopback: moto's Batch, IAM and Secrets Manager, where a Batch job runs as a process instead of in Docker."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from unittest.mock import patch

import boto3
from containers import Container, Machines
from moto.batch.models import Job, JobStatus
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

REGION = "us-east-1"
QUEUES = ("cpu-queue", "gpu-queue")
ROLE = "metaflow-task"
LIMIT = 3600.0
"""Seconds, for a job that sets no limit."""
HOST_LOST = "Host EC2 (instance i-0123456789abcdef0) terminated."


@contextmanager
def batch_service(machines: Machines) -> Iterator[str]:
    """Serves AWS with two job queues and a role for tasks; gives its address."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # else it writes a line a request
    with patch.object(Job, "run", lambda job: _run(job, machines)), patch.object(Job, "describe", _describe):
        server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        try:
            _furnish(url)
            yield url
        finally:
            server.stop()


def role(url: str) -> str:
    """The name under which AWS knows the role of tasks."""
    return aws(url, "iam").get_role(RoleName=ROLE)["Role"]["Arn"]


def aws(url: str, service: str) -> Any:
    """A client of one service at this address."""
    keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
    return boto3.client(service, endpoint_url=url, region_name=REGION, **keys)


def _furnish(url: str) -> None:
    """Everything that Batch asks for before it takes a job."""
    iam, ec2, batch = aws(url, "iam"), aws(url, "ec2"), aws(url, "batch")
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    service = iam.create_role(RoleName="batch-service", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=trust)
    profile = iam.create_instance_profile(InstanceProfileName="instance")["InstanceProfile"]["Arn"]
    network = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=network, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="lab", Description="lab", VpcId=network)["GroupId"]
    environment = batch.create_compute_environment(
        computeEnvironmentName="lab", type="MANAGED", state="ENABLED", serviceRole=service,
        computeResources={
            "type": "EC2", "minvCpus": 0, "maxvCpus": 256, "desiredvCpus": 0, "instanceTypes": ["optimal"],
            "subnets": [subnet], "securityGroupIds": [group], "instanceRole": profile,
        },
    )["computeEnvironmentArn"]  # fmt: skip
    order = [{"order": 1, "computeEnvironment": environment}]
    for name in QUEUES:
        batch.create_job_queue(jobQueueName=name, state="ENABLED", priority=1, computeEnvironmentOrder=order)


def _run(job: Job, machines: Machines) -> None:
    """In place of moto's own: the job's command as a container of `machines`."""
    definition = job.job_definition.container_properties
    asked = _merged(definition, job.container_overrides)
    container = machines.container(job.job_name, asked | {"queue": job.job_queue.name})
    job.container = container
    job.status = JobStatus.RUNNABLE
    with machines.slots:
        if not job.stop:
            job.job_started_at = datetime.now()
            job.status = JobStatus.RUNNING
            environment = _environment(job, machines, asked)
            container.run(asked["command"], environment, job._get_attempt_duration() or LIMIT, lambda: job.stop)
    job.exit_code = container.exit_code
    job.job_stopped_reason = job.job_stopped_reason or _reason(container)
    job._mark_stopped(success=container.exit_code == 0)


def _merged(definition: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    """What runs, as Batch merges a job definition with what a job overrides: lists by the name of their entries."""
    merged = definition | overrides
    for field, key in (("environment", "name"), ("resourceRequirements", "type")):
        entries = [*definition.get(field, ()), *overrides.get(field, ())]
        merged[field] = {entry[key]: entry["value"] for entry in entries}
    return merged


def _environment(job: Job, machines: Machines, asked: dict[str, Any]) -> dict[str, str]:
    gpus = int(asked["resourceRequirements"].get("GPU", 0))
    return {
        **machines.image,
        **({} if gpus else {"CUDA_VISIBLE_DEVICES": ""}),
        "AWS_BATCH_JOB_ID": job.job_id,
        "AWS_BATCH_JOB_ATTEMPT": "1",
        "AWS_BATCH_CE_NAME": "lab",
        "AWS_BATCH_JQ_NAME": job.job_queue.name,
        "AWS_EXECUTION_ENV": "AWS_ECS_EC2",
        **asked["environment"],
    }


def _reason(container: Container) -> str | None:
    if container.host_lost:
        return HOST_LOST
    if container.reason:
        return f"Job attempt ended by {container.reason}"
    return "Essential container in task exited" if container.exit_code else None


def _describe(job: Job, original=Job.describe) -> dict[str, Any]:
    """As moto does, with the exit code, which it leaves out once it has added the details of the container."""
    facts = original(job)
    if job.job_stopped and job.exit_code is not None:
        facts["container"]["exitCode"] = job.exit_code
    return facts
