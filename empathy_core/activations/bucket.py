"""Objects in S3, or in what speaks its protocol; credentials and region come from boto3's own configuration."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import boto3
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, IncompleteReadError, ResponseStreamingError

from empathy_core.activations.objects import Entry
from empathy_core.contracts import BadInput

DOWNLOAD_ATTEMPTS = 3
"""boto3 tries requests again, but not a response that breaks off."""

DENIED = (
    "no credentials, expired ones, or ones without access",
    "check the credentials, and that they may list, read, write and delete here",
)
ABSENT = ("a mistyped bucket, or the bucket of another endpoint", "create the bucket, or correct the location")
UNREACHABLE = (
    "a wrong endpoint, or a service or network that is down",
    "run again: finished shards are kept, and the run continues after them",
)
REASONS = {
    "AccessDenied": DENIED,
    "ExpiredToken": DENIED,
    "InvalidAccessKeyId": DENIED,
    "NoCredentialsError": DENIED,
    "PartialCredentialsError": DENIED,
    "SignatureDoesNotMatch": DENIED,
    "InvalidBucketName": ABSENT,
    "NoSuchBucket": ABSENT,
    "ParamValidationError": ABSENT,
}
"""Likely cause and fix by error code, or by the class of an error that no server sent."""


class Bucket:
    """Objects below `s3://bucket/prefix`; each is one request, which S3 takes whole or not at all."""

    def __init__(self, location: str):
        self.location = location.rstrip("/")
        self._bucket, _, folder = self.location.removeprefix("s3://").partition("/")
        self._prefix = f"{folder}/" if folder else ""
        with self._refusals(""):
            self._client = _client(os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("METAFLOW_S3_ENDPOINT_URL"))

    def entries(self) -> dict[str, Entry]:
        with self._refusals(""):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
            return {
                item["Key"].removeprefix(self._prefix): Entry(item["Size"], item["LastModified"].timestamp())
                for page in pages
                for item in page.get("Contents", ())
            }

    def read(self, name: str) -> bytes | None:
        with self._refusals(name):
            for last in [False] * (DOWNLOAD_ATTEMPTS - 1) + [True]:
                try:
                    return self._client.get_object(Bucket=self._bucket, Key=self._prefix + name)["Body"].read()
                except self._client.exceptions.NoSuchKey:
                    return None
                except (IncompleteReadError, ResponseStreamingError):
                    if last:
                        raise

    def write(self, name: str, data: bytes) -> None:
        with self._refusals(name):
            self._client.put_object(Bucket=self._bucket, Key=self._prefix + name, Body=data)

    def delete(self, name: str) -> None:
        with self._refusals(name):
            self._client.delete_object(Bucket=self._bucket, Key=self._prefix + name)

    @contextmanager
    def _refusals(self, name: str) -> Iterator[None]:
        try:
            yield
        except (BotoCoreError, ClientError) as error:
            # The code alone: what a server or an address says may hold what nobody should log.
            code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
            cause, fix = REASONS.get(code, UNREACHABLE)
            rule = "A store at S3 must be reachable and give access."
            raise BadInput(rule, got=f"{code} at {self.location}/{name}", cause=cause, fix=fix) from error


@cache
def _client(endpoint: str | None) -> BaseClient:
    return boto3.client("s3", endpoint_url=endpoint, config=Config(retries={"mode": "standard"}))
