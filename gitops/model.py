"""The base of every typed input: frozen, closed, and by keyword only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

__all__ = ["Closed", "Many", "Map"]


class Closed(BaseModel):
    """A frozen model that refuses fields it does not know."""

    __iter__ = None  # type: ignore[assignment]  # one model is not a list of them: `containers=Container(…)` lacks its brackets

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, hide_input_in_errors=True)


if TYPE_CHECKING:
    # A list or a tuple may be passed, and any map; what is kept is a tuple and a dict.
    from collections.abc import Mapping as Map
    from collections.abc import Sequence as Many
else:

    class Many:
        """`Many[T]` for pydantic."""

        def __class_getitem__(cls, item):
            """A tuple of any length."""
            return tuple[item, ...]

    Map = dict
