"""What the pinned releases install in a cluster, read from their Go modules: the same downloads that the programs are built from."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LAB = Path(__file__).parent
Object = dict[str, Any]

# What would need nodes, cert-manager or a network. The programs run here without pods, and are reached without Services.
LEFT_OUT = {
    "Certificate",
    "DaemonSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "Issuer",
    "PodDisruptionBudget",
    "Service",
}


@dataclass(frozen=True)
class Release:
    """Files of a Go module that are applied; `{version}` stands for the module's version."""

    module: str
    pinned_in: str
    files: tuple[str, ...]


# To add another project: pin its module (one of those here, or a new one), and name its files.
RELEASES = (
    Release(
        "github.com/kserve/kserve",
        "kserve",
        ("install/{version}/kserve.yaml", "install/{version}/kserve-cluster-resources.yaml"),
    ),
    Release(
        "knative.dev/eventing",
        "knative",
        ("config/core/100-namespace.yaml", "config/core/configmaps/*.yaml", "config/core/resources/*.yaml"),
    ),
    Release(
        "knative.dev/eventing-kafka-broker", "knative", ("control-plane/config/eventing-kafka-broker/[12]00-*/*.yaml",)
    ),
)


def installed() -> list[Object]:
    """Every object of the releases that the lab installs, in no order that matters."""
    return [item for release in RELEASES for item in objects(release) if item["kind"] not in LEFT_OUT]


def objects(release: Release) -> Iterator[Object]:
    """The objects of a release's files."""
    import yaml12

    folder, version = module(release)
    for pattern in release.files:
        files = sorted(folder.glob(pattern.format(version=version)))
        if not files:
            raise FileNotFoundError(f"{release.module} {version} has no {pattern}")
        for file in files:
            yield from filter(None, yaml12.parse_yaml(file.read_text(), multi=True))


def module(release: Release) -> tuple[Path, str]:
    """A module's folder in Go's module cache, and its version; downloaded anew (and verified) if it is not there."""
    command = ["go", "mod", "download", "-json", release.module]
    done = subprocess.run(command, cwd=LAB / release.pinned_in, capture_output=True, check=True)
    found = json.loads(done.stdout)
    return Path(found["Dir"]), found["Version"]
