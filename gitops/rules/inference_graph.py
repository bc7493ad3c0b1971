"""InferenceGraphs: a root, and steps that each lead to one place."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.problems import nearest
from gitops.rules.base import Cluster, at, items, rule
from gitops.rules.patterns import pattern
from gitops.rules.serving import INFERENCE_GRAPH, REFUSED
from gitops.schemas.faults import dotted

ROOT = "root"
TARGETS = ("nodeName", "serviceName", "serviceUrl")
_NAME = pattern("[a-z]([-a-z0-9]*[a-z0-9])?")


def _nodes(graph: Object) -> Iterator[tuple[Path, str, Object]]:
    for name, node in (at(graph, "spec", "nodes") or {}).items():
        if isinstance(node, dict):
            yield ("spec", "nodes", name), name, node


def _steps(graph: Object) -> Iterator[tuple[Path, Object]]:
    for path, _, node in _nodes(graph):
        for inner, step in items(node, "steps"):
            yield (*path, *inner), step


@rule("admission", INFERENCE_GRAPH, code="KS34")
def graph_name(graph: Object, cluster: Cluster) -> Iterator[Fault]:
    """The name of an InferenceGraph is a DNS label that starts with a letter.

    Why: The API server takes digits first and dots, but KServe's webhook refuses them, because a Service and a host are named after
    the graph.

    Fix: Use lower-case letters, digits and `-`; start with a letter and end with a letter or digit.

    Source: kserve pkg/apis/serving/v1alpha1/inference_graph_validation.go: validateInferenceGraphName.
    """
    name = graph["metadata"].get("name")
    if name and not _NAME.fullmatch(name):
        yield Fault(
            "graph-name",
            ("metadata", "name"),
            "`metadata.name` is no name for an InferenceGraph",
            name,
            "lower-case letters, digits and `-`, with a letter first",
            f"{REFUSED}: it names a Service and a host after it",
            "rename it",
        )


@rule("admission", INFERENCE_GRAPH, code="KS34")
def graph_has_root(graph: Object, cluster: Cluster) -> Iterator[Fault]:
    """An InferenceGraph has a node called `root`, where every request begins.

    Why: The router starts at the node of that name; KServe's webhook refuses a graph without it.

    Fix: Call the first node `root`.

    Source: kserve pkg/apis/serving/v1alpha1/inference_graph_validation.go: validateInferenceGraphRouterRoot.
    """
    names = [name for _, name, _ in _nodes(graph)]
    if ROOT not in names:
        near = nearest(ROOT, names)
        yield Fault(
            "graph-has-root",
            ("spec", "nodes"),
            "`spec.nodes` has no node `root`",
            ", ".join(names) or "no node",
            "a node `root`",
            f"{REFUSED}: the router begins there",
            f"`{near}` is probably meant to be `root`" if near else "call the first node `root`",
        )


@rule("admission", INFERENCE_GRAPH, code="KS34")
def step_has_one_target(graph: Object, cluster: Cluster) -> Iterator[Fault]:
    """Each step of a graph leads to exactly one of `nodeName`, `serviceName` and `serviceUrl`.

    Why: The router sends the request of a step to one place; KServe's webhook refuses none and several.

    Fix: Keep the one that is meant: another node, an InferenceService of this namespace, or any URL.

    Source: kserve pkg/apis/serving/v1alpha1/inference_graph_validation.go: validateInferenceGraphSingleStepTargets.
    """
    for path, step in _steps(graph):
        given = [name for name in TARGETS if step.get(name)]
        if len(given) != 1:
            yield Fault(
                "step-has-one-target",
                path,
                f"`{dotted(path)}` leads {'to several places' if given else 'nowhere'}",
                " and ".join(given) or "no target",
                f"one of {', '.join(TARGETS)}",
                f"{REFUSED}: a step has one target",
                "keep one of them" if given else "add the target",
            )


@rule("admission", INFERENCE_GRAPH, code="KS34")
def step_names_differ(graph: Object, cluster: Cluster) -> Iterator[Fault]:
    """The steps of a node have different names, as far as they have any.

    Why: A step's name is the key of its answer in the merged response; KServe's webhook refuses one that is there twice in a node.

    Fix: Rename one of the steps.

    Source: kserve pkg/apis/serving/v1alpha1/inference_graph_validation.go: validateInferenceGraphStepNameUniqueness.
    """
    for path, _, node in _nodes(graph):
        seen: set[str] = set()
        for inner, step in items(node, "steps"):
            name = step.get("name")
            if name and name in seen:
                yield Fault(
                    "step-names-differ",
                    (*path, *inner, "name"),
                    f"`{dotted(path)}` has two steps `{name}`",
                    name,
                    "a name of its own for each step",
                    f"{REFUSED}: answers are told apart by these names",
                    "rename one of them",
                )
            seen.add(name or "")


@rule("admission", INFERENCE_GRAPH, code="KS34")
def splitter_weights(graph: Object, cluster: Cluster) -> Iterator[Fault]:
    """In a `Splitter`, every step has a `weight`, and together they are 100.

    Why: The weights are percentages of the requests; KServe's webhook refuses a missing one and any other sum.

    Fix: Give each step its percentage.

    Source: kserve pkg/apis/serving/v1alpha1/inference_graph_validation.go: validateInferenceGraphSplitterWeight.
    """
    for path, _, node in _nodes(graph):
        if node.get("routerType") != "Splitter":
            continue
        steps = list(items(node, "steps"))
        missing = [inner for inner, step in steps if step.get("weight") is None]
        for inner in missing:
            where = (*path, *inner, "weight")
            yield _weight(where, f"`{dotted(where)}` is missing", "nothing", "a percentage")
        total = sum(step.get("weight") or 0 for _, step in steps)
        if not missing and total != 100:
            yield _weight((*path, "steps"), f"the weights of `{dotted(path)}` are not 100 together", str(total), "100")


def _weight(path: Path, message: str, found: str, expected: str) -> Fault:
    why = f"{REFUSED}: weights are percentages of the requests"
    return Fault(
        "splitter-weights", path, message, found, expected, why, "give each step its percentage of the requests"
    )
