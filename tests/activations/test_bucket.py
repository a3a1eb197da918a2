import pytest
from faulty_s3 import KEY, SECRET, cut_download, cut_upload, refusal

from empathy_core.activations.bucket import DOWNLOAD_ATTEMPTS
from empathy_core.activations.objects import at
from empathy_core.contracts import BadInput

UNAVAILABLE = refusal("503 Service Unavailable", "SlowDown")


@pytest.mark.parametrize("fault", [cut_upload, UNAVAILABLE])
def test_an_upload_that_fails_once_is_tried_again(s3, fault):
    s3.faults.append(("PUT", fault))
    at("s3://lab/again").write("a", b"bytes" * 1000)
    assert at("s3://lab/again").read("a") == b"bytes" * 1000
    assert s3.requests[:2] == [("PUT", "/lab/again/a")] * 2


def test_an_upload_that_is_cut_every_time_leaves_no_object(s3):
    objects = at("s3://lab/cut")
    s3.faults.extend([("PUT", cut_upload)] * 3)
    with pytest.raises(BadInput, match=r"ConnectionClosedError at s3://lab/cut/a\..*the run continues"):
        objects.write("a", b"bytes" * 1000)
    assert objects.read("a") is None and objects.entries() == {}


def test_a_download_that_breaks_off_is_tried_again_and_never_taken_for_whole(s3):
    objects = at("s3://lab/download")
    objects.write("a", b"bytes")
    s3.faults.append(("GET", cut_download))
    assert objects.read("a") == b"bytes"
    s3.faults.extend([("GET", cut_download)] * DOWNLOAD_ATTEMPTS)
    with pytest.raises(BadInput, match="s3://lab/download/a"):
        objects.read("a")


def test_a_service_that_stays_down_is_named(s3):
    s3.faults.extend([("GET", UNAVAILABLE)] * 3)
    with pytest.raises(BadInput, match=r"SlowDown at s3://lab/down/"):
        at("s3://lab/down").entries()


@pytest.mark.parametrize("method, act", [
    ("PUT", lambda objects: objects.write("a", b"")),
    ("GET", lambda objects: objects.read("a")),
    ("GET", lambda objects: objects.entries()),
    ("DELETE", lambda objects: objects.delete("a")),
])  # fmt: skip
@pytest.mark.parametrize("code", ["AccessDenied", "InvalidAccessKeyId", "ExpiredToken"])
def test_denied_access_names_the_place_and_no_credential(s3, method, act, code):
    s3.faults.append((method, refusal("403 Forbidden", code, f"{KEY} may not, nor may {SECRET}")))
    with pytest.raises(BadInput, match=f"{code} at s3://lab/secret/.*check the credentials") as caught:
        act(at("s3://lab/secret"))
    assert SECRET not in str(caught.value) and KEY not in str(caught.value)


def test_a_missing_bucket_is_no_missing_object(s3):
    for act in (lambda objects: objects.read("a"), lambda objects: objects.entries()):
        with pytest.raises(BadInput, match=r"NoSuchBucket at s3://elsewhere/x/a?.*mistyped"):
            act(at("s3://elsewhere/x"))


def test_a_bucket_name_that_cannot_be_one_is_refused_before_any_request(s3):
    with pytest.raises(BadInput, match="mistyped bucket"):
        at("s3://no bucket/x").read("a")
    assert s3.requests == []


def test_no_credentials_at_all_is_said(new_session, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(BadInput, match="NoCredentialsError at s3://lab/x"):
        at("s3://lab/x").entries()


def test_metaflows_endpoint_serves_where_boto3_has_none(s3, new_session, monkeypatch):
    at("s3://lab/endpoint").write("a", b"bytes")
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3")
    monkeypatch.setenv("METAFLOW_S3_ENDPOINT_URL", s3.url)
    assert at("s3://lab/endpoint").read("a") == b"bytes"


def test_an_endpoint_that_is_not_there_is_said_without_its_address(new_session, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://user:{SECRET}@127.0.0.1:9")
    with pytest.raises(BadInput, match=r"EndpointConnectionError at s3://lab/x") as caught:
        at("s3://lab/x").entries()
    assert SECRET not in str(caught.value)
