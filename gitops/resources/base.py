"""What every resource has: a name, its place in the spec, and `fields` as the way to anything the CRD offers."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import Field

from gitops.environments import Environment, merge
from gitops.model import Closed
from gitops.objects import Object, Scope
from gitops.problems import Problem
from gitops.quantity import spelled

if TYPE_CHECKING:
    from pydantic import SecretStr


EMPTY: Any = Field(default_factory=dict)
"""The default of a map. Of `{}` itself, each new model would get a deep copy, at four times the cost."""


class Part(Closed):
    """Something typed that may stand inside raw `fields`, and becomes plain data there."""

    def embedded(self, context: Context, user: Resource, at: str) -> Any:
        """Plain data; references are checked as those of `user`, whose call has this part at `at`."""
        raise NotImplementedError


class External(Closed):
    """Something outside the project, named on purpose: it is not looked for.

    `api_version`, `kind` and `namespace` are needed only where a reference of that type states them (a KafkaSource's sink).
    """

    name: str
    api_version: str = ""
    kind: str = ""
    namespace: str = ""

    def __init__(self, *name: str, **data: Any) -> None:
        super().__init__(**dict(zip(("name",), name, strict=True) if name else ()), **data)

    def identity(self) -> tuple[str, str]:
        """The kind and name that references to it state."""
        return self.kind, self.name

    def api(self) -> str:
        """The apiVersion that references to it state."""
        return self.api_version


class Resource(Closed):
    """A typed object of a spec. It becomes one or more Kubernetes objects in each environment.

    `labels` and `annotations` go on the object's metadata. `fields` is merged last into the object, in upstream's own spelling
    (null removes a field), so that nothing in the CRD is out of reach; the result is validated like the rest. A resource in `fields`
    becomes its name, checked as any reference; a Container, SecretKey or BucketUri becomes what Kubernetes expects in its place.
    """

    __slots__ = ("_place",)

    object_kind: ClassVar[str]
    """The Kubernetes kind that a reference to this resource names."""

    object_api: ClassVar[str] = ""
    """The apiVersion that a reference states, for kinds that are referred to with one."""

    name: str
    labels: dict[str, str] = EMPTY
    annotations: dict[str, str] = EMPTY
    fields: dict[str, Any] = EMPTY

    def __init__(self, **data: Any) -> None:
        super().__init__(**data)
        frame = sys._getframe(1)
        while frame.f_code.co_filename == __file__ and frame.f_back:  # made of a dict inside another resource's call
            frame = frame.f_back
        object.__setattr__(self, "_place", (frame.f_code.co_filename, frame.f_lineno))

    def __copy__(self) -> Self:
        """As `model_copy` needs it: the copy stands where the original does."""
        copied = super().__copy__()
        object.__setattr__(copied, "_place", self.place)
        return copied

    @property
    def place(self) -> tuple[str, int]:
        """File and line of the call that made this resource."""
        place: tuple[str, int] = object.__getattribute__(self, "_place")
        return place

    def identity(self) -> tuple[str, str]:
        """The kind and name that references to this resource state."""
        return self.object_kind, self.name

    def api(self) -> str:
        """The apiVersion that references to this resource state."""
        return self.object_api

    def opens(self, bucket: Resource) -> bool:
        """Whether this resource holds the credentials of a bucket."""
        return False

    def objects(self, context: Context) -> Iterable[Object]:
        """The Kubernetes objects of this resource in an environment."""
        raise NotImplementedError

    def metadata(self, context: Context, annotations: dict[str, str] | None = None) -> Object:
        """Metadata of a namespaced object of this name; `annotations` are the tool's own, which the user's override."""
        metadata: Object = {"name": self.name, "namespace": context.environment.namespace}
        if self.labels:
            metadata["labels"] = dict(self.labels)
        if annotations or self.annotations:
            metadata["annotations"] = {**(annotations or {}), **self.annotations}
        return metadata

    def finish(self, context: Context, obj: Object) -> Object:
        """The object with `fields` merged in; resources in them become their names, and typed parts plain data."""
        return merge(obj, self.plain(context, self.fields, "fields")) if self.fields else obj

    def plain(self, context: Context, data: Mapping[str, Any], at: str) -> Object:
        """Raw data that stands at a keyword path of this resource's call, as Kubernetes takes it; references are checked."""
        return spelled(self._plain(context, data, at)) if data else {}

    def _plain(self, context: Context, value: Any, at: str) -> Any:
        if type(value) is str:
            return value
        if isinstance(value, Mapping):
            return {_key(key): self._plain(context, item, f"{at}.{key}") for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._plain(context, item, f"{at}.{index}") for index, item in enumerate(value)]
        if isinstance(value, Resource | External):
            return context.reference(self, at, value)
        if isinstance(value, Part):
            return value.embedded(context, self, at)
        return str(value) if isinstance(value, str) else value  # an Enum's member, or another kind of text


def _key(key: Any) -> Any:
    return str(key) if isinstance(key, str) else key


class Context:
    """One application in one environment, while its resources become objects. Collects problems; each names its resource."""

    def __init__(
        self,
        application: str,
        environment: Environment,
        resources: tuple[Resource, ...],
        scope: Scope,
        secrets: dict[str, dict[str, SecretStr]],
    ) -> None:
        self.application = application
        self.environment = environment
        self.resources = resources
        self.scope = scope
        self.secrets = secrets
        self.problems: list[tuple[Resource, str, Problem]] = []
        self._returned = {resource.identity() for resource in resources}

    def problem(self, resource: Resource, at: str, problem: Problem) -> None:
        """Record a problem of `resource`; `at` is the keyword path in its call, such as `transformer.container.image`."""
        self.problems.append((resource, at, problem))

    def reference(self, user: Resource, at: str, target: Resource | External) -> str:
        """The name of `target`, which `user` refers to; a problem if nothing in this environment has it."""
        if (
            isinstance(target, Resource)
            and target.identity() not in self._returned
            and not self.environment.does_provide(*target.identity())
        ):
            self.problem(user, at, _dangling(user, target))
        return target.name


def _dangling(user: Resource, target: Resource) -> Problem:
    what = f"{type(target).__name__} `{target.name}`"
    return Problem(
        rule="dangling-reference",
        message=f"{type(user).__name__} `{user.name}` refers to {what}, which this application does not return",
        found=f"a reference to {what}",
        expected="an object that the spec function returns, or one that the environment provides",
        why=f"nothing would create the {target.identity()[0]}, and {type(user).__name__} `{user.name}` would never become ready.",
        hint="add it to the list that the spec function returns; if it exists outside this project, pass External(…) or list it "
        "under `provides:` in environment.yaml",
    )
