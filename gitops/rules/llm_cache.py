"""Key-value caches of an LLMInferenceService that overflow from the GPU: to memory, and from there to disks.

Source: kserve `pkg/apis/serving/v1alpha2/llm_inference_service_validation.go` (validateKVCacheOffloadingSpec), read at v0.20.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gitops.faults import Fault, Path
from gitops.objects import Object
from gitops.quantity import amount
from gitops.rules.base import Cluster, items, rule
from gitops.rules.llm import SERVICE, newest, workloads
from gitops.rules.serving import REFUSED, Part
from gitops.schemas.faults import dotted


def caches(service: Object, cluster: Cluster) -> Iterator[Part]:
    """The caches that overflow to a second tier; the webhook looks at no others."""
    for workload in workloads(service) if newest(service, cluster, "0.20.0") else ():
        found = workload.spec.get("kvCacheOffloading")
        if isinstance(found, dict) and found.get("secondary"):
            yield Part((*workload.path, "kvCacheOffloading"), workload.name, found)


@rule("admission", SERVICE, needs="kvCacheOffloading")
def cache_in_memory_first(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A cache on disk has one in memory before it.

    Why: vLLM moves blocks from the GPU to memory, and from there to disk. The webhook refuses `secondary` where `cpu` is zero.

    Fix: Give `cpu`, for example `10Gi`.

    Source: kserve pkg/apis/serving/v1alpha2/llm_inference_service_validation.go: validateKVCacheOffloadingSpec, since 0.20.0.
    """
    for cache in caches(service, cluster):
        if _is_zero(cache.spec.get("cpu")):
            path = (*cache.path, "cpu")
            message, why = f"`{dotted(path)}` is zero, and there is `secondary`", f"{REFUSED}: blocks go through memory"
            hint = "give the memory of the first tier, for example `10Gi`"
            yield Fault("cache-in-memory-first", path, message, "no memory", "an amount of memory", why, hint)


def _is_zero(cpu: Any) -> bool:
    try:
        return cpu is None or amount(cpu) == 0
    except ValueError:  # the schema tells
        return False


@rule("admission", SERVICE, needs="kvCacheOffloading")
def cache_tier(service: Object, cluster: Cluster) -> Iterator[Fault]:
    """A second tier of a cache is a `fileSystem`: an `emptyDir`, or a `pvc` with either `spec` or `ref`.

    Why: KServe mounts one volume for each tier. The webhook refuses a tier that says less or more, and a `ref` without a name.

    Fix: Keep one of the fields; name the claim.

    Source: kserve pkg/apis/serving/v1alpha2/llm_inference_service_validation.go: validateKVCacheOffloadingSpec, since 0.20.0.
    """
    for cache in caches(service, cluster):
        for tail, tier in items(cache.spec, "secondary"):
            path = (*cache.path, *tail, "fileSystem")
            system = tier.get("fileSystem")
            if not isinstance(system, dict):
                yield _tier(path, "is missing", "nothing", "a file system: no other tier is supported", "add it")
                continue
            yield from _one_of(path, system, ("emptyDir", "pvc"))
            if isinstance(system.get("pvc"), dict) and not isinstance(system.get("emptyDir"), dict):
                yield from _claim((*path, "pvc"), system["pvc"])


def _claim(path: Path, claim: Object) -> Iterator[Fault]:
    yield from _one_of(path, claim, ("spec", "ref"))
    ref = claim.get("ref")
    if isinstance(ref, dict) and not isinstance(claim.get("spec"), dict) and not ref.get("name"):
        where, expected = (*path, "ref", "name"), "the name of a PersistentVolumeClaim"
        yield _tier(where, "is missing", "nothing", expected, "name the claim")


def _one_of(path: Path, found: Object, fields: tuple[str, str]) -> Iterator[Fault]:
    given = [field for field in fields if isinstance(found.get(field), dict)]
    if len(given) != 1:
        expected = f"`{fields[0]}` or `{fields[1]}`"
        what = (
            f"has both of {' and '.join(f'`{field}`' for field in fields)}" if given else f"has neither of {expected}"
        )
        yield _tier(path, what, " and ".join(given) or "neither", expected, "keep one" if given else "add one")


def _tier(path: Path, what: str, found: str, expected: str, hint: str) -> Fault:
    why = f"{REFUSED}: it mounts one volume for each tier"
    return Fault("cache-tier", path, f"`{dotted(path)}` {what}", found, expected, why, hint)
