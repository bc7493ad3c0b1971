"""Buckets, Secrets and service accounts: one spec, and what each environment makes of it."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest
from pydantic import ValidationError

from gitops import Bucket, External, KafkaNotification, S3Credentials, Secret, ServiceAccount
from gitops.resources.bucket.minio import script
from tests.resources.making import STORE, attempt, make, one

PLAIN: dict[str, Any] = {"secrets": {"backend": "plain", "allow_plaintext": True}}
DEVELOPMENT = {"object_store": STORE | {"credentials": {"access_key_id": "minio", "secret_access_key": "canary-123"}}}


def test_a_secret_is_fetched_from_the_store_of_the_environment_with_every_default_written_out() -> None:
    obj = one(Secret(name="token", keys=["HF_TOKEN"], remote={"HF_TOKEN": "shared/hugging-face#token"}))

    assert obj["apiVersion"] == "external-secrets.io/v1"
    assert obj["spec"] == {
        "refreshInterval": "1h0m0s",
        "secretStoreRef": {"name": "vault", "kind": "ClusterSecretStore"},
        "target": {
            "name": "token",
            "creationPolicy": "Owner",
            "deletionPolicy": "Retain",
            "template": {"engineVersion": "v2", "mergePolicy": "Replace", "type": "Opaque", "metadata": {}},
        },
        "data": [
            {
                "secretKey": "HF_TOKEN",
                "remoteRef": {
                    "key": "shared/hugging-face",
                    "property": "token",
                    "conversionStrategy": "Default",
                    "decodingStrategy": "None",
                    "metadataPolicy": "None",
                },
            }
        ],
    }


def test_the_remote_key_follows_the_path_of_the_environment() -> None:
    obj = one(
        Secret(name="token", keys=["A"]),
        secrets={"store": {"name": "vault"}, "path": "{namespace}/{application}/{name}"},
    )

    reference = obj["spec"]["data"][0]["remoteRef"]
    assert (reference["key"], reference["property"]) == ("models/app/token", "A")


def test_the_secret_of_an_old_release_is_in_the_api_version_that_it_serves() -> None:
    obj = one(Secret(name="token", keys=["A"]), crds={"external-secrets": "0.16.2"})

    assert obj["apiVersion"] == "external-secrets.io/v1"


def test_go_templates_in_annotation_values_stay_text() -> None:
    obj = one(Secret(name="token", keys=["A"], secret_annotations={"note": "{{ x }}"}))

    assert obj["spec"]["target"]["template"]["metadata"]["annotations"] == {"note": '{{ "{{" }} x }}'}


def test_credentials_have_the_keys_and_annotations_that_kserve_reads() -> None:
    bucket = Bucket(name="models")
    obj = one(S3Credentials(name="s3", buckets=[bucket]), bucket)

    assert [entry["secretKey"] for entry in obj["spec"]["data"]] == ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
    assert obj["spec"]["target"]["template"]["metadata"]["annotations"] == {
        "serving.kserve.io/s3-endpoint": "minio:9000",
        "serving.kserve.io/s3-usehttps": "0",
        "serving.kserve.io/s3-region": "us-east-1",
    }


@pytest.mark.parametrize(
    ("settings", "annotation", "value"),
    [
        ({"https": True}, "s3-usehttps", "1"),
        ({"verify_ssl": False}, "s3-verifyssl", "0"),
        ({"anonymous": True}, "s3-useanoncredential", "true"),
        ({"virtual_bucket": True}, "s3-usevirtualbucket", "true"),
        ({"endpoint": "s3.example.com"}, "s3-endpoint", "s3.example.com"),
        ({"region": "eu-west-1"}, "s3-region", "eu-west-1"),
    ],
)
def test_credentials_may_differ_from_the_store(settings: Any, annotation: str, value: str) -> None:
    metadata = one(S3Credentials(name="s3", **settings))["spec"]["target"]["template"]["metadata"]

    assert metadata["annotations"][f"serving.kserve.io/{annotation}"] == value


def test_development_credentials_are_a_plain_secret() -> None:
    obj = one(S3Credentials(name="s3"), **PLAIN, **DEVELOPMENT)

    assert (obj["kind"], obj["stringData"]) == (
        "Secret",
        {"AWS_ACCESS_KEY_ID": "minio", "AWS_SECRET_ACCESS_KEY": "canary-123"},
    )


def test_values_of_the_application_come_before_those_of_the_store() -> None:
    obj = one(S3Credentials(name="s3"), values={"s3": {"AWS_ACCESS_KEY_ID": "own"}}, **PLAIN, **DEVELOPMENT)

    assert obj["stringData"] == {"AWS_ACCESS_KEY_ID": "own", "AWS_SECRET_ACCESS_KEY": "canary-123"}


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({"secrets": {"backend": "plain"}}, "plaintext-secret"),
        ({"secrets": {}}, "no-secret-store"),
        (PLAIN, "missing-secret-value"),
    ],
)
def test_a_secret_that_cannot_be_provided_is_a_problem_without_any_value(settings: Any, rule: str) -> None:
    objects, problems = attempt(
        S3Credentials(name="s3"), values={"s3": {"AWS_ACCESS_KEY_ID": "canary-123"}}, **settings
    )

    assert objects == []
    assert [problem.rule for problem in problems] == [rule]
    assert "canary" not in str(problems)


def test_an_environment_never_shows_its_credentials() -> None:
    from tests.resources.making import environment

    assert "canary" not in repr(environment(**PLAIN, **DEVELOPMENT))


def test_an_account_lists_the_secrets_that_kserve_reads() -> None:
    credentials = S3Credentials(name="s3")
    obj = one(
        ServiceAccount(name="default", secrets=[credentials], image_pull_secrets=[External("registry")]), credentials
    )

    assert (obj["metadata"]["name"], obj["secrets"], obj["imagePullSecrets"]) == (
        "default",
        [{"name": "s3"}],
        [{"name": "registry"}],
    )


def test_a_reference_to_what_is_not_returned_is_a_problem_unless_the_environment_provides_it() -> None:
    account = ServiceAccount(name="runner", secrets=[S3Credentials(name="s3")])

    assert [problem.rule for problem in attempt(account)[1]] == ["dangling-reference"]
    assert attempt(account, provides=[{"kind": "Secret", "name": "s3"}])[1] == []


def test_a_bucket_is_a_job_that_logs_in_with_the_credentials_of_its_application() -> None:
    bucket = Bucket(name="models")

    job = one(bucket, S3Credentials(name="s3", buckets=[bucket]))

    container = job["spec"]["template"]["spec"]["containers"][0]
    assert (job["kind"], job["metadata"]["name"]) == ("Job", "bucket-models")
    assert job["metadata"]["annotations"]["argocd.argoproj.io/hook"] == "Sync"
    assert container["env"][0] == {"name": "STORE", "value": "http://minio:9000"}
    assert container["env"][2]["valueFrom"]["secretKeyRef"] == {"name": "s3", "key": "AWS_ACCESS_KEY_ID"}


def test_an_admin_secret_of_the_environment_comes_first() -> None:
    bucket = Bucket(name="models")

    job = one(bucket, S3Credentials(name="s3", buckets=[bucket]), object_store=STORE | {"admin_secret": "root"})

    assert job["spec"]["template"]["spec"]["containers"][0]["env"][2]["valueFrom"]["secretKeyRef"]["name"] == "root"


def test_a_bucket_that_nothing_opens_is_a_problem() -> None:
    assert [problem.rule for problem in attempt(Bucket(name="models"))[1]] == ["no-bucket-credentials"]
    assert [problem.rule for problem in attempt(Bucket(name="models"), object_store=None)[1]] == ["no-object-store"]


ALL = Bucket(
    name="images",
    notifications=[KafkaNotification(topic="new.images", events=["put", "delete"], prefix="in coming/", suffix=".png")],
    anonymous="download",
    versioning=True,
    object_lock=True,
    quota="10GiB",
    expire_days=30,
)


def test_the_script_brings_everything_to_the_stated_configuration() -> None:
    lines = script(ALL).splitlines()

    assert lines[2:] == [
        "mc mb --ignore-existing --with-lock store/images",
        "mc anonymous set download store/images",
        "mc version enable store/images",
        "mc quota set store/images --size 10GiB",
        "mc ilm rule import store/images <<'RULES'",
        '{"Rules": [{"ID": "expire", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 30}}]}',
        "RULES",
        "mc event remove --force store/images",
        "# topic new.images, if that is where target NEW_IMAGES leads",
        "mc event add store/images arn:minio:sqs::NEW_IMAGES:kafka --event put,delete --prefix 'in coming/' --suffix .png",
    ]


def test_the_script_runs_in_a_shell_and_asks_mc_for_what_it_says(tmp_path: Any) -> None:
    """With an `mc` that only writes down its arguments, one a line, so that quoting is seen to work."""
    (tmp_path / "mc").write_text('#!/bin/sh\nprintf "%s|" "$@" >> "$LOG"; echo >> "$LOG"; [ -t 0 ] || cat >/dev/null\n')
    (tmp_path / "mc").chmod(0o755)
    environment = {
        "PATH": f"{tmp_path}:/usr/bin:/bin",
        "LOG": str(tmp_path / "log"),
        "STORE": "http://s",
        "AWS_ACCESS_KEY_ID": "a:b",
        "AWS_SECRET_ACCESS_KEY": "c d",
    }

    subprocess.run(["/bin/sh", "-euc", script(ALL)], env=environment, check=True, stdin=subprocess.DEVNULL)

    log = (tmp_path / "log").read_text().splitlines()
    assert log[0] == "alias|set|store|http://s|a:b|c d|"
    assert (
        log[-1]
        == "event|add|store/images|arn:minio:sqs::NEW_IMAGES:kafka|--event|put,delete|--prefix|in coming/|--suffix|.png|"
    )


@pytest.mark.parametrize(
    "name",
    [
        "ab",
        "Models",
        "models_",
        "my..bucket",
        "a.-b",
        "192.168.0.1",
        "-models",
        "models-",
        "minio",
        "xn--models",
        "a" * 64,
    ],
)
def test_names_that_s3_or_minio_refuse_are_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="3 to 63 lower-case letters"):
        Bucket(name=name)


@pytest.mark.parametrize("name", ["abc", "my-bucket", "my.bucket.2", "a" * 63, "0models"])
def test_names_that_all_stores_take_are_taken(name: str) -> None:
    assert Bucket(name=name).uri("a/", "/b").__str__() == f"s3://{name}/a/b"


def test_buckets_are_validated_like_everything_else() -> None:
    bucket = ALL.model_copy(update={"fields": {"spec": {"backoffLimit": 2}}})

    job, _ = make(bucket, S3Credentials(name="s3", buckets=[bucket]))

    assert job["spec"]["backoffLimit"] == 2


def test_a_topic_cannot_break_out_of_its_comment() -> None:
    bucket = Bucket(name="images", notifications=[KafkaNotification(topic="a\nrm -rf /", target="T")])

    assert "rm -rf" not in script(bucket)
