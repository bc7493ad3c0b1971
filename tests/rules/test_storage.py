"""Where a model comes from: the webhook's rules, each scheme by release, and what only fails in the pod."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops.objects import Object
from tests.rules.judged import Edit, broken, cluster, service

FAMILIES = "storage storage_spec storage_uris"
P = "spec.predictor."
URI = P + "model.storageUri"
CUSTOM = {P + "model": None, P + "containers": [{"name": "kserve-container", "image": "i"}]}


def told(edit: Edit, *objects: Object, **environment: Any) -> set[str]:
    obj = service(edit, "Standard")
    return broken(obj, cluster(obj, *objects, **environment), only=FAMILIES)


def uris(*each: str | tuple[str, str | None]) -> Edit:
    pairs = [one if isinstance(one, tuple) else (one, None) for one in each]
    return {
        URI: None,
        P + "storageUris": [{"uri": uri, **({"mountPath": path} if path else {})} for uri, path in pairs],
    }


def env(value: str) -> Edit:
    return {
        **CUSTOM,
        P + "containers": [
            {"name": "kserve-container", "image": "i", "env": [{"name": "STORAGE_URI", "value": value}]}
        ],
    }


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        ({}, set()),
        (CUSTOM, set()),
        (uris("s3://a/b"), set()),
        ({P + "storageUris": [{"uri": "s3://a/b"}]}, {"single-storage-uri"}),
        ({**env("s3://a/b"), P + "storageUris": [{"uri": "s3://a/b"}]}, {"single-storage-uri"}),
        ({**CUSTOM, P + "storageUris": [{"uri": "s3://a/b"}]}, set()),
        (uris(("s3://a/b", "/")), {"mount-path"}),
        (uris(("s3://a/b", "/mnt/../etc")), {"mount-path"}),
        (uris(("s3://a/b", "/mnt/a"), ("s3://a/c", "/mnt/b")), set()),
        (uris(("s3://a/b", "/mnt"), ("s3://a/c", "/mnt/b/")), set()),
        (uris(("s3://a/b", "/one"), ("s3://a/c", "/two")), {"mount-paths-together"}),
        (uris(("s3://a/b", "//"), ("s3://a/c", "/two")), {"mount-paths-together"}),
        (uris(("pvc://a", "/one"), ("s3://a/c", "/two")), set()),
        (uris(("pvc://a", "/one"), ("pvc://b", "/one")), {"mount-paths-differ"}),
        (uris(("pvc://a", "/p"), ("pvc://b", "/p"), ("s3://a/b", "/mnt/a"), ("s3://a/c", "/mnt/b")), {"mount-paths-together"}),
        (uris("s3://a/b", "s3://a/c"), {"mount-paths-differ"}),
        ({P + "model.storage": {"path": "p", "key": "k"}}, {"one-storage"}),
        ({**uris("s3://a/b"), P + "model.storage": {"path": "p", "key": "k"}}, {"one-storage"}),
        ({P + "model.storage": {"key": "k"}}, set()),
        ({URI: None, P + "model.storage": {"path": "p", "key": "k"}}, set()),
        ({URI: None, P + "model.storage": {"key": "k"}}, {"storage-path"}),
        ({URI: None}, {"model-has-storage"}),
        ({URI: None, P + "model.modelFormat.name": "huggingface"}, set()),
        ({URI: None, P + "model.modelFormat.name": "vLLM"}, {"model-has-storage"}),
    ],
)  # fmt: skip
def test_a_model_comes_from_one_place(edit: Edit, expected: set[str]) -> None:
    assert told(edit) == expected


def test_both_kinds_of_uri_are_admitted_before_0_16() -> None:
    edit = {P + "storageUris": [{"uri": "s3://a/b"}]}

    assert "single-storage-uri" not in told(edit, crds={"kserve": "0.15.2"})


def test_a_server_of_many_models_has_no_storage() -> None:
    models: Object = {
        "apiVersion": "serving.kserve.io/v1alpha1",
        "kind": "TrainedModel",
        "metadata": {"name": "one"},
        "spec": {
            "inferenceService": "digits",
            "model": {"framework": "sklearn", "storageUri": "s3://a/b", "memory": "1Gi"},
        },
    }

    assert told({URI: None}, models) == set()


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("s3://bucket/path", set()), ("gs://bucket", set()), ("hdfs://a", set()), ("webhdfs://a", set()), ("pvc://claim/a/b", set()),
        ("hf://owner/model", set()), ("hf://owner/model:main", set()), ("oci://registry/image:1", set()), ("oci+native://image", set()),
        ("https://a.blob.core.windows.net/c/p", set()), ("https://a.file.core.windows.net/s/p", set()), ("http://host/model.zip", set()),
        ("https://github.com/acme/model.git", set()),
        ("https://a.blob.core.windows.net", {"storage-scheme"}), ("abfs://a.blob.core.windows.net/c", {"storage-scheme"}),
        ("S3://bucket/path", {"storage-scheme"}), ("gcs://bucket/path", {"storage-scheme"}), ("s4://bucket", {"storage-scheme"}),
        ("oci+fetch://image", {"storage-scheme"}), ("modelscope://a/b", {"storage-scheme"}), ("mlflow://run", {"storage-scheme"}),
        ("https://host", {"storage-uri-form"}), ("file:///mnt/x", {"storage-uri-local"}), ("/mnt/models", {"storage-uri-local"}),
        ("s3:/bucket/path", {"storage-uri-local"}), ("", {"storage-uri-form"}),
        ("hf://model", {"storage-uri-form"}), ("hf://owner/model/file", {"storage-uri-form"}), ("hf://owner/:rev", {"storage-uri-form"}),
        ("s3:///path", {"storage-uri-form"}), ("pvc:///path", {"storage-uri-form"}), ("oci://", {"storage-uri-form"}),
    ],
)  # fmt: skip
def test_a_uri_is_one_that_is_fetched(uri: str, expected: set[str]) -> None:
    assert told({URI: uri}) == expected
    assert told(env(uri)) == expected
    assert "storage-scheme" in told(uris(uri)) if "storage-scheme" in expected else True


@pytest.mark.parametrize(
    ("release", "edit", "expected"),
    [
        ("0.14.1", {URI: "hf://a/b"}, {"storage-scheme"}),
        ("0.15.2", {URI: "hf://a/b"}, set()),
        ("0.19.0", {URI: "oci+native://i"}, {"storage-scheme"}),
        ("0.16.0", {URI: "https://host/a.git"}, {"storage-uri-form"}),
        ("0.17.0", {URI: "https://host/a.git"}, set()),
        ("0.18.0", uris("oci://image"), {"storage-scheme"}),
        ("0.19.0", uris("oci://image"), set()),
    ],
)
def test_a_scheme_is_known_from_its_release(release: str, edit: Edit, expected: set[str]) -> None:
    assert told(edit, crds={"kserve": release}) == expected


def container(name: str = "own", **spec: Any) -> Object:
    form = {"container": {"name": "c", "image": "i"}, "supportedUriFormats": [{"prefix": "model-registry://"}], **spec}
    return {
        "apiVersion": "serving.kserve.io/v1alpha1",
        "kind": "ClusterStorageContainer",
        "metadata": {"name": name},
        "spec": form,
    }


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (container(), set()),
        ({**container(), "disabled": True}, {"storage-scheme"}),
        (container(workloadType="localModelDownloadJob"), {"storage-scheme"}),
        (container(supportedUriFormats=[{"regex": "^model-(registry|store)://"}]), set()),
        (container(supportedUriFormats=[{"regex": "("}]), {"storage-scheme"}),
        (container(supportedUriFormats=[{"prefix": "other://"}]), {"storage-scheme"}),
    ],
)
def test_a_storage_container_of_the_cluster_may_know_more(made: Object, expected: set[str]) -> None:
    assert told({URI: "model-registry://m/1"}, made) == expected


def test_nothing_is_said_of_schemes_where_a_container_is_known_by_name_only() -> None:
    provided = ({"kind": "ClusterStorageContainer", "name": "own"},)

    assert told({URI: "model-registry://m/1"}, provides=provided) == set()


@pytest.mark.parametrize(
    ("edit", "made", "expected"),
    [
        ({URI: "model-registry://m"}, container(), set()),
        ({URI: "s3://a/b"}, container(), {"storage-container-fits"}),
        (uris("s3://a/b"), container(), {"storage-container-fits"}),
        (uris("s3://a/b"), container(supportsMultiModelDownload=True), set()),
    ],
)
def test_a_container_that_is_named_fits(edit: Edit, made: Object, expected: set[str]) -> None:
    assert told({**edit, P + "storageContainerName": "own"}, made) == expected


@pytest.mark.parametrize(
    ("mounts", "expected"),
    [
        (["/mnt/models/a/m", "/mnt/models/b/m"], set()),
        (["/mnt/models/a", "/mnt/models/b"], {"oci-sources"}),
        (["/mnt/models/a/", "/mnt/models/b/"], set()),
        ([f"/mnt/{n}/m" for n in range(10)], set()),
        ([f"/mnt/{n}/m" for n in range(11)], {"oci-sources"}),
    ],
)
def test_images_are_mounted_apart(mounts: list[str], expected: set[str]) -> None:
    assert told(uris(*(("oci://image", mount) for mount in mounts))) == expected


@pytest.mark.parametrize(
    ("kubernetes", "expected"), [("1.32", {"image-volumes"}), ("1.34", {"image-volumes"}), ("1.35", set())]
)
def test_image_volumes_need_their_release(kubernetes: str, expected: set[str]) -> None:
    assert told({URI: "oci+native://image"}, kubernetes=kubernetes) == expected


def test_the_path_of_a_claim_counts_for_a_single_uri_only() -> None:
    assert told({URI: "pvc://claim/path"}) == set()
    assert told(uris("pvc://claim/path")) == {"claim-path-unused"}
    assert told(uris("pvc://claim", ("pvc://other/", "/x"))) == set()


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"type": "s3", "bucket": "b"}, set()),
        ({"bucket": "b"}, set()),
        ({"type": "s3"}, {"storage-type"}),
        ({"type": "hdfs"}, set()),
        ({"type": "gcs", "bucket": "b"}, {"storage-type"}),
        ({"type": "s3", "bucket": "b", "secret_access_key": "x"}, {"storage-parameters-public"}),
    ],
)
def test_storage_parameters_make_a_uri_and_no_leak(parameters: dict[str, str], expected: set[str]) -> None:
    assert told({URI: None, P + "model.storage": {"path": "p", "parameters": parameters}}) == expected


def test_a_container_of_model_mesh_keeps_its_name_and_is_not_the_servers() -> None:
    edit = {**env("s3://a/b"), P + "storageUris": [{"uri": "s3://a/b", "mountPath": "/m"}]}
    named = service(edit, "ModelMesh")
    other = service(edit, "ModelMesh")
    other["spec"]["predictor"]["containers"][0]["name"] = "other"

    assert broken(named, only="storage") == {"single-storage-uri"}
    assert "single-storage-uri" not in broken(other, only="storage")


def test_model_mesh_reads_storage_in_its_own_way() -> None:
    obj = service(
        {URI: None, P + "model.storage": {"path": "p", "parameters": {"type": "pvc", "name": "c"}}}, "ModelMesh"
    )

    assert broken(obj, only="storage_spec") == set()


@given(st.text(alphabet="abs3:/+.@?-hfocipvcg ", max_size=24))
def test_any_text_is_judged(uri: str) -> None:
    told({URI: uri})


def test_a_uri_with_credentials_is_not_quoted() -> None:
    from gitops.rules.storage_uris import shown

    assert shown("https://user:word@host/a") == shown("hf://a?token=b") == ""
    assert shown("hf://a") == "`hf://a`"
