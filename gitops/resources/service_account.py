"""Service accounts: who a model runs as, and which Secrets KServe reads for it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from gitops.model import Many
from gitops.objects import Object
from gitops.resources.base import Context, External, Resource
from gitops.resources.pod import without_empty
from gitops.resources.secret import Secret


class ServiceAccount(Resource):
    """A ServiceAccount. KServe looks for storage credentials in `secrets`; `image_pull_secrets` open image registries.

    Source: kserve `pkg/credentials/service_account_credentials.go`.
    """

    object_kind: ClassVar[str] = "ServiceAccount"

    secrets: Many[Secret | External] = ()
    image_pull_secrets: Many[Secret | External] = ()
    automount_service_account_token: bool | None = None

    def objects(self, context: Context) -> Iterable[Object]:
        """One ServiceAccount."""
        obj: Object = {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": self.metadata(context),
            "secrets": self._names(context, "secrets", self.secrets),
            "imagePullSecrets": self._names(context, "image_pull_secrets", self.image_pull_secrets),
            "automountServiceAccountToken": self.automount_service_account_token,
        }
        return [self.finish(context, without_empty(obj))]

    def _names(self, context: Context, at: str, secrets: Many[Secret | External]) -> list[Object]:
        return [{"name": context.reference(self, f"{at}.{index}", secret)} for index, secret in enumerate(secrets)]
