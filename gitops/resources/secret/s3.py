"""Credentials for an S3 store, in the form that KServe reads."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import SecretStr

from gitops.model import Many
from gitops.objects import Object
from gitops.resources.base import Context, Resource
from gitops.resources.bucket import ACCESS_KEY_ID, SECRET_ACCESS_KEY, Bucket
from gitops.resources.secret import Secret


class S3Credentials(Secret):
    """Credentials for the environment's S3 store, in the keys and annotations that KServe reads.

    `buckets` are those that it opens. Endpoint, scheme and region are the environment's object store's unless given.
    The data keys are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: a stock KServe skips a Secret without them in silence
    (the lower-case `awsAccessKeyID` of old tutorials included), and the model is then fetched without credentials.

    Source: kserve `pkg/credentials/s3/s3_secret.go`, ConfigMap inferenceservice-config, key credentials.
    """

    keys: Many[str] = (ACCESS_KEY_ID, SECRET_ACCESS_KEY)
    buckets: Many[Bucket] = ()
    endpoint: str | None = None
    https: bool | None = None
    region: str | None = None
    verify_ssl: bool | None = None
    anonymous: bool = False
    virtual_bucket: bool = False

    def objects(self, context: Context) -> Iterable[Object]:
        """The object of the environment's secret backend; every bucket must be in this application or the environment."""
        for index, bucket in enumerate(self.buckets):
            context.reference(self, f"buckets.{index}", bucket)
        return super().objects(context)

    def annotations_in(self, context: Context) -> dict[str, str]:
        """KServe's `s3-*` annotations: `0` or `1` for https, `true` where the others are on."""
        store = context.environment.object_store
        endpoint = self.endpoint or (store and store.endpoint)
        https = self.https if self.https is not None else (store is None or store.https)
        region = self.region or (store and store.region)
        verify = self.verify_ssl if self.verify_ssl is not None else (store is None or store.verify_ssl)
        settings = {
            "s3-endpoint": endpoint,
            "s3-usehttps": ("1" if https else "0") if endpoint else None,
            "s3-region": region,
            "s3-verifyssl": None if verify else "0",
            "s3-useanoncredential": "true" if self.anonymous else None,
            "s3-usevirtualbucket": "true" if self.virtual_bucket else None,
        }
        found = {f"serving.kserve.io/{name}": value for name, value in settings.items() if value}
        return {**found, **self.secret_annotations}

    def opens(self, bucket: Resource) -> bool:
        """Whether `bucket` is among those it is for."""
        return any(bucket.identity() == own.identity() for own in self.buckets)

    def development_values(self, context: Context) -> dict[str, SecretStr]:
        """The object store's development credentials."""
        store = context.environment.object_store
        if store is None or store.credentials is None:
            return {}
        return {ACCESS_KEY_ID: store.credentials.access_key_id, SECRET_ACCESS_KEY: store.credentials.secret_access_key}
