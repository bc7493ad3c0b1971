"""The runtimes that a release of KServe ships, as far as rules look at them.

Source: kserve `config/runtimes/`, read at v0.15.2 to v0.20.0.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from gitops.objects import Object
from gitops.resources.runtimes import BUILT_IN, Runtime

AMOUNTS = {"cpu": "1", "memory": "2Gi"}
"""What each of them requests of a container, and limits it to."""
_MULTINODE = {"requests": {"cpu": "2", "memory": "6Gi"}, "limits": {"cpu": "4", "memory": "12Gi"}}


class _Shipped(NamedTuple):
    """`formats`: name -> versions. `by_name`: those that take the runtime's name, for it is never chosen for them."""

    formats: dict[str, tuple[str, ...]]
    by_name: frozenset[str] = frozenset()
    since: str = "0.0"


_ONE, _BOTH = ("1",), ("1", "2")
_TABLE = {
    "kserve-sklearnserver": _Shipped({"sklearn": _ONE}),
    "kserve-xgbserver": _Shipped({"xgboost": ("2",)}),
    "kserve-lgbserver": _Shipped({"lightgbm": ("4",)}),
    "kserve-mlserver": _Shipped({"sklearn": ("0", "1"), "xgboost": _BOTH, "lightgbm": ("3", "4"), "mlflow": _BOTH}),
    "kserve-tensorflow-serving": _Shipped({"tensorflow": _BOTH}),
    "kserve-tritonserver": _Shipped(
        {"tensorrt": ("8",), "tensorflow": _BOTH, "onnx": _ONE, "pytorch": _ONE, "triton": ("2",)},
        by_name=frozenset(("pytorch",)),
    ),
    "kserve-torchserve": _Shipped({"pytorch": _ONE}),
    "kserve-huggingfaceserver": _Shipped({"huggingface": _ONE}),
    "kserve-huggingfaceserver-multinode": _Shipped({"huggingface": _ONE}),
    "kserve-vllmserver": _Shipped({"vLLM": _ONE}, since="0.20.0"),
    "kserve-pmmlserver": _Shipped({"pmml": ("3", "4")}),
    "kserve-paddleserver": _Shipped({"paddle": ("2",)}),
    "kserve-autogluonserver": _Shipped({"autogluon": _ONE}, since="0.20.0"),
    "kserve-predictiveserver": _Shipped(
        {"sklearn": _ONE, "xgboost": ("2",), "lightgbm": ("4",)},
        by_name=frozenset(("sklearn", "xgboost", "lightgbm")),
        since="0.17.0",
    ),
}
_BEFORE_0_17 = {"kserve-xgbserver": {"xgboost": _ONE}, "kserve-lgbserver": {"lightgbm": ("3",)}}
SINCE = {name: shipped.since for name, shipped in _TABLE.items()}
"""Runtime -> the release that ships it first, of those that matter here."""


@lru_cache(2)
def specs(old: bool) -> dict[str, Object]:
    """The specs of all runtimes of the table, by name; `old`: as releases before 0.17 have them."""
    return {runtime.name: _spec(runtime, old) for runtime in BUILT_IN}


def _spec(runtime: Runtime, old: bool) -> Object:
    shipped = _TABLE[runtime.name]
    formats = _BEFORE_0_17.get(runtime.name, shipped.formats) if old else shipped.formats
    spec: Object = {
        "supportedModelFormats": [
            {
                "name": each,
                "version": version,
                "autoSelect": each not in shipped.by_name,
                "priority": runtime.formats.get(each),
            }
            for each, versions in formats.items()
            for version in versions
        ],
        "protocolVersions": list(runtime.protocols),
        "containers": [
            {
                "name": "kserve-container",
                "resources": _MULTINODE if runtime.multinode else {"requests": AMOUNTS, "limits": AMOUNTS},
            }
        ],
    }
    return {**spec, "workerSpec": {}} if runtime.multinode else spec
