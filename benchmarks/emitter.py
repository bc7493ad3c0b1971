"""The emitter against random strings and other emitters: `python -m benchmarks.emitter [COUNT [SEED]]` in the repository root."""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import yaml
import yaml12
from ruamel.yaml import YAML

from gitops.yaml import dump, parse
from gitops.yaml.emit import _ordered, _text
from tests.yaml_corpus import TRICKY, random_text

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
READERS: dict[str, Callable[[str], Any]] = {
    "PyYAML (1.1)": lambda text: yaml.load(text, Loader=LOADER),
    "yaml12": yaml12.parse_yaml,
    "parse": lambda text: parse(text, "f"),
}


def resources(cpu: str, memory: str) -> dict[str, Any]:
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"cpu": cpu, "memory": memory}}


def inference_service() -> dict[str, Any]:
    env = [{"name": "LOG_LEVEL", "value": "info"}, {"name": "WORKERS", "value": "4"}]
    model = {
        "modelFormat": {"name": "sklearn", "version": "1"},
        "protocolVersion": "v2",
        "storageUri": "s3://models/fraud/v3",
        "resources": resources("500m", "1Gi"),
        "env": env,
        "args": ["--model-name=fraud", "--http-port=8080"],
    }
    container = {
        "name": "kserve-container",
        "image": "ghcr.io/example/fraud-transformer:1.4.2",
        "command": ["python", "-m", "transformer"],
        "args": ["--model_name=fraud", "--predictor_protocol=v2"],
        "ports": [{"containerPort": 8080, "protocol": "TCP"}],
        "resources": resources("100m", "100Mi"),
    }
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {
            "name": "fraud",
            "namespace": "models",
            "labels": {"app.kubernetes.io/name": "fraud", "app.kubernetes.io/part-of": "risk"},
            "annotations": {"serving.kserve.io/deploymentMode": "Standard", "prometheus.io/scrape": "true"},
        },
        "spec": {
            "predictor": {
                "serviceAccountName": "fraud",
                "minReplicas": 1,
                "maxReplicas": 4,
                "timeout": 60,
                "model": model,
            },
            "transformer": {"minReplicas": 1, "maxReplicas": 2, "containers": [container]},
        },
    }


def cold(value: Any) -> str:
    _text.cache_clear()
    _ordered.cache_clear()
    return dump(value)


def microseconds(work: Callable[[], Any], rounds: int = 7, repeat: int = 100) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(repeat):
            work()
        times.append((time.perf_counter() - start) / repeat * 1e6)
    return statistics.median(times)


def table(title: str, rows: dict[str, float], unit: float) -> None:
    print(f"\n{title}")
    for name, value in rows.items():
        print(f"  {name:32} {value:10.1f} µs  {value / unit:8.2f} x")


def speed() -> None:
    data = inference_service()
    text = dump(data)
    writing = {
        "dump": microseconds(lambda: dump(data)),
        "dump, caches emptied each time": microseconds(lambda: cold(data)),
        "yaml12": microseconds(lambda: yaml12.format_yaml(data)),
        "PyYAML, C": microseconds(lambda: yaml.dump(data, Dumper=DUMPER), repeat=20),
    }
    table(f"write an InferenceService of {text.count(chr(10))} lines", writing, writing["dump"])
    reading = {
        "parse": microseconds(lambda: parse(text, "f")),
        "yaml12 alone": microseconds(lambda: yaml12.parse_yaml(text)),
        "PyYAML, C": microseconds(lambda: yaml.load(text, Loader=LOADER), repeat=20),
        "parse, carefully": microseconds(lambda: parse(text + "x: &x 1\n", "f"), repeat=2),
        "ruamel.yaml, round trip": microseconds(lambda: YAML().load(text), repeat=2),
    }
    table("read it", reading, reading["parse"])


def wrong(count: int, seed: int) -> dict[str, int]:
    """How many strings come back changed, by reader; as value and as key, a thousand to a document."""
    source = random.Random(seed)
    found = dict.fromkeys(READERS, 0)
    for _ in range(0, count, 1000):
        texts = [random_text(source) for _ in range(1000)]
        keys = {f"{text}:{n}": text for n, text in enumerate(texts)}
        text = dump({"values": texts, "keys": keys})
        for name, reader in READERS.items():
            back = reader(text)
            found[name] += sum(a != b or type(b) is not str for a, b in zip(texts, back["values"], strict=True))
            found[name] += len(keys.items() ^ back["keys"].items())
    return found


def main() -> None:
    speed()
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns()
    print(f"\n{count:,} random strings (seed {seed}), {len(TRICKY)} tricky ones in the tests: read back changed")
    for name, number in wrong(count, seed).items():
        print(f"  {name:32} {number:10}")


if __name__ == "__main__":
    main()
