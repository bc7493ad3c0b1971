"""Policies about what runs: images, amounts, replicas. The cluster would accept it all; each environment says how strict it is."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Path
from gitops.objects import Object, group_of
from gitops.rules import pods, serving
from gitops.rules.base import Cluster, rule

_SIZED = frozenset({"requests", "limits"})
_DEFAULTED = frozenset({serving.INFERENCE_SERVICE, serving.SERVING_RUNTIME, serving.INFERENCE_GRAPH})
"""Kinds whose containers get amounts from KServe or from a runtime where they state none."""


@rule("policy", *pods.KINDS, level="warning")
def floating_image(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """Every image has a tag or digest that means the same tomorrow: neither `latest` nor none.

    Why: the kubelet pulls `latest` anew on each start, so two pods of one Deployment can run different code, and a rollback brings nothing back.

    Fix: write the version's tag, or better the digest (`image@sha256:…`).

    Source: k8s.io/kubernetes pkg/apis/core/v1/defaults.go (SetDefaults_Container: `imagePullPolicy` is Always for `latest`).
    """
    for path, container in _containers(obj):
        image = container.get("image")
        if image and "@" not in image and _tag(image) in ("", "latest"):
            yield Fault(
                "floating-image",
                (*path, "image"),
                f"the image `{image}` is another one tomorrow",
                found="the tag `latest`" if _tag(image) else "no tag, which is `latest`",
                expected="a version's tag or a digest",
                why="two pods may run different code, and a rollback brings nothing back.",
                hint="pin it by tag, or with @sha256:…",
            )


@rule("policy", *pods.KINDS, level="off")
def image_without_digest(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """Every image is pinned by its digest.

    Why: a tag can be moved to other bytes by anyone who may push; the kubelet then runs them without a change in git.

    Fix: add the digest: `image:tag@sha256:…`.

    Source: OCI distribution specification: a tag is a mutable name, a digest is the content's.
    """
    for path, container in _containers(obj):
        image = container.get("image")
        if image and "@sha256:" not in image:
            yield Fault(
                "image-without-digest",
                (*path, "image"),
                f"the image `{image}` has no digest",
                found=image,
                expected=f"{image}@sha256:…",
                why="whoever may push to the registry can change what runs, unseen.",
                hint="add the digest that your registry shows for this tag",
            )


@rule("policy", *pods.KINDS, level="warning")
def container_without_resources(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """Every container states requests and limits, where nothing fills them in.

    Why: without requests the scheduler places the pod on a full node, and the kubelet evicts it first; without limits it can starve its neighbours. InferenceServices and runtimes are not judged: KServe's webhook and the runtimes fill theirs in.

    Fix: state `resources.requests` and `resources.limits` for cpu and memory.

    Source: k8s.io/kubernetes pkg/apis/core/v1/helper/qos (BestEffort pods are evicted first).
    """
    if (group_of(obj["apiVersion"]), obj["kind"]) in _DEFAULTED:
        return
    for path, container in _containers(obj):
        stated = {name for name, amounts in (container.get("resources") or {}).items() if amounts}
        if "ephemeralContainers" not in path and "limits" not in stated:  # limits alone become the requests too
            missing = " and ".join(sorted(_SIZED - stated, reverse=True))
            yield Fault(
                "container-without-resources",
                (*path, "resources"),
                f"container `{container.get('name')}` states no {missing}",
                expected="requests and limits of cpu and memory",
                why="the scheduler cannot place it well, and the kubelet evicts such pods first.",
                hint="add `resources: {requests: {…}, limits: {…}}`",
            )


@rule("policy", serving.INFERENCE_SERVICE, level="off", needs="minReplicas")
def scales_to_zero(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """No component scales to zero: for environments where the first request may not wait for a model to load.

    Why: with `minReplicas: 0` Knative or KEDA remove the last pod of an idle model, and the next request waits for the download and the load, or fails at its timeout.

    Fix: set `minReplicas` to at least 1.

    Source: kserve pkg/controller/v1beta1/inferenceservice/reconcilers (min-scale annotation, KEDA minReplicaCount).
    """
    for component in serving.components(service):
        if component.spec.get("minReplicas") == 0:
            yield Fault(
                "scales-to-zero",
                (*component.path, "minReplicas"),
                f"the {component.name} scales to zero",
                found="0",
                expected="at least 1",
                why="after an idle time the next request waits until the model is loaded again.",
                hint="set `minReplicas: 1`",
            )


@rule("policy", serving.INFERENCE_SERVICE, level="off")
def single_replica(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """Every component has two replicas at least: for environments where a node may go away.

    Why: with one pod, each drained node, eviction or crash is an outage as long as the model takes to load.

    Fix: set `minReplicas` to at least 2.

    Source: kserve pkg/apis/serving/v1beta1/component.go (an unset `minReplicas` is 1).
    """
    for component in serving.components(service):
        least = component.spec.get("minReplicas")
        if least in (None, 1):
            yield Fault(
                "single-replica",
                (*component.path, "minReplicas"),
                f"the {component.name} runs a single replica",
                found="1" if least else "nothing, which is 1",
                expected="at least 2",
                why="each drained node or crash is an outage until the model is loaded again.",
                hint="set `minReplicas: 2`",
            )


def _containers(obj: Object) -> Iterator[tuple[Path, Object]]:
    for pod in pods.pods(obj):
        yield from pods.containers(pod)


def _tag(image: str) -> str:
    name, colon, tag = image.rpartition(":")
    return tag if colon and "/" not in tag and name else ""
