"""What KServe's webhook writes of a metric's choices that nobody made."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, at, items, rule
from gitops.rules.serving import INFERENCE_SERVICE, components
from gitops.schemas.faults import dotted

CHOICES: tuple[Path, ...] = (
    ("resource", "target", "type"),
    ("external", "target", "type"),
    ("external", "metric", "backend"),
    ("podmetric", "target", "type"),
    ("podmetric", "metric", "backend"),
)


@rule("admission", INFERENCE_SERVICE, code="KS14", needs="autoScaling")
def metric_choices_made(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """Each metric of `autoScaling` names the type of its target, and the backend that it is read from.

    Why: the schema takes a metric without them, but KServe's webhook writes an empty text in their place before the schema is asked,
    and that is none of the values that it allows.

    Fix: write `Utilization`, `Value` or `AverageValue`; and `prometheus`, `graphite` or `opentelemetry`, whichever holds the metric.

    Source: kserve pkg/apis/serving/v1beta1/component.go: MetricTarget.Type, ExternalMetrics.Backend and PodMetrics.Backend are
    written even when they are empty, since 0.15.0. Seen with the real webhook.
    """
    for component in components(service):
        for path, metric in items(component.spec, "autoScaling", "metrics"):
            for choice in CHOICES:
                if isinstance(at(metric, choice[0]), dict) and not at(metric, *choice):
                    where = (*component.path, *path, *choice)
                    yield Fault(
                        "metric-choices-made",
                        where,
                        f"`{dotted(where)}` is missing",
                        "nothing",
                        "Utilization, Value or AverageValue" if choice[-1] == "type" else "where the metric is kept",
                        "KServe's webhook writes an empty text there, and the API server then refuses the object.",
                        "write it out",
                    )
