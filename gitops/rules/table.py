"""Every rule there is: each family is a module, and every Rule in it counts."""

from __future__ import annotations

from types import ModuleType

from gitops.rules import (
    image_pulls,
    links,
    model_links,
    policies_data,
    policies_running,
    references,
)
from gitops.rules.base import Rule

FAMILIES: tuple[ModuleType, ...] = (
    image_pulls,
    links,
    model_links,
    policies_data,
    policies_running,
    references,
)

RULES: tuple[Rule, ...] = tuple(each for family in FAMILIES for each in vars(family).values() if isinstance(each, Rule))
BY_ID = {rule.id: rule for rule in RULES}
