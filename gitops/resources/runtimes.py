"""The serving runtimes that KServe ships: what each serves, over which protocols, on which gRPC port.

Source: kserve `config/runtimes/` as of v0.20.0. Choosing one here, as KServe's controller would, and writing it down keeps the
server, its image and its URL from changing when a protocol is set or a cluster gets another runtime.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Runtime(NamedTuple):
    """One ClusterServingRuntime. `formats`: name -> priority, for those it is chosen for. No `protocols` means any."""

    name: str
    formats: dict[str, int]
    protocols: tuple[str, ...]
    grpc_port: int
    multinode: bool = False


BUILT_IN = (
    Runtime("kserve-sklearnserver", {"sklearn": 1}, ("v1", "v2"), 8081),
    Runtime("kserve-xgbserver", {"xgboost": 1}, ("v1", "v2"), 8081),
    Runtime("kserve-lgbserver", {"lightgbm": 1}, ("v1", "v2"), 8081),
    Runtime("kserve-mlserver", {"sklearn": 2, "xgboost": 2, "lightgbm": 2, "mlflow": 1}, ("v2",), 9000),
    Runtime("kserve-tensorflow-serving", {"tensorflow": 2}, ("v1", "grpc-v1"), 9000),
    Runtime("kserve-tritonserver", {"tensorrt": 1, "tensorflow": 1, "onnx": 1, "triton": 1}, ("v2", "grpc-v2"), 9000),
    Runtime("kserve-torchserve", {"pytorch": 2}, ("v1", "v2", "grpc-v2"), 7070),
    Runtime("kserve-huggingfaceserver", {"huggingface": 1}, ("v2", "v1"), 8081),
    Runtime("kserve-huggingfaceserver-multinode", {"huggingface": 2}, ("v2", "v1"), 8081, multinode=True),
    Runtime("kserve-vllmserver", {"vLLM": 1}, (), 8081),
    Runtime("kserve-pmmlserver", {"pmml": 1}, ("v1", "v2"), 8081),
    Runtime("kserve-paddleserver", {"paddle": 1}, ("v1", "v2"), 8081),
    Runtime("kserve-autogluonserver", {"autogluon": 1}, ("v1", "v2"), 8081),
    Runtime("kserve-predictiveserver", {}, ("v1", "v2"), 8081),
)
BY_NAME = {runtime.name: runtime for runtime in BUILT_IN}

PROTOCOLS = ("v1", "v2", "grpc-v1", "grpc-v2")
"""KServe's order: an unset protocol becomes the lowest that the chosen runtime lists."""

_PREFERS_V2 = {"triton", "onnx", "huggingface", "vLLM"}
"""Formats for which KServe's webhook sets `protocolVersion: v2` when it is unset."""


def default_protocol(model_format: str, available: Iterable[str]) -> str:
    """The protocol that KServe would end up with for a format, when none is asked for."""
    if model_format in _PREFERS_V2:
        return "v2"
    return next((protocol for protocol in PROTOCOLS if choose(model_format, protocol, available)), "v1")


def choose(model_format: str, protocol: str, available: Iterable[str], multinode: bool = False) -> Runtime | None:
    """The runtime among `available` that KServe's controller would pick, by priority; None if none serves the format so."""
    fitting = [
        runtime
        for name in available
        if (runtime := BY_NAME.get(name))
        and model_format in runtime.formats
        and (not runtime.protocols or protocol in runtime.protocols)
        and runtime.multinode == multinode
    ]
    return max(fitting, key=lambda runtime: runtime.formats[model_format], default=None)
