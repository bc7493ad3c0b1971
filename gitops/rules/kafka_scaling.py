"""Annotations by which KEDA scales a KafkaSource."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Fix, Path
from gitops.objects import Object
from gitops.problems import did_you_mean, nearest
from gitops.rules.base import Cluster, at, rule
from gitops.rules.kafka import KAFKA_SOURCE
from gitops.rules.patterns import pattern

AUTOSCALING = "autoscaling.eventing.knative.dev/"
SCALING_NUMBERS = (
    *("min-scale", "max-scale", "polling-interval"),
    *("cooldown-period", "lag-threshold", "activation-lag-threshold"),
)
SCALING_CLASSES = ("keda.autoscaling.knative.dev", "disabled")
_UNREAD_FAMILIES = ("autoscaling.knative.dev/", "keda.autoscaling.knative.dev/")
_OLD_NAMES = {
    "autoscaling.knative.dev/class": "class",
    "autoscaling.knative.dev/minScale": "min-scale",
    "autoscaling.knative.dev/maxScale": "max-scale",
    "keda.autoscaling.knative.dev/pollingInterval": "polling-interval",
    "keda.autoscaling.knative.dev/cooldownPeriod": "cooldown-period",
    "keda.autoscaling.knative.dev/kafkaLagThreshold": "lag-threshold",
}
_INTEGER = pattern(r"[+-]?\d{1,10}")


@rule("controller", KAFKA_SOURCE, level="warning")
def scaling_annotations_read(source: Object, cluster: Cluster) -> Iterator[Fault]:
    """A KafkaSource is scaled by annotations of `autoscaling.eventing.knative.dev/`, each a name that exists with a value that fits.

    Why: annotations of `autoscaling.knative.dev/` and `keda.autoscaling.knative.dev/` are of an older autoscaler: the controller does
    not read them, and where the cluster has defaults for them, the webhook writes over what git says, so that Argo CD reports a
    difference for ever. A number that cannot be read stops the controller where KEDA is on.

    Fix: use `autoscaling.eventing.knative.dev/` with class, min-scale, max-scale, polling-interval, cooldown-period, lag-threshold or
    activation-lag-threshold; class `disabled` opts out.

    Source: eventing-kafka-broker `control-plane/pkg/autoscaler/autoscaler_api.go`, keda/keda.go, `control-plane/pkg/apis/sources/v1/kafka_defaults.go`.
    """
    for key, value in (at(source, "metadata", "annotations") or {}).items():
        path: Path = ("metadata", "annotations", key)
        if key.startswith(_UNREAD_FAMILIES):
            yield _unread(path, key)
        elif key.startswith(AUTOSCALING):
            yield from _misread(path, key.removeprefix(AUTOSCALING), value)


def _unread(path: Path, key: str) -> Fault:
    today = _OLD_NAMES.get(key)
    return Fault(
        "scaling-annotations-read",
        path,
        f"the annotation `{key}` does not scale a KafkaSource",
        expected=f"`{AUTOSCALING}{today or '…'}`",
        why="the controller does not read it, and the webhook may write over it.",
        hint=f"write `{AUTOSCALING}{today}`" if today else "remove it",
        fix=Fix("rename", path, AUTOSCALING + today) if today else None,
    )


def _misread(path: Path, name: str, value: str) -> Iterator[Fault]:
    if name not in (*SCALING_NUMBERS, "class"):
        near = nearest(name, (*SCALING_NUMBERS, "class"))
        yield Fault(
            "scaling-annotations-read",
            path,
            f"the annotation `{AUTOSCALING}{name}` does not exist",
            expected=", ".join(("class", *SCALING_NUMBERS)),
            why="the controller passes over it without a word.",
            hint=f"did you mean `{AUTOSCALING}{near}`?" if near else "remove it",
            fix=Fix("rename", path, AUTOSCALING + near) if near else None,
        )
    elif (name == "class" and value not in SCALING_CLASSES) or (
        name != "class" and not _INTEGER.fullmatch(value or "")
    ):
        yield Fault(
            "scaling-annotations-read",
            path,
            f"the annotation `{AUTOSCALING}{name}` is {'no class of KafkaSources' if name == 'class' else 'no whole number'}",
            found=value or "an empty text",
            expected="`keda.autoscaling.knative.dev` or `disabled`" if name == "class" else "a whole number as text",
            why="another class switches scaling off."
            if name == "class"
            else "where KEDA is on, the controller stops at it: the source is not scaled.",
            hint=did_you_mean(value, SCALING_CLASSES) if name == "class" else "write digits, in quotes",
        )
