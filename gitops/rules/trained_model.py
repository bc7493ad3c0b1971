"""TrainedModels: models that are loaded into an InferenceService that serves several."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault
from gitops.objects import Object
from gitops.quantity import amount
from gitops.rules.base import Cluster, at, rule
from gitops.rules.serving import REFUSED, TRAINED_MODEL

SCHEMES = ("s3://", "gs://", "https://", "http://")
_URI = ("spec", "model", "storageUri")
_MEMORY = ("spec", "model", "memory")


@rule("admission", TRAINED_MODEL, code="KS34")
def trained_model_name(trained: Object, cluster: Cluster) -> Iterator[Fault]:
    """The name of a TrainedModel has no dot.

    Why: KServe's webhook takes letters, digits, `_` and `-` only, and the API server none of the upper case and `_`.

    Fix: Put `-` in place of each dot.

    Source: kserve pkg/apis/serving/v1alpha1/trainedmodel_webhook.go: validateTrainedModelName.
    """
    name = trained["metadata"].get("name") or ""
    if "." in name:
        yield Fault(
            "trained-model-name",
            ("metadata", "name"),
            "`metadata.name` has a dot",
            name,
            "lower-case letters, digits and `-`",
            REFUSED,
            f"rename it, for example to `{name.replace('.', '-')}`",
        )


@rule("admission", TRAINED_MODEL, code="KS34")
def trained_model_storage(trained: Object, cluster: Cluster) -> Iterator[Fault]:
    """The storage URI of a TrainedModel begins with s3://, gs://, https:// or http://.

    Why: The agent in the model's pod downloads it, and knows no other scheme; KServe's webhook refuses the rest, `pvc://` and `hf://`
    included.

    Fix: Put the model in a bucket or behind a URL, or serve it by an InferenceService of its own.

    Source: kserve pkg/apis/serving/v1alpha1/trainedmodel_webhook.go: validateStorageURI; pkg/agent/storage/provider.go.
    """
    uri = at(trained, *_URI)
    if uri is None and trained.get("spec"):
        return  # the schema tells
    if not (uri or "").startswith(SCHEMES):
        yield Fault(
            "trained-model-storage",
            _URI,
            "`spec.model.storageUri` has a scheme that a TrainedModel cannot have",
            f"{uri.partition('://')[0]}://" if "://" in (uri or "") else "no scheme",
            ", ".join(SCHEMES),
            f"{REFUSED}: the agent that loads the model knows no other",
            "put the model in a bucket, or serve it by an InferenceService of its own",
        )


@rule("admission", TRAINED_MODEL, code="KS34", update=True)
def trained_model_memory_kept(old: Object, new: Object, cluster: Cluster) -> Iterator[Fault]:
    """The `memory` of a TrainedModel does not change.

    Why: It was placed on a server by this amount; KServe's webhook refuses another.

    Fix: Keep the amount, or make a TrainedModel of another name.

    Source: kserve pkg/apis/serving/v1alpha1/trainedmodel_webhook.go: validateMemorySpecNotModified.
    """
    before, after = at(old, *_MEMORY), at(new, *_MEMORY)
    if None not in (before, after) and amount(before) != amount(after):
        yield Fault(
            "trained-model-memory-kept",
            _MEMORY,
            "`spec.model.memory` differs from what is there",
            str(after),
            str(before),
            f"{REFUSED}: the model was placed by this amount",
            "keep it, or make a TrainedModel of another name",
        )
