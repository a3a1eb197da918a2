"""Secrets reach the steps that need them, on both services, and stay nowhere."""

import pytest
from deployments import deployment
from few_texts import few_texts
from hub_stub import TOKEN, Hub, serve
from lab import create_secret
from workplace import ROOT

MODEL = "some-org/some-model"
SECRET = "empathy-keys"


@pytest.fixture(scope="module")
def gated_hub():
    """A hub that gives one of the organisms away to whoever shows the token."""
    folder = ROOT / "empathy_core" / "organisms" / "weights" / "untrained"
    with serve(Hub(MODEL, {path.name: path.read_bytes() for path in folder.iterdir()}, gated=True)) as hub:
        yield hub


@pytest.fixture
def image_with_hub(lab, gated_hub, tmp_path, monkeypatch):
    """Jobs that find the hub, each test with an empty cache."""
    hub = {"HF_ENDPOINT": gated_hub.endpoint, "HF_HOME": str(tmp_path / "hub"), "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    # The hub's storage goes by another name of loopback.
    loopback = dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost")
    monkeypatch.setattr(lab.machines, "image", {**lab.machines.image, **hub, **loopback})


@pytest.fixture(scope="module")
def texts(lab, tmp_path_factory) -> str:
    path = few_texts(tmp_path_factory.mktemp("texts"))
    return lab.workplace.run("dataset", "--source", "file", "--path", str(path), "--folds", "2")[0]


@pytest.mark.usefixtures("image_with_hub")
@pytest.mark.parametrize("place", ["batch", "kubernetes"])
def test_a_gated_model_is_fetched_with_a_token_that_is_kept_nowhere(lab, gated_hub, texts, tmp_path, place):
    arguments = ["--dataset", texts, "--models", MODEL, "--points", "3"]
    if place == "batch":
        create_secret(lab, SECRET, f'{{"HF_TOKEN": "{TOKEN}"}}')
        deploy = deployment(tmp_path, "aws-batch", retries=0)
        arguments += ["--with", f'secrets:sources=["aws-secrets-manager.{SECRET}"]']
    else:
        lab.cluster_secrets[SECRET] = {"HF_TOKEN": TOKEN}
        deploy = deployment(tmp_path, "kubernetes", retries=0, options={"secrets": [SECRET]})
    before = len(gated_hub.requests)
    pathspec, output = lab.workplace.run("activation", *arguments, deploy=deploy)
    assert set(lab.workplace.artifact(pathspec, "activations")) == {MODEL.split("/")[1]}
    shown = [headers.get("authorization", "") for _, _, headers in gated_hub.requests[before:]]
    assert f"Bearer {TOKEN}" in shown
    assert TOKEN not in output
    kept = dict(lab.everything_kept())
    assert any("extract" in name for name in kept) and any(name.endswith(".html") for name in kept)
    assert not [name for name, content in kept.items() if TOKEN.encode() in content]


@pytest.mark.usefixtures("image_with_hub")
def test_without_the_secret_the_step_says_what_is_missing(lab, texts, tmp_path):
    deploy = deployment(tmp_path, "aws-batch", retries=0)
    arguments = ("--dataset", texts, "--models", MODEL, "--points", "3")
    _, output = lab.workplace.run("activation", *arguments, deploy=deploy, succeeds=False)
    assert "HF_TOKEN" in output and "What to do" in output
