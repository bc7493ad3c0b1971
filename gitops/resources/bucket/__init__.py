"""Buckets: what a spec asks for. How an environment provides them is the business of a backend, one module each."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar, Literal

from pydantic import Field, field_validator

from gitops.model import Closed, Many
from gitops.objects import Object
from gitops.problems import Problem
from gitops.resources.base import Context, External, Part, Resource
from gitops.resources.bucket import minio

BACKENDS = {"minio": minio.objects}
"""Name of a backend in environment.yaml (`object_store.backend`) -> the function that makes its objects."""

ACCESS_KEY_ID = minio.ACCESS_KEY_ID
SECRET_ACCESS_KEY = minio.SECRET_ACCESS_KEY

_NAME = re.compile(r"[a-z0-9](?!.*(\.\.|\.-|-\.))[a-z0-9.-]{1,61}[a-z0-9]")
_IP_ADDRESS = re.compile(r"\d+(\.\d+){3}")
_TARGET = re.compile(r"[^A-Z0-9]+")


class Topic(Closed):
    """A Kafka topic; `bucket` is the one whose notifications go to it, if any."""

    name: str
    bucket: Bucket | None = None


class KafkaNotification(Closed):
    """Events of a bucket that go to a Kafka topic.

    `events`: `put`, `delete`, `get`. `prefix` and `suffix` filter object keys. `target`: the id of the Kafka target that the
    MinIO server is configured with (environment variables MINIO_NOTIFY_KAFKA_*_<target>); the topic's name in capitals unless given.
    """

    topic: str
    events: Many[Literal["put", "delete", "get"]] = Field(("put",), min_length=1)
    prefix: str = ""
    suffix: str = ""
    target: str = ""

    @property
    def target_id(self) -> str:
        """The id of the server's Kafka target."""
        return self.target or _TARGET.sub("_", self.topic.upper())


class Bucket(Resource):
    """A bucket in the environment's object store.

    `anonymous`: what anybody may do without credentials. `versioning`: left as the store has it unless given.
    `quota`: the most it may hold, such as `10GiB`. `expire_days`: objects older than that are deleted.
    Nothing here ever deletes a bucket.
    """

    object_kind: ClassVar[str] = "Bucket"

    notifications: Many[KafkaNotification] = ()
    anonymous: Literal["download", "upload", "public"] | None = None
    versioning: bool | None = None
    object_lock: bool = False
    quota: str | None = Field(None, pattern=r"^[1-9]\d*(\.\d+)?(B|[KMGTP]i?B)$")
    expire_days: int | None = Field(None, ge=1)

    @field_validator("name")
    @classmethod
    def _s3_name(cls, name: str) -> str:
        if not _NAME.fullmatch(name) or _IP_ADDRESS.fullmatch(name) or name == "minio" or name.startswith("xn--"):
            raise ValueError(
                "a bucket's name has 3 to 63 lower-case letters, digits, dots and hyphens, starts and ends with a letter or digit, "
                "has no `..`, `.-` or `-.`, and is not an IP address"
            )
        return name

    @property
    def topic(self) -> Topic:
        """The topic that this bucket's notifications go to.

        Raises:
            ValueError: there is not exactly one.
        """
        topics = {notification.topic for notification in self.notifications}
        if len(topics) != 1:
            raise ValueError(
                f"bucket `{self.name}` notifies {len(topics)} topics; `.topic` needs exactly one, use `Topic(name=…, bucket=…)`"
            )
        return Topic(name=topics.pop(), bucket=self)

    def uri(self, *parts: str) -> BucketUri:
        """The place of a model inside this bucket, for `storage=`."""
        return BucketUri(bucket=self, path="/".join(part.strip("/") for part in parts))

    def objects(self, context: Context) -> Iterable[Object]:
        """The objects of the environment's bucket backend."""
        store = context.environment.object_store
        if store is None:
            context.problem(self, "", _no_store(self.name))
            return []
        return [self.finish(context, obj) for obj in BACKENDS[store.backend](self, store, context)]


class BucketUri(Part):
    """A path in a bucket of this project."""

    bucket: Bucket | External
    path: str = ""

    def __str__(self) -> str:
        """`s3://bucket/path`."""
        return f"s3://{self.bucket.name}/{self.path}".rstrip("/")

    def embedded(self, context: Context, user: Resource, at: str) -> str:
        """The URI as text."""
        context.reference(user, at, self.bucket)
        return str(self)


def _no_store(bucket: str) -> Problem:
    return Problem(
        rule="no-object-store",
        message=f"the environment has no object store for bucket `{bucket}`",
        expected="`object_store: {endpoint: …}` in environment.yaml",
        why="nothing could create the bucket there.",
        hint="state the store's endpoint, or leave the bucket out of what the spec returns in this environment",
    )
