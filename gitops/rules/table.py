"""Every rule there is: each family is a module of this package, and every Rule in it counts."""

from __future__ import annotations

from importlib import import_module

from gitops.rules.base import Rule

_FAMILIES = """
    addressable amounts autoscalers bucket_events buckets canary cloud_identity confidential core_amounts
    core_claims core_crons core_data core_job_updates core_jobs core_mounts core_network core_pods core_probes
    core_quotas core_rbac core_scalers core_scheduling core_security core_selectors core_service_addresses
    core_services core_variables core_volumes core_webhooks core_workloads credentials deployment_mode drift
    event_sinks external_secrets frameworks image_pulls inference_graph inference_service kafka_consumers
    kafka_delivery kafka_eventing kafka_network kafka_references kafka_scaling kafka_secrets kafka_source
    knative links llm_adapters llm_cache llm_config llm_devices llm_links llm_model llm_router llm_workload
    model_links model_runtime model_sinks multinode multinode_runtime names_taken namespaces policies_data
    policies_running ports references requests runtime_priorities runtime_use s3_annotations s3_settings
    scaling scaling_choices scaling_metrics sealed_secrets secret_owners server_side_apply service_annotations
    service_containers service_metadata service_names serving_runtime status storage storage_config
    storage_keys storage_spec storage_uris strimzi trained_model
"""
FAMILIES = tuple(_FAMILIES.split())

RULES: tuple[Rule, ...] = tuple(
    each
    for family in FAMILIES
    for each in vars(import_module(f"gitops.rules.{family}")).values()
    if isinstance(each, Rule)
)
BY_ID = {rule.id: rule for rule in RULES}
