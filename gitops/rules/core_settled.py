"""Parts of core objects as the API server stores them, to see whether two manifests ask for the same."""

from __future__ import annotations

from typing import Any

from gitops.quantity import quantity

_DEFAULTS: dict[str, Any] = {
    "apiVersion": "v1",
    "defaultMode": 0o644,
    "dnsPolicy": "ClusterFirst",
    "failureThreshold": 3,
    "kind": "PersistentVolumeClaim",
    "path": "/",
    "periodSeconds": 10,
    "protocol": "TCP",
    "restartPolicy": "Always",
    "schedulerName": "default-scheduler",
    "scheme": "HTTP",
    "successThreshold": 1,
    "terminationGracePeriodSeconds": 30,
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
    "timeoutSeconds": 1,
    "volumeMode": "Filesystem",
}
_FALSE = frozenset({"hostIPC", "hostNetwork", "hostPID", "readOnly", "stdin", "stdinOnce", "tty"})
_DROPPED = frozenset({"creationTimestamp", "status", "serviceAccount"})
_AMOUNTS = frozenset({"requests", "limits"})


def settled(value: Any) -> Any:
    """Without what is empty and what the API server fills in; two manifests with the same result ask for the same."""
    if isinstance(value, list):
        return [settled(item) for item in value] or None
    if not isinstance(value, dict):
        return None if value == "" else value
    found = {field: _settled(field, item) for field, item in value.items() if field not in _DROPPED}
    if found.get("imagePullPolicy") == _pull_policy(value.get("image")):
        found["imagePullPolicy"] = None
    return {field: item for field, item in found.items() if item is not None} or None


def _settled(field: str, value: Any) -> Any:
    if field in _AMOUNTS and isinstance(value, dict):
        return {name: _amount(amount) for name, amount in value.items()} or None
    default = field in _DEFAULTS and value == _DEFAULTS[field]
    return None if default or (field in _FALSE and value is False) else settled(value)


def _amount(value: Any) -> Any:
    try:
        return quantity(value)
    except (ValueError, ArithmeticError, TypeError):
        return value


def _pull_policy(image: Any) -> str:
    """What the API server fills in: images of the tag latest are pulled always."""
    if not isinstance(image, str) or "@" in image:
        return "IfNotPresent"
    tag = image.rpartition("/")[2].partition(":")[2]
    return "Always" if tag in ("", "latest") else "IfNotPresent"
