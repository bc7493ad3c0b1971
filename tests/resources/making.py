"""Make objects of resources without files around them, and let the real schemas judge every one of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from gitops.environments import Environment
from gitops.objects import Object
from gitops.problems import Problem
from gitops.resources.base import Context, Resource
from gitops.schemas.files import library
from gitops.schemas.store import Schemas

REPOSITORY = Path(__file__).parents[2]
CRDS = {"kserve": "0.20.0", "knative-kafka": "1.23.0", "external-secrets": "2.9.0"}
STORE: dict[str, Any] = {"endpoint": "minio:9000", "https": False}


@cache
def _schemas(crds: tuple[tuple[str, str], ...], kubernetes: str) -> Schemas:
    return library(REPOSITORY / "schemas").schemas(dict(crds), kubernetes)


def environment(**settings: Any) -> Environment:
    """An environment with all that resources ask for; `settings` on top."""
    given: dict[str, Any] = {
        "name": "dev",
        "namespace": "models",
        "kubernetes": "1.34",
        "crds": CRDS,
        "object_store": STORE,
        "kafka": {"bootstrap_servers": ["kafka:9092"]},
        "secrets": {"store": {"name": "vault"}},
    }
    return Environment.model_validate(given | settings)


def attempt(
    *resources: Resource, values: dict[str, dict[str, str]] | None = None, **settings: Any
) -> tuple[list[Object], list[Problem]]:
    """The objects of an application of these resources, and the problems met while they were made."""
    where = environment(**settings)
    schemas = _schemas(tuple(where.crds.items()), where.kubernetes)
    hidden = {name: {key: SecretStr(value) for key, value in values.items()} for name, values in (values or {}).items()}
    context = Context("app", where, resources, schemas.scope, hidden)
    objects = [obj for resource in resources for obj in resource.objects(context)]
    return objects, [problem for _, _, problem in context.problems]


def make(*resources: Resource, values: dict[str, dict[str, str]] | None = None, **settings: Any) -> list[Object]:
    """The objects, none of which may have a problem or a fault."""
    objects, problems = attempt(*resources, values=values, **settings)
    assert problems == []
    where = environment(**settings)
    schemas = _schemas(tuple(where.crds.items()), where.kubernetes)
    assert [fault for obj in objects for fault in schemas.faults(obj)] == []
    return objects


def one(resource: Resource, *others: Resource, **settings: Any) -> Object:
    """The first object of the first resource."""
    return make(resource, *others, **settings)[0]
