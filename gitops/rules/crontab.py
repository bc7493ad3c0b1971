"""Schedules of CronJobs, read as Kubernetes reads them. Source: github.com/robfig/cron/v3 parser.go, ParseStandard."""

from __future__ import annotations

from gitops.schemas.formats import is_duration

_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
_DAYS = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of month", 1, 31, {}),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 6, _DAYS),
)
_WORDS = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
_EVERY = "@every "


def crontab(text: str) -> str:
    """What is wrong with a schedule; empty if it can be read."""
    if text.startswith("@"):
        every = text.startswith(_EVERY) and is_duration(text.removeprefix(_EVERY))
        return "" if text in _WORDS or every else f"no word for a schedule; there are {', '.join(_WORDS)}"
    fields = text.split()
    if len(fields) != len(_FIELDS):
        return f"{len(fields)} fields instead of 5"
    for given, (name, low, high, names) in zip(fields, _FIELDS, strict=True):
        for part in given.split(","):
            if part and (problem := _range(part, low, high, names)):
                return f"{name} `{part}` {problem}"
    return ""


def _range(text: str, low: int, high: int, names: dict[str, int]) -> str:
    bounds, *step = text.split("/")
    ends = bounds.split("-")
    if len(step) > 1 or len(ends) > 2:
        return "has too many parts"
    numbers = [low, high] if ends[0] in ("*", "?") else [_number(end, names) for end in ends]
    steps = [_number(each, {}) for each in step]
    if None in (*numbers, *steps):
        return "is no number"
    first, last = numbers[0], high if len(numbers) == 1 and step else numbers[-1]
    if first is None or last is None or first < low or last > high or first > last:
        return f"is not within {low} to {high}"
    return "has a step of 0" if 0 in steps else ""


def _number(text: str, names: dict[str, int]) -> int | None:
    if text.lower() in names:
        return names[text.lower()]
    return int(text) if text.removeprefix("+").isdecimal() and text.isascii() else None
