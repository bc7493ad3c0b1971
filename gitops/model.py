"""The base of every typed input: frozen, closed, and by keyword only."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Closed(BaseModel):
    """A frozen model that refuses fields it does not know."""

    __iter__ = None  # type: ignore[assignment]  # one model is not a list of them: `containers=Container(…)` lacks its brackets

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, hide_input_in_errors=True)
