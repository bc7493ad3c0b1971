"""The types of what users write in upstream's own spelling, such as `pod: k8s.PodSpec`.

Editors and type checkers read gitops/k8s.pyi: every field of Kubernetes' PodSpec, Container and what they hold, and of
KServe's autoScaling. `PodSpec` and `PartialContainer` require no key: a resource adds what upstream requires. At run
time each of those types is a plain `dict[str, Any]` that costs nothing to import: the schemas of an environment's own
versions judge the content when its objects are validated.
"""

from __future__ import annotations

IntOrString = int | str
Quantity = str | int | float

# fmt: off
# Written by tools/typed_dicts.py.
_NAMES = frozenset({
    "Affinity", "AppArmorProfile", "AutoScaling", "AutoScalingBehavior", "AutoScalingBehaviorScaleDown",
    "AutoScalingBehaviorScaleDownPolicies", "AutoScalingBehaviorScaleUp", "AutoScalingBehaviorScaleUpPolicies",
    "AutoScalingMetrics", "AutoScalingMetricsExternal", "AutoScalingMetricsExternalAuthenticationRef",
    "AutoScalingMetricsExternalAuthenticationRefAuthenticationRef", "AutoScalingMetricsExternalMetric",
    "AutoScalingMetricsExternalTarget", "AutoScalingMetricsPodmetric", "AutoScalingMetricsPodmetricMetric",
    "AutoScalingMetricsPodmetricTarget", "AutoScalingMetricsResource", "AutoScalingMetricsResourceTarget",
    "AWSElasticBlockStoreVolumeSource", "AzureDiskVolumeSource", "AzureFileVolumeSource", "Capabilities",
    "CephFSVolumeSource", "CinderVolumeSource", "ClusterTrustBundleProjection", "ConfigMapEnvSource",
    "ConfigMapKeySelector", "ConfigMapProjection", "ConfigMapVolumeSource", "Container", "ContainerPort",
    "ContainerResizePolicy", "ContainerRestartRule", "ContainerRestartRuleOnExitCodes", "CSIVolumeSource",
    "DeploymentStrategy", "DownwardAPIProjection", "DownwardAPIVolumeFile", "DownwardAPIVolumeSource",
    "EmptyDirVolumeSource", "EnvFromSource", "EnvVar", "EnvVarSource", "EphemeralContainer", "EphemeralVolumeSource",
    "EvictionResponder", "ExecAction", "FCVolumeSource", "FileKeySelector", "FlexVolumeSource", "FlockerVolumeSource",
    "GCEPersistentDiskVolumeSource", "GitRepoVolumeSource", "GlusterfsVolumeSource", "GRPCAction", "HostAlias",
    "HostPathVolumeSource", "HTTPGetAction", "HTTPHeader", "ImageVolumeSource", "ISCSIVolumeSource", "KeyToPath",
    "LabelSelector", "LabelSelectorRequirement", "Lifecycle", "LifecycleHandler", "LocalObjectReference",
    "ManagedFieldsEntry", "NFSVolumeSource", "NodeAffinity", "NodeSelector", "NodeSelectorRequirement",
    "NodeSelectorTerm", "ObjectFieldSelector", "ObjectMeta", "OwnerReference", "PartialContainer",
    "PersistentVolumeClaimSpec", "PersistentVolumeClaimTemplate", "PersistentVolumeClaimVolumeSource",
    "PhotonPersistentDiskVolumeSource", "PodAffinity", "PodAffinityTerm", "PodAntiAffinity", "PodCertificateProjection",
    "PodDNSConfig", "PodDNSConfigOption", "PodOS", "PodReadinessGate", "PodResourceClaim", "PodSchedulingGate",
    "PodSchedulingGroup", "PodSecurityContext", "PodSpec", "PolicyRule", "PortworxVolumeSource",
    "PreferredSchedulingTerm", "Probe", "ProjectedVolumeSource", "QuobyteVolumeSource", "RBDVolumeSource",
    "ResourceClaim", "ResourceFieldSelector", "ResourceRequirements", "RollingUpdateDeployment", "ScaleIOVolumeSource",
    "SeccompProfile", "SecretEnvSource", "SecretKeySelector", "SecretProjection", "SecretVolumeSource",
    "SecurityContext", "SELinuxOptions", "ServiceAccountTokenProjection", "SleepAction", "StorageOSVolumeSource",
    "Sysctl", "TCPSocketAction", "Toleration", "TopologySpreadConstraint", "TypedLocalObjectReference",
    "TypedObjectReference", "Volume", "VolumeDevice", "VolumeMount", "VolumeProjection", "VolumeResourceRequirements",
    "VsphereVirtualDiskVolumeSource", "WeightedPodAffinityTerm", "WindowsSecurityContextOptions",
})
# fmt: on


def __getattr__(name: str) -> object:
    """`dict[str, Any]` for the name of a type; AttributeError with the near name for any other."""
    if name in _NAMES:
        from typing import Any

        return dict[str, Any]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}{_hint(name)}")


def __dir__() -> list[str]:
    """The names of all types."""
    return sorted({*_NAMES, "IntOrString", "Quantity"})


def _hint(name: str) -> str:
    if name.startswith("_"):  # Python asks every module for names like these
        return ""
    from gitops.problems import nearest

    near = nearest(name, __dir__())
    return f"; did you mean `{near}`?" if near else ""
