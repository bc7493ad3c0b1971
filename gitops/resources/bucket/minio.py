"""The `minio` backend: a Job that brings a bucket to the stated configuration with `mc`, and may run again at any time.

It is an Argo CD hook, because a plain Job is immutable: a changed script could not be synced. Events are replaced as a whole, since
`mc event add` fails on a second run without a filter and leaves old rules behind when one changes.

Source: minio/mc `cmd/`, minio-go `pkg/notification/notification.go`, argo-cd `docs/user-guide/resource_hooks.md`.
"""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

from gitops.environments import ObjectStore
from gitops.objects import Object
from gitops.problems import Problem

if TYPE_CHECKING:
    from gitops.resources.base import Context
    from gitops.resources.bucket import Bucket

ACCESS_KEY_ID = "AWS_ACCESS_KEY_ID"
SECRET_ACCESS_KEY = "AWS_SECRET_ACCESS_KEY"

HOOK = {
    "argocd.argoproj.io/hook": "Sync",
    "argocd.argoproj.io/hook-delete-policy": "BeforeHookCreation",
}
DEADLINE_SECONDS = 600
_TOPIC = re.compile(r"[A-Za-z0-9._-]+")


def objects(bucket: Bucket, store: ObjectStore, context: Context) -> list[Object]:
    """One Job; none, and a problem, if no Secret of the application or the environment opens the store."""
    secret = _credentials(bucket, store, context)
    if not secret:
        context.problem(bucket, "", _no_credentials(bucket.name))
        return []
    metadata = bucket.metadata(context, HOOK)
    metadata["name"] = f"bucket-{bucket.name}"
    spec = {
        "backoffLimit": 6,
        "activeDeadlineSeconds": DEADLINE_SECONDS,
        "template": {"spec": _pod(bucket, store, secret)},
    }
    return [{"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}]


def script(bucket: Bucket) -> str:
    """The shell script that makes the bucket what the spec says; safe to repeat."""
    target = f"store/{bucket.name}"
    lines = [
        "# wait for the store; the Job's deadline ends a wait that is in vain",
        f'until mc alias set store "$STORE" "${ACCESS_KEY_ID}" "${SECRET_ACCESS_KEY}" >/dev/null; do sleep 2; done',
        f"mc mb --ignore-existing{' --with-lock' if bucket.object_lock else ''} {target}",
        f"mc anonymous set {bucket.anonymous or 'private'} {target}",
    ]
    if bucket.versioning is not None:
        lines.append(f"mc version {'enable' if bucket.versioning else 'suspend'} {target}")
    if bucket.quota:
        lines.append(f"mc quota set {target} --size {bucket.quota}")
    if bucket.expire_days:
        lines.append(f"mc ilm rule import {target} <<'RULES'\n{_lifecycle(bucket.expire_days)}\nRULES")
    return "\n".join([*lines, *_events(bucket, target)]) + "\n"


def _events(bucket: Bucket, target: str) -> list[str]:
    if not bucket.notifications:
        return []
    lines = [f"mc event remove --force {target}"]
    for notification in bucket.notifications:
        events = ",".join(notification.events)
        filters = "".join(
            f" --{name} {shlex.quote(value)}"
            for name, value in (("prefix", notification.prefix), ("suffix", notification.suffix))
            if value
        )
        if _TOPIC.fullmatch(notification.topic):  # nothing else may stand in a comment of a script
            lines.append(f"# topic {notification.topic}, if that is where target {notification.target_id} leads")
        lines.append(f"mc event add {target} arn:minio:sqs::{notification.target_id}:kafka --event {events}{filters}")
    return lines


def _lifecycle(days: int) -> str:
    rule = {"ID": "expire", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": days}}
    return json.dumps({"Rules": [rule]})


def _credentials(bucket: Bucket, store: ObjectStore, context: Context) -> str:
    if store.admin_secret:
        return store.admin_secret
    return next((resource.name for resource in context.resources if resource.opens(bucket)), "")


def _pod(bucket: Bucket, store: ObjectStore, secret: str) -> Object:
    keys = [
        {"name": key, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}
        for key in (ACCESS_KEY_ID, SECRET_ACCESS_KEY)
    ]
    amounts = {"cpu": "100m", "memory": "128Mi"}
    container = {
        "name": "mc",
        "image": store.image,
        "command": ["/bin/sh", "-ec"],
        "args": [script(bucket)],
        "env": [
            {"name": "STORE", "value": f"{'https' if store.https else 'http'}://{store.endpoint}"},
            {"name": "MC_CONFIG_DIR", "value": "/config"},
            *([] if store.verify_ssl else [{"name": "MC_INSECURE", "value": "true"}]),
            *keys,
        ],
        "resources": {"requests": amounts, "limits": amounts},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "volumeMounts": [{"name": "config", "mountPath": "/config"}],
    }
    return {
        "restartPolicy": "OnFailure",
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 65534, "runAsGroup": 65534},
        "containers": [container],
        "volumes": [{"name": "config", "emptyDir": {}}],
    }


def _no_credentials(bucket: str) -> Problem:
    return Problem(
        rule="no-bucket-credentials",
        message=f"nothing opens the object store to create bucket `{bucket}`",
        expected=f"S3Credentials of this application with bucket `{bucket}` among its buckets, or `object_store.admin_secret`",
        why="the Job that makes the bucket could not log in.",
        hint="return S3Credentials(buckets=[…]) from the spec, or name a Secret under `object_store.admin_secret` in environment.yaml",
    )
