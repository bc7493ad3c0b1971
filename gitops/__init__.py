"""Everything that a spec file imports.

Names are looked up when first used, so that importing the package costs nothing before a spec is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitops.environments import Environment as Environment
    from gitops.resources.base import External as External
    from gitops.resources.base import Resource as Resource
    from gitops.resources.bucket import Bucket as Bucket
    from gitops.resources.bucket import BucketUri as BucketUri
    from gitops.resources.bucket import KafkaNotification as KafkaNotification
    from gitops.resources.bucket import Topic as Topic
    from gitops.resources.component import ArtExplainer as ArtExplainer
    from gitops.resources.component import Batcher as Batcher
    from gitops.resources.component import Explainer as Explainer
    from gitops.resources.component import Logger as Logger
    from gitops.resources.component import Transformer as Transformer
    from gitops.resources.component import Workers as Workers
    from gitops.resources.inference_service import InferenceService as InferenceService
    from gitops.resources.kafka_source import Delivery as Delivery
    from gitops.resources.kafka_source import KafkaSource as KafkaSource
    from gitops.resources.kafka_source import Sasl as Sasl
    from gitops.resources.kafka_source import Tls as Tls
    from gitops.resources.manifest import Manifest as Manifest
    from gitops.resources.pod import Container as Container
    from gitops.resources.pod import Port as Port
    from gitops.resources.pod import SecretKey as SecretKey
    from gitops.resources.predictor import Canary as Canary
    from gitops.resources.predictor import Model as Model
    from gitops.resources.predictor import Storage as Storage
    from gitops.resources.predictor import StorageUri as StorageUri
    from gitops.resources.secret import Secret as Secret
    from gitops.resources.secret.s3 import S3Credentials as S3Credentials
    from gitops.resources.service_account import ServiceAccount as ServiceAccount
    from gitops.resources.sink import Sink as Sink
    from gitops.spec import application as application
    from gitops.values import Values as Values

_MODULES = {
    "gitops.spec": ["application"],
    "gitops.environments": ["Environment"],
    "gitops.resources.base": ["External", "Resource"],
    "gitops.resources.bucket": ["Bucket", "BucketUri", "KafkaNotification", "Topic"],
    "gitops.resources.component": ["ArtExplainer", "Batcher", "Explainer", "Logger", "Transformer", "Workers"],
    "gitops.resources.inference_service": ["InferenceService"],
    "gitops.resources.kafka_source": ["Delivery", "KafkaSource", "Sasl", "Tls"],
    "gitops.resources.manifest": ["Manifest"],
    "gitops.resources.pod": ["Container", "Port", "SecretKey"],
    "gitops.resources.predictor": ["Canary", "Model", "Storage", "StorageUri"],
    "gitops.resources.secret": ["Secret"],
    "gitops.resources.secret.s3": ["S3Credentials"],
    "gitops.resources.service_account": ["ServiceAccount"],
    "gitops.resources.sink": ["Sink"],
    "gitops.values": ["Values"],
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}

__version__ = "0.1.0"
__all__ = sorted([*_HOME, "__version__"])  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name not in _HOME:
        raise AttributeError(f"module `gitops` has no `{name}`")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
