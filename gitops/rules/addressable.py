"""Roles by which Knative may read the address of a sink."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Fix
from gitops.objects import Object
from gitops.rules import serving
from gitops.rules.base import Cluster, Inventory, Kind, at, items, rule
from gitops.rules.kafka import KAFKA_SOURCE, words
from gitops.rules.secrets_made import Where

CLUSTER_ROLE: Kind = ("rbac.authorization.k8s.io", "ClusterRole")
ADDRESSABLE = "duck.knative.dev/addressable"
VERBS = ("get", "list", "watch")
ROLE = (
    "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: inferenceservice-addressable-resolver, "
    'labels: {duck.knative.dev/addressable: "true"}}, rules: [{apiGroups: [serving.kserve.io], '
    "resources: [inferenceservices, inferenceservices/status], verbs: [get, list, watch]}]}"
)


@rule("reference", KAFKA_SOURCE, level="warning")
def sink_role_granted(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """Where a sink is an InferenceService, a ClusterRole lets Knative read InferenceServices.

    Why: Knative reads addresses of kinds that it does not know through roles with the label `duck.knative.dev/addressable`; without
    one for InferenceServices, condition SinkProvided stays False. KServe's chart has such a role, switched off. Told once for all sources,
    where the objects are complete.

    Fix: add the role, once for each cluster; where the cluster has it, state it under `provides` with kind ClusterRole.

    Source: knative/eventing `config/core/roles/addressable-resolvers-clusterrole.yaml`; eventing-kafka-broker
    `201-controller-cluster-role-binding.yaml`; kserve `charts/kserve-resources` knativeAddressableResolver.
    """
    first = cluster.objects.index(_first_to_a_model) if cluster.complete else None
    if first != (cluster.namespace(source), source["metadata"].get("name")) or cluster.objects.index(_granted):
        return
    if not any(each.kind == CLUSTER_ROLE[1] and "addressable" in each.name for each in cluster.environment.provides):
        yield Fault(
            "sink-role-granted",
            ("spec", "sink", "ref", "kind"),
            "nothing lets Knative read the address of an InferenceService",
            found=f"no ClusterRole with the label `{ADDRESSABLE}` for inferenceservices",
            expected="one such role in the cluster",
            why="Knative may not look the model up: condition SinkProvided stays False, for this source and any other to a model.",
            hint=f"add `{ROLE}`; where the cluster has it, put `{{kind: ClusterRole, name: kserve-addressable-resolver}}` under `provides`",
        )


def _first_to_a_model(inventory: Inventory) -> Where | None:
    return min(
        (
            where
            for where, obj in inventory.of(KAFKA_SOURCE).items()
            if at(obj, "spec", "sink", "ref", "kind") == serving.INFERENCE_SERVICE[1]
        ),
        default=None,
    )


def _granted(inventory: Inventory) -> bool:
    """Whether some role is about InferenceServices; `addressable-role-lists` tells what it lacks."""
    return any(
        {serving.GROUP, "*"} & {*(each.get("apiGroups") or ())}
        and {"inferenceservices", "*"} & {*(each.get("resources") or ())}
        for role in inventory.of(CLUSTER_ROLE).values()
        for _, each in (items(role, "rules") if _is_addressable(role) else ())
    )


def _is_addressable(role: Object) -> bool:
    return bool(at(role, "metadata", "labels", ADDRESSABLE) == "true")


@rule("controller", CLUSTER_ROLE, level="warning")
def addressable_role_lists(role: Object, cluster: Cluster) -> Iterator[Fault]:
    """A ClusterRole with the label `duck.knative.dev/addressable` grants get, list and watch.

    Why: Knative lists before it watches. With get and watch alone, as KServe's tutorial has it, sources to such objects never resolve
    their sink; the controller's log says that it may not list.

    Fix: add the verbs that are missing.

    Source: knative.dev/pkg `resolver/addressable_resolver.go`, client-go `tools/cache/reflector.go` ListAndWatch.
    """
    for path, each in items(role, "rules") if _is_addressable(role) else ():
        verbs, resources = each.get("verbs") or (), each.get("resources") or ()
        missing = [verb for verb in VERBS if verb not in verbs] if "*" not in verbs else []
        if missing and any("/" not in resource for resource in resources):
            lacking = " and ".join(f"`{verb}`" for verb in missing)
            yield Fault(
                "addressable-role-lists",
                (*path, "verbs"),
                f"{words(*path, 'verbs')} lacks {lacking}",
                found=", ".join(verbs) or "no verbs",
                expected="get, list, watch",
                why="Knative lists, then watches: without all three it never finds the address of a sink.",
                hint=f"add {lacking}",
                fix=Fix("set", (*path, "verbs"), [*VERBS, *(verb for verb in verbs if verb not in VERBS)]),
            )
