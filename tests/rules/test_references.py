"""Names and credentials: tables of what is there, what is not, and what nobody can know."""

from __future__ import annotations

import csv
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gitops.objects import Object
from tests.rules.judged import CASES, broken, cluster

NAMES = "references image_pulls links model_links"
CREDENTIALS = "credentials storage_keys storage_config s3_settings s3_annotations buckets cloud_identity"
MAKERS = "external_secrets sealed_secrets secret_owners"
S3 = "serving.kserve.io/s3-"
KEYS = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
KSERVE_IO = "serving.kserve.io/v1beta1"


def made(kind: str, name: str = "it", api: str = "v1", namespace: str = "models", **fields: Any) -> Object:
    metadata = {"name": name, "namespace": namespace, **fields.pop("metadata", {})}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **fields}


def pod(*, volumes: Any = (), **container: Any) -> Object:
    main = {"name": "main", "image": "registry.example.com/main:1.0.0", **container}
    return made("Pod", spec={"containers": [main], "volumes": list(volumes)})


def secret(data: dict[str, str] | None = None, name: str = "s3", **annotations: str) -> Object:
    marks = {f"{S3}{key}": value for key, value in annotations.items()}
    return made("Secret", name, metadata={"annotations": marks}, stringData=KEYS if data is None else data)


def account(*names: str, name: str = "fraud", **annotations: str) -> Object:
    listed = [{"name": each} for each in names]
    return made("ServiceAccount", name, metadata={"annotations": annotations}, secrets=listed)


def model(uri: str = "s3://models/fraud", **predictor: Any) -> Object:
    body = {
        "serviceAccountName": "fraud",
        "model": {"modelFormat": {"name": "sklearn"}, "storageUri": uri},
        **predictor,
    }
    return made("InferenceService", "fraud", KSERVE_IO, spec={"predictor": body})


def env(source: str, **reference: Any) -> list[Object]:
    return [{"name": "X", "valueFrom": {source: reference}}]


def told(obj: Object, *others: Object, only: str = NAMES, complete: bool = True, **environment: Any) -> set[str]:
    return broken(obj, cluster(obj, *others, complete=complete, **environment), only=only)


SECRET_FILE = {"name": "v", "secret": {"secretName": "s3"}}
PROJECTED = {"name": "v", "projected": {"sources": [{"secret": {"name": "s3", "items": [{"key": "k", "path": "k"}]}}]}}


@pytest.mark.parametrize(
    ("obj", "others", "expected"),
    [
        (pod(env=env("secretKeyRef", name="s3", key="AWS_ACCESS_KEY_ID")), [secret()], set()),
        (pod(env=env("secretKeyRef", name="s3", key="AWS_ACCESS_KEY_ID")), [], {"secret-exists"}),
        (pod(env=env("secretKeyRef", name="s3", key="AWS_ACCESS_KEY_ID", optional=True)), [], set()),
        (pod(env=env("secretKeyRef", name="s3", key="other")), [secret()], {"secret-has-key"}),
        (pod(env=env("secretKeyRef", name="s3", key="other", optional=True)), [secret()], set()),
        (pod(envFrom=[{"secretRef": {"name": "s3"}}]), [], {"secret-exists"}),
        (pod(volumes=[SECRET_FILE]), [], {"secret-exists"}),
        (pod(volumes=[PROJECTED]), [secret()], {"secret-has-key"}),
        (pod(volumes=[PROJECTED]), [secret({"k": "v"})], set()),
        (pod(env=env("configMapKeyRef", name="c", key="k")), [], {"config-map-exists"}),
        (
            pod(env=env("configMapKeyRef", name="c", key="k")),
            [made("ConfigMap", "c", data={"K": "v"})],
            {"config-map-has-key"},
        ),
        (pod(env=env("configMapKeyRef", name="c", key="k")), [made("ConfigMap", "c", binaryData={"k": "dg=="})], set()),
        (pod(envFrom=[{"configMapRef": {"name": "kube-root-ca.crt"}}]), [], set()),
        (
            pod(env=env("configMapKeyRef", name="c", key="ca-bundle.crt")),
            [made("ConfigMap", "c", metadata={"labels": {"config.openshift.io/inject-trusted-cabundle": "true"}})],
            set(),
        ),
        (
            pod(envFrom=[{"configMapRef": {"name": "b"}}]),
            [made("ObjectBucketClaim", "b", "objectbucket.io/v1alpha1", spec={})],
            set(),
        ),
        (pod(volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]), [], {"volume-claim-exists"}),
        (
            pod(volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]),
            [made("PersistentVolumeClaim", "c")],
            set(),
        ),
        (model("pvc://c/path", serviceAccountName="default"), [], {"volume-claim-exists"}),
        (
            model("pvc://data-db-0/path", serviceAccountName="default"),
            [made("StatefulSet", "db", "apps/v1", spec={"volumeClaimTemplates": [{"metadata": {"name": "data"}}]})],
            set(),
        ),
        (model("gs://a/b"), [], {"service-account-exists"}),
        (model("gs://a/b", serviceAccountName=None, serviceAccount="old"), [], {"service-account-exists"}),
        (model("gs://a/b"), [account()], set()),
        (made("ServiceAccount", imagePullSecrets=[{"name": "r"}]), [], {"image-pull-secret-exists"}),
        (made("ServiceAccount", imagePullSecrets=[{"name": "r"}]), [secret(name="r")], {"image-pull-secret-type"}),
        (model("s3://a/b", imagePullSecrets=[{"name": "r"}]), [account()], {"image-pull-secret-exists"}),
    ],
)
def test_what_a_pod_names_is_there(obj: Object, others: list[Object], expected: set[str]) -> None:
    assert told(obj, *others) == expected


@pytest.mark.parametrize(
    "obj",
    [
        pod(env=env("secretKeyRef", name="s3", key="k")),
        pod(volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]),
        model("pvc://c/path"),
        account("missing"),
    ],
)
def test_nothing_is_missing_where_not_everything_is_known(obj: Object) -> None:
    assert told(obj, complete=False, only=f"{NAMES} {CREDENTIALS}") == set()


def test_a_near_name_is_found_among_very_many() -> None:
    from gitops.rules.lookups import look_elsewhere

    there = [("models", f"other-{index}") for index in range(1000)] + [("models", "fraud-s3")]

    assert look_elsewhere("Secret", "models", "fraud-s4", there) == "did you mean `fraud-s3`?"


def test_a_secret_that_is_listed_twice_is_one() -> None:
    assert told(account("s3", "s3"), secret(), only="credentials") == set()


def test_a_bucket_of_a_store_that_only_the_cluster_knows_may_be_the_one() -> None:
    claim = made("ObjectBucketClaim", "b", "objectbucket.io/v1alpha1", spec={"bucketName": "models"})
    others = [account("s3"), secret(endpoint="minio:9000", usehttps="0"), job("other"), claim]

    assert told(model(), *others, only="buckets") == set()


def test_modelmesh_fetches_in_its_own_way() -> None:
    service = model()
    service["metadata"]["annotations"] = {"serving.kserve.io/deploymentMode": "ModelMesh"}

    assert told(service, account(), only="credentials buckets storage_config") == set()


def test_what_the_environment_provides_is_there() -> None:
    provides = [{"kind": "Secret", "name": "s3"}, {"kind": "ServiceAccount", "name": "fraud"}]

    assert told(model("gs://a/b", imagePullSecrets=[{"name": "s3"}]), provides=provides) == set()


@pytest.mark.parametrize(
    ("service", "others", "expected"),
    [
        (model(), [account("s3"), secret()], set()),
        (model(), [account(), secret()], {"model-has-credentials"}),
        (model(), [account("hf"), secret({"HF_TOKEN": "t"}, "hf")], {"model-has-credentials"}),
        (model(), [account(**{"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/r"})], set()),
        (model(serviceAccountName=None), [], {"model-has-credentials"}),
        (model("gs://public/model"), [account()], set()),
        (model("hdfs://a/b"), [account("s3"), secret()], {"model-has-credentials"}),
        (model(annotations={"serving.kserve.io/storageSecretName": "s3"}), [account(), secret()], set()),
        (
            model(annotations={"serving.kserve.io/storageSecretName": "s4"}),
            [account(), secret()],
            {"storage-secret-exists"},
        ),
        (
            model(),
            [
                account(),
                made(
                    "PodIdentityAssociation",
                    "fraud",
                    "eks.aws.m.upbound.io/v1beta1",
                    spec={"forProvider": {"namespace": "models", "serviceAccount": "fraud"}},
                ),
            ],
            set(),
        ),
    ],
)
def test_a_model_reaches_its_store(service: Object, others: list[Object], expected: set[str]) -> None:
    assert told(service, *others, only="credentials") == expected


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [
        *(("usehttps", value, True) for value in ("0", "1", "true", "True", "")),
        *(("usehttps", value, False) for value in ("false", "False", "no", " 0", "http")),
        *(("verifyssl", value, True) for value in ("0", "1", "false", "FALSE", "true")),
        *(("verifyssl", value, False) for value in ("no", "off", "disabled")),
        *(
            (name, value, True)
            for name in ("useanoncredential", "usevirtualbucket")
            for value in ("true", "True", "false", "0")
        ),
        *((name, value, False) for name in ("useanoncredential", "useaccelerate") for value in ("1", "yes", "on")),
        ("region", "yes", True),
    ],
)
def test_switches_are_read_as_they_are_meant(name: str, value: str, fits: bool) -> None:
    expected = set() if fits else {"s3-setting-value"}

    assert told(secret(**{name: value}), only="s3_settings") == expected
    if value and name == "usehttps":  # an empty value under `data` is no setting anybody writes
        assert told(secret({**KEYS, "S3_USE_HTTPS": value}), only="s3_settings") == expected


@pytest.mark.parametrize(
    ("endpoint", "https", "release", "expected"),
    [
        ("minio:9000", "0", "0.20.0", set()),
        ("minio:9000", None, "0.20.0", {"s3-scheme-stated"}),
        ("s3.example.com", None, "0.20.0", set()),
        ("s3.example.com:443", None, "0.20.0", set()),
        ("http://minio:9000", None, "0.20.0", set()),
        ("http://minio:9000", "0", "0.17.0", set()),
        ("http://minio:9000", "0", "0.16.0", {"s3-endpoint-form"}),
        ("http://minio:9000", "1", "0.20.0", {"s3-scheme-stated"}),
        ("minio:9000/models", "0", "0.20.0", {"s3-endpoint-form"}),
        ("https://minio:9000/", None, "0.20.0", set()),
        ("s3://models", None, "0.20.0", {"s3-endpoint-form"}),
        ("", None, "0.20.0", set()),
    ],
)
def test_an_endpoint_is_read_as_the_release_reads_it(
    endpoint: str, https: str | None, release: str, expected: set[str]
) -> None:
    settings = {"endpoint": endpoint, **({"usehttps": https} if https else {})}

    assert told(secret(**settings), only="s3_settings", crds={"kserve": release}) == expected


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (KEYS, set()),
        ({"AWS_SECRET_ACCESS_KEY": "b"}, {"storage-secret-complete"}),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "b"}, {"storage-secret-complete"}),
        ({"AZURE_CLIENT_ID": "c"}, {"storage-secret-complete"}),
        ({"AZ_CLIENT_ID": "c", "AZ_TENANT_ID": "t"}, set()),
        ({"AZURE_STORAGE_ACCESS_KEY": "c"}, set()),
        ({"https-host": "h"}, {"storage-secret-complete"}),
        ({"awsAccessKeyID": "a", "awsSecretAccessKey": "b"}, {"storage-secret-recognised"}),
        ({"anything": "else"}, set()),
    ],
)
def test_a_store_s_secret_has_all_its_keys(keys: dict[str, str], expected: set[str]) -> None:
    assert told(secret(keys), account("s3"), only="storage_keys") == expected


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (["s3", "hf"], set()),
        (["s3", "s3"], {"one-secret-per-store"}),
        (["azure", "azure"], {"one-secret-per-store"}),
        (["other", "other"], set()),
    ],
)
def test_an_account_has_one_secret_for_each_store(kinds: list[str], expected: set[str]) -> None:
    keys = {"s3": KEYS, "hf": {"HF_TOKEN": "t"}, "azure": {"AZURE_STORAGE_ACCESS_KEY": "k"}, "other": {"k": "v"}}
    secrets = [secret(keys[kind], f"{kind}-{index}") for index, kind in enumerate(kinds)]

    assert told(account(*(each["metadata"]["name"] for each in secrets)), *secrets, only="credentials") == expected


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ('{"type": "s3", "bucket": "b"}', set()),
        ("{}", set()),
        ("type: s3", {"storage-entry-form"}),
        ('["s3"]', {"storage-entry-form"}),
        ('{"type": "s3", "verify_ssl": false}', {"storage-entry-form"}),
        ('{"type": "gs"}', {"storage-entry-form"}),
    ],
)
def test_an_entry_of_the_storage_config_is_read(entry: str, expected: set[str]) -> None:
    assert told(secret({"models": entry}, "storage-config"), only="storage_config") == expected


@pytest.mark.parametrize(
    ("storage", "entries", "expected"),
    [
        ({"key": "k", "path": "p"}, {"k": '{"type": "s3", "bucket": "b"}'}, set()),
        ({"key": "k", "path": "p"}, {"l": "{}"}, {"storage-entry-exists"}),
        ({"key": "k", "path": "p"}, None, {"storage-entry-exists"}),
        ({"key": "k", "path": "p"}, {"k": '{"type": "s3"}'}, {"storage-is-located"}),
        ({"key": "k", "path": "p", "parameters": {"bucket": "b"}}, {"k": '{"type": "s3"}'}, set()),
        ({"key": "k", "path": "p"}, {"k": '{"type": "hdfs"}'}, set()),
        ({"path": "p"}, {"k": "{}"}, {"storage-is-located"}),
        ({"path": "p"}, {"default": '{"type": "s3", "bucket": "b"}'}, set()),
        ({"path": "p", "parameters": {"type": "s3", "bucket": "b"}}, None, set()),
        ({"key": "k"}, None, set()),
    ],
)
def test_a_storage_block_leads_to_a_store(storage: Object, entries: dict[str, str] | None, expected: set[str]) -> None:
    service = model(model={"modelFormat": {"name": "sklearn"}, "storage": storage})
    others = [] if entries is None else [secret(entries, "storage-config")]

    assert told(service, *others, only="storage_config") == expected


def job(*buckets: str, store: str = "http://minio.models.svc:9000") -> Object:
    script = "\n".join(f"mc mb --ignore-existing --with-lock store/{each}" for each in buckets)
    container = {
        "name": "mc",
        "image": "i",
        "command": ["sh"],
        "args": [script],
        "env": [{"name": "STORE", "value": store}],
    }
    template = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    return made("Job", "buckets", "batch/v1", spec={"template": template})


@pytest.mark.parametrize(
    ("maker", "expected"),
    [
        (job("models"), set()),
        (job("other"), {"bucket-exists"}),
        (job("other", store="http://elsewhere:9000"), set()),
        (made("ObjectBucketClaim", "b", "objectbucket.io/v1alpha1", spec={"bucketName": "other"}), set()),
    ],
)
def test_the_bucket_of_a_model_is_made_in_its_store(maker: Object, expected: set[str]) -> None:
    others = [account("s3"), secret(endpoint="minio:9000", usehttps="0"), maker]

    assert told(model(), *others, only="buckets") == expected


def test_a_password_in_a_store_s_url_is_never_shown() -> None:
    from gitops.rules.stores import Store, buckets

    found = cluster(job("models", store="http://user:hidden@minio.models.svc:9000")).objects.index(buckets)

    assert found == {"models": {Store("minio.models", "9000")}}


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("eks.amazonaws.com/role-arn", "arn:aws-cn:iam::111122223333:role/path/name", set()),
        ("eks.amazonaws.com/role-arn", "arn:aws:sts::111122223333:assumed-role/name/me", {"cloud-identity-form"}),
        ("iam.gke.io/gcp-service-account", "models@project-1.iam.gserviceaccount.com", set()),
        ("iam.gke.io/gcp-service-account", "models", {"cloud-identity-form"}),
        ("eks.amazonaws.com/token-expiration", "3600", set()),
        ("eks.amazonaws.com/token-expiration", "60", {"identity-token-expiration"}),
        ("azure.workload.identity/service-account-token-expiration", "86400", set()),
        ("azure.workload.identity/service-account-token-expiration", "86401", {"identity-token-expiration"}),
        ("azure.workload.identity/service-account-token-expiration", "", set()),
    ],
)
def test_an_identity_has_the_form_of_its_cloud(key: str, value: str, expected: set[str]) -> None:
    assert told(account(**{key: value}), only="cloud_identity") == expected


def external(name: str = "e", target: str = "s3", policy: str = "Owner", **fields: Any) -> Object:
    spec = {
        "secretStoreRef": {"name": "s"},
        "target": {"name": target, "creationPolicy": policy},
        "dataFrom": [{"extract": {"key": "k"}}],
        **fields,
    }
    return made("ExternalSecret", name, "external-secrets.io/v1", spec=spec)


def sealed(**annotations: str) -> Object:
    return made(
        "SealedSecret", "s3", "bitnami.com/v1alpha1", metadata={"annotations": annotations}, spec={"encryptedData": {}}
    )


@pytest.mark.parametrize(
    ("obj", "others", "expected"),
    [
        (secret(), [], set()),
        (secret(), [external()], {"secret-made-once"}),
        (external(), [external("f")], {"secret-made-once"}),
        (external(), [external("f", "other")], set()),
        (secret(), [external(target="s3") | {"metadata": {"name": "e", "namespace": "other"}}], set()),
        (external(target="s3"), [sealed()], {"secret-made-once"}),
        (external(policy="Merge"), [secret()], set()),
        (external(dataFrom=[]), [], {"external-secret-fetches"}),
        (external(dataFrom=[{"sourceRef": {"generatorRef": {"kind": "Password", "name": "p"}}}]), [], set()),
        (external(dataFrom=[{"extract": {"key": "k"}, "sourceRef": {}}]), [], {"external-secret-fetches"}),
        (external(dataFrom=[{"rewrite": []}]), [], {"external-secret-fetches"}),
        (sealed(**{"sealedsecrets.bitnami.com/cluster-wide": "yes"}), [], {"sealed-secret-scope"}),
        (sealed(**{"sealedsecrets.bitnami.com/cluster-wide": "true"}), [], set()),
    ],
)
def test_a_secret_is_made_once_and_well(obj: Object, others: list[Object], expected: set[str]) -> None:
    from gitops.environments import Environment
    from gitops.rules.base import Cluster, Inventory
    from gitops.rules.judge import Bench
    from gitops.rules.table import RULES
    from tests.rules.judged import schemas

    where = Cluster(
        Environment(name="test", namespace="models", kubernetes="1.34"),
        schemas(),
        Inventory([obj, *others], schemas(), "models"),
    )
    rules = [rule for rule in RULES if rule.judge.__module__.rpartition(".")[2] in MAKERS.split()]
    bench = Bench(rules, where.environment, ("controller", "reference"))

    assert {fault.rule for fault in bench.judge(obj, where)} == expected


@given(st.text(max_size=60))
def test_no_sealed_value_is_ever_quoted(value: str) -> None:
    from gitops.rules.sealed_secrets import sealed_value_form

    obj = made("SealedSecret", "s3", "bitnami.com/v1alpha1", spec={"encryptedData": {"k": f"clear-{value}-text"}})

    assert "clear-" not in str(list(sealed_value_form.judge(obj, cluster())))


CASE_RULES = {
    "isvc-s3-annotations-on-isvc": {"s3-annotation-place"},
    "sa-no-secrets-ref": set(),
    "sa-secret-name-mismatch": {"account-secret-exists"},
    "sec-annotation-old-prefix": {"s3-setting-known"},
    "sec-endpoint-with-scheme": {"s3-endpoint-form"},
    "sec-old-key-names": {"storage-secret-recognised"},
    "sec-usehttps-default": {"s3-scheme-stated"},
}


@pytest.mark.skipif(not CASES.exists(), reason="needs the manifests of ../shared")
@pytest.mark.parametrize("case", CASE_RULES)
def test_mistakes_of_others_are_told(case: str) -> None:
    """`sa-no-secrets-ref` has no model that would need the Secret: with one it is `model-has-credentials`, as above."""
    objects = [each for each in yaml.safe_load_all((CASES / "invalid" / f"{case}.yaml").read_text()) if each]
    release = {"kserve": "0.15.2"} if case == "sec-endpoint-with-scheme" else {}
    where = cluster(*objects, complete=True, crds=release)

    assert {rule for obj in objects for rule in broken(obj, where, only=CREDENTIALS)} == CASE_RULES[case]


@pytest.mark.skipif(not CASES.exists(), reason="needs the manifests of ../shared")
def test_every_mistake_of_others_is_still_in_the_list() -> None:
    rows = csv.DictReader((CASES / "INDEX-invalid.csv").read_text(encoding="utf-8").splitlines())

    assert {f"invalid/{case}.yaml" for case in CASE_RULES} <= {row["file"] for row in rows}
