"""A store in a local folder and one at S3."""

from uuid import uuid4

import boto3
import pytest
from faulty_s3 import KEY, SECRET, FaultyS3

from empathy_core.activations import bucket
from empathy_core.activations.objects import at


@pytest.fixture(params=["folder", "s3"])
def objects(request, tmp_path, monkeypatch):
    """Nothing yet, below a new location."""
    if request.param == "folder":
        yield at(tmp_path / "dictionary")
        return
    with FaultyS3().running() as server:
        monkeypatch.delenv("AWS_PROFILE", raising=False)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
        bucket._client.cache_clear()
        boto3.client("s3").create_bucket(Bucket="lab")
        yield at(f"s3://lab/{uuid4().hex}")
        bucket._client.cache_clear()
