"""The flows as Argo Workflows and AWS Step Functions would get them.

`PYTHONPATH=.:tests/activations python tests/flows/compiled.py` stores the summaries anew, for a difference to be read.
"""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

import boto3
from faulty_s3 import KEY, SECRET, FaultyS3

ROOT = Path(__file__).parent.parent.parent
FLOWS = ("dataset", "activation", "probe", "validation")
IMAGE = "registry.example/empathy:1"
DEPLOYED = {
    "argo-workflows": ("kubernetes", ROOT / "flows" / "deploy" / "kubernetes.json"),
    "step-functions": ("batch", ROOT / "flows" / "deploy" / "aws-batch.json"),
}
"""By scheduler: what runs its tasks, and the deployment file."""
ROLE = "arn:aws:iam::123456789012:role/empathy"
EVENTS = {"EVENT": "metaflow", "EVENT_BUS": "default", "EVENT_SOURCE": "webhook", "SERVICE_ACCOUNT": "runner"}
SETTINGS = {
    "METAFLOW_USER": "tester",
    "METAFLOW_DEFAULT_DATASTORE": "s3",
    "METAFLOW_DEFAULT_METADATA": "local",
    "METAFLOW_DATASTORE_SYSROOT_S3": "s3://lab/metaflow",
    "METAFLOW_BATCH_JOB_QUEUE": "machines",
    "METAFLOW_BATCH_CONTAINER_IMAGE": IMAGE,
    "METAFLOW_ECS_S3_ACCESS_IAM_ROLE": ROLE,
    "METAFLOW_SFN_IAM_ROLE": ROLE,
    "METAFLOW_SFN_DYNAMO_DB_TABLE": "steps",
    "METAFLOW_KUBERNETES_NAMESPACE": "default",
    "METAFLOW_KUBERNETES_CONTAINER_IMAGE": IMAGE,
    "METAFLOW_ARGO_EVENTS_WEBHOOK_URL": "http://webhook.default:12000/metaflow",
    **{f"METAFLOW_ARGO_EVENTS_{name}": value for name, value in EVENTS.items()},
}


def compile_all(folder: Path) -> tuple[dict[str, dict[str, dict]], str]:
    """What matters of every flow under every scheduler, and all that was written, to search for what must not be."""
    with FaultyS3().running() as server:
        credentials = {"aws_access_key_id": KEY, "aws_secret_access_key": SECRET, "region_name": "us-east-1"}
        _stage(lambda name: boto3.client(name, endpoint_url=server.url, **credentials))
        search = os.pathsep.join((str(ROOT), *(path for path in sys.path if path)))
        environment = os.environ | SETTINGS | {
            "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": server.url, "METAFLOW_S3_ENDPOINT_URL": server.url, "NO_PROXY": "127.0.0.1",
            "PYTHONPATH": search, "OMP_NUM_THREADS": "1",
        }  # fmt: skip
        asked = list(product(DEPLOYED, FLOWS))
        with ThreadPoolExecutor(2) as pool:
            written = list(pool.map(lambda one: _compiled(*one, environment, folder), asked))
        images = _images(boto3.client("batch", endpoint_url=server.url, **credentials))
    found = {scheduler: {} for scheduler in DEPLOYED}
    for (scheduler, flow), text in zip(asked, written, strict=True):
        body = json.loads(text)
        found[scheduler][flow] = _of_argo(body) if scheduler == "argo-workflows" else _of_states(body, images)
    return found, "\n".join(written)


def _stage(client) -> None:
    """A bucket for the code package, and the queue that a job definition must name."""
    client("s3").create_bucket(Bucket="lab")
    vpc = client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = client("ec2").create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    group = client("ec2").create_security_group(GroupName="lab", Description="lab", VpcId=vpc)["GroupId"]
    role = client("iam").create_role(RoleName="empathy", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    profile = client("iam").create_instance_profile(InstanceProfileName="empathy")["InstanceProfile"]["Arn"]
    rented = {"type": "EC2", "minvCpus": 0, "maxvCpus": 8, "instanceTypes": ["optimal"], "instanceRole": profile}
    client("batch").create_compute_environment(
        computeEnvironmentName="rented", type="MANAGED", state="ENABLED", serviceRole=role,
        computeResources={**rented, "subnets": [subnet], "securityGroupIds": [group]},
    )  # fmt: skip
    client("batch").create_job_queue(
        jobQueueName="machines",
        state="ENABLED",
        priority=1,
        computeEnvironmentOrder=[{"order": 1, "computeEnvironment": "rented"}],
    )


def _compiled(scheduler: str, flow: str, environment: dict[str, str], folder: Path) -> str:
    runs_tasks, deploy = DEPLOYED[scheduler]
    script = ROOT / "flows" / f"{flow}_flow.py"
    config = ("--config", "deploy", str(deploy)) if 'Config("deploy"' in script.read_text() else ()
    command = [sys.executable, str(script), "--no-pylint", *config, "--with", runs_tasks, scheduler]
    done = subprocess.run(
        [*command, "create", "--only-json"], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def _images(batch) -> dict[str, str]:
    definitions = batch.describe_job_definitions()["jobDefinitions"]
    return {one["jobDefinitionArn"]: one["containerProperties"]["image"] for one in definitions}


def _of_argo(body: dict) -> dict:
    """Name, trigger and steps of a WorkflowTemplate."""
    annotations, steps = body["metadata"]["annotations"], {}
    for template in body["spec"]["templates"]:
        if "inputs" in template and "container" in template:
            asked = template["container"]["resources"]
            steps[template["name"]] = _step(
                template["container"]["image"],
                asked["requests"]["cpu"],
                asked["requests"]["memory"].removesuffix("M"),
                asked["limits"].get("nvidia.com/gpu", 0),
                template.get("retryStrategy", {}).get("limit", 0),
            )
    after = [trigger["name"] for trigger in json.loads(annotations.get("metaflow/triggers", "[]"))]
    return {"name": body["metadata"]["name"], "after": after, "steps": steps}


def _of_states(body: dict, images: dict[str, str]) -> dict:
    """Steps of a state machine, those of a foreach included; it has no trigger."""
    steps, left = {}, [body["States"]]
    while left:
        for name, state in left.pop().items():
            left += [state["Iterator"]["States"]] if "Iterator" in state else []
            given = state.get("Parameters", {})
            if "JobDefinition" in given:
                asked = {one["Type"]: one["Value"] for one in given["ContainerOverrides"]["ResourceRequirements"]}
                attempts, image = given["RetryStrategy"]["Attempts"], images[given["JobDefinition"]]
                steps[name] = _step(image, asked["VCPU"], asked["MEMORY"], asked.get("GPU", 0), attempts - 1)
    return {"steps": steps}


def _step(image: str, cpu: object, memory_mb: object, gpu: object, retries: object) -> dict:
    numbers = {"cpu": cpu, "memory_mb": memory_mb, "gpu": gpu, "retries": retries}
    return {"image": image, **{name: int(float(value)) for name, value in numbers.items()}}


def stored(scheduler: str) -> Path:
    """The file that holds what the flows come to under one scheduler."""
    return Path(__file__).parent / "production" / f"{scheduler}.json"


def text_of(flows: dict[str, dict]) -> str:
    """As it is stored: a line for each step."""
    return f"{_lines(flows)}\n"


def _lines(value: object, indent: str = "") -> str:
    if not isinstance(value, dict) or "image" in value:
        return json.dumps(value)
    inner = ",\n".join(f'{indent}  "{name}": {_lines(value[name], f"{indent}  ")}' for name in sorted(value))
    return f"{{\n{inner}\n{indent}}}"


if __name__ == "__main__":
    for scheduler, flows in compile_all(ROOT)[0].items():
        stored(scheduler).parent.mkdir(exist_ok=True)
        stored(scheduler).write_text(text_of(flows))
