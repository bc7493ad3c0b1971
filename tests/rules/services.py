"""InferenceServices to judge, and what this family of rules says of them."""

from __future__ import annotations

from functools import cache

from gitops.environments import Environment
from gitops.faults import Fault
from gitops.objects import Object
from gitops.rules import serving
from gitops.rules.base import Cluster, Inventory
from gitops.rules.judge import Bench
from gitops.rules.table import RULES
from gitops.schemas.files import library
from gitops.schemas.store import Schemas
from tests.command_line import REPOSITORY

MINE = {
    *("canary", "confidential", "deployment_mode", "frameworks", "inference_service", "knative"),
    *(
        "service_annotations",
        "service_metadata",
        "multinode",
        "multinode_runtime",
        "service_containers",
        "service_names",
    ),
}
JUDGED = [rule for rule in RULES if rule.judge.__module__.rpartition(".")[2] in MINE]


@cache
def schemas() -> Schemas:
    return library(REPOSITORY / "schemas").schemas({"kserve": "0.20.0"}, "1.34")


def cluster(kserve: str = "0.20.0", default: str = "Knative", namespace: str = "models", *objects: Object) -> Cluster:
    environment = Environment(
        name="test",
        namespace=namespace,
        kubernetes="1.34",
        crds={"kserve": kserve},
        kserve={"deployment_mode": default},  # type: ignore[arg-type]
    )
    return Cluster(environment, schemas(), Inventory(objects, schemas(), namespace), complete=True)


def told(obj: Object, where: Cluster | None = None, old: Object | None = None) -> list[Fault]:
    """What the rules of this family say, without the schema."""
    where = where or cluster()
    bench = Bench(JUDGED, where.environment, ("admission", "controller", "reference"))
    return list(bench.judge(obj, where, old))


def ids(obj: Object, where: Cluster | None = None, old: Object | None = None) -> set[str]:
    return {fault.rule for fault in told(obj, where, old)}


def service(
    spec: Object | None = None, *, name: str = "fraud", mode: str | None = "Standard", **annotations: str
) -> Object:
    marks = {f"serving.kserve.io/{key}": value for key, value in annotations.items()}
    if mode is not None:
        marks[serving.MODE] = mode
    predictor = {"model": {"modelFormat": {"name": "sklearn"}, "storageUri": "s3://models/fraud"}}
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": name, "namespace": None, "annotations": marks},
        "spec": {"predictor": predictor, **(spec or {})},
    }


def custom(*names: str) -> Object:
    return {"containers": [{"name": name, "image": "registry.example.com/server:1"} for name in names]}
