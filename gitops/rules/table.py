"""Every rule there is: each family is a module, and every Rule in it counts."""

from __future__ import annotations

from types import ModuleType

from gitops.rules import (
    annotations,
    canary,
    confidential,
    credentials,
    deployment_mode,
    frameworks,
    image_pulls,
    inference_service,
    knative,
    links,
    metadata,
    model_links,
    multinode,
    multinode_runtime,
    policies_data,
    policies_running,
    references,
    s3_annotations,
    s3_settings,
    service_containers,
    service_names,
    storage_keys,
)
from gitops.rules.base import Rule

FAMILIES: tuple[ModuleType, ...] = (
    annotations,
    canary,
    confidential,
    credentials,
    deployment_mode,
    frameworks,
    image_pulls,
    inference_service,
    knative,
    links,
    metadata,
    model_links,
    multinode,
    multinode_runtime,
    policies_data,
    policies_running,
    references,
    s3_annotations,
    s3_settings,
    service_containers,
    service_names,
    storage_keys,
)

RULES: tuple[Rule, ...] = tuple(each for family in FAMILIES for each in vars(family).values() if isinstance(each, Rule))
BY_ID = {rule.id: rule for rule in RULES}
