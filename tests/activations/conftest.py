"""A store in a local folder and one at S3, for tests that must not see a difference."""

from uuid import uuid4

import boto3
import pytest
from faulty_s3 import KEY, SECRET, FaultyS3

from empathy_core.activations import bucket


@pytest.fixture(scope="session")
def running_s3():
    with FaultyS3().running() as server:
        credentials = {"aws_access_key_id": KEY, "aws_secret_access_key": SECRET, "region_name": "us-east-1"}
        boto3.client("s3", endpoint_url=server.url, **credentials).create_bucket(Bucket="lab")
        yield server


@pytest.fixture
def s3(running_s3, monkeypatch):
    """The server, with boto3's environment set to it; it has a bucket `lab`."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "METAFLOW_S3_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", running_s3.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(running_s3, "requests", [])
    monkeypatch.setattr(running_s3, "page_size", 1000)
    yield running_s3
    assert not running_s3.faults


@pytest.fixture
def new_session(s3, monkeypatch):
    """boto3 and the store forget the credentials and the endpoint that they have read."""
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    bucket._client.cache_clear()
    yield
    bucket._client.cache_clear()


@pytest.fixture(params=["local", "s3"])
def root(request, tmp_path) -> str:
    """An empty store."""
    if request.param == "local":
        return str(tmp_path / "store")
    request.getfixturevalue("s3")
    return f"s3://lab/{uuid4().hex}"
