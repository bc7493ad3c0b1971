"""From measurements to Markdown: tables, ratios, and what the budgets say."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from benchmarks.compare import Measured
from benchmarks.findings import Found
from benchmarks.measure import Results
from benchmarks.validation import Shares

SCENARIOS = {
    "cold": "floor: write",
    "no-op, cached": "floor: stat",
    "no-op, no cache": "floor: compare",
    "one changed": "cold",
    "floor: write": "bare python",
    "floor: stat": "bare python",
    "floor: compare": "bare python",
}
"""Scenario -> what it is set beside."""


BUSY = 0.7
STEADY = 1.2
"""A load before the first run, and a spread of one command's medians, beyond which a machine is not quiet."""


class Everything(NamedTuple):
    """All that one run of the benchmarks measured. `sizes`: applications -> files and bytes rendered."""

    startup: Results
    sizes: Mapping[int, tuple[int, int]]
    tool: Mapping[int, Results]
    disk: Mapping[int, Results]
    peers: Mapping[int, Sequence[Measured]]
    loaded: Mapping[str, set[str]]
    load: tuple[float, float]


class Budget(NamedTuple):
    """A promise, and how it went; `value` is None where this run did not measure it."""

    number: str
    promise: str
    value: float | None
    limit: float
    at_least: bool = False
    unit: str = "x"

    @property
    def verdict(self) -> str:
        """Met, or missed by how much."""
        if self.value is None:
            return "not measured"
        met = self.value >= self.limit if self.at_least else self.value <= self.limit
        if met or not self.limit:
            return "met" if met else "**missed**"
        return f"**missed** by {(self.limit / self.value if self.at_least else self.value / self.limit) - 1:.0%}"


def budgets(found: Everything) -> list[Budget]:
    """Every budget that can be measured from outside."""
    ratio, tool = _ratio, found.tool
    thousand, most = tool.get(1000, {}), tool.get(5000, {})
    loads_pydantic = sum("pydantic" in packages for packages in found.loaded.values())
    return [
        Budget(
            "1", "cold ÷ writing the same bytes, 1,000 applications, memory", ratio(thousand, "cold", "floor: write"), 4
        ),
        Budget("1", "the same on disk", ratio(found.disk.get(1000, {}), "cold", "floor: write"), 3),
        Budget("2", "cold at 5,000 ÷ cold at 1,000", _across(most, thousand, "cold"), 5.5),
        Budget("3", "cached no-op ÷ `stat` of every file, 1,000", ratio(thousand, "no-op, cached", "floor: stat"), 1.5),
        Budget("3", "cached no-op ÷ bare Python, 1,000", ratio(thousand, "no-op, cached", "bare python"), 12),
        Budget("4", "no-op without a cache ÷ cold, 1,000", ratio(thousand, "no-op, no cache", "cold"), 1),
        Budget("5", "one application changed ÷ cold, 1,000", ratio(thousand, "one changed", "cold"), 0.5),
        *_peer_budgets(found),
        Budget("9", "`--help` ÷ bare Python", ratio(found.startup, "--help", "bare python"), 5),
        Budget("9", "of `--help`, `--version`, cached no-op: how many load pydantic", loads_pydantic, 0, unit=""),
        Budget("10", "peak of the largest process, 1,000", _peak(thousand), 80, unit=" MiB"),
        Budget("10", "the same, 5,000", _peak(most), 120, unit=" MiB"),
        Budget("11", "cold, 10 applications", _milliseconds(tool.get(10, {})), 250, unit=" ms"),
    ]


_PEER_BUDGETS = (
    ("7", "dicts + PyYAML (C)", 3, True),
    ("7", "Helm, one chart an environment", 2, True),
    ("7", "KCL", 3, True),
    ("7", "jsonnet (Rust)", 2, True),
    ("7", "cdk8s (JavaScript)", 6, True),
    ("7", "jsonnet (Go)", 10, True),
    ("7", "kapitan, jinja2", 20, True),
    ("7", "jinja2 text", 1 / 2, True),
    ("8", "kustomize build, one an overlay", 100, True),
    ("8", "kustomize build, 50 overlays each", 10, True),
)


def _peer_budgets(found: Everything) -> list[Budget]:
    ratios = {
        each.name: each.run.seconds / each.ours.seconds for each in found.peers.get(1000, ()) if each.run and each.ours
    }
    return [
        Budget(number, f"{name} ÷ cold, 1,000", ratios.get(name), limit, more)
        for number, name, limit, more in _PEER_BUDGETS
    ]


def _ratio(results: Results, what: str, beside: str) -> float | None:
    return results[what].seconds / results[beside].seconds if what in results and beside in results else None


def _across(larger: Results, smaller: Results, what: str) -> float | None:
    return larger[what].seconds / smaller[what].seconds if what in larger and what in smaller else None


def _peak(results: Results) -> float | None:
    return max((run.mebibytes for name, run in results.items() if not name.startswith("floor")), default=None)


def _milliseconds(results: Results) -> float | None:
    return results["cold"].seconds * 1000 if "cold" in results else None


def markdown(found: Everything, command: str) -> str:
    """Everything, as sections of a page."""
    parts = [_machine(found, command), "## Budgets\n\n" + _budget_table(budgets(found))]
    parts.append("## The tool\n\n" + "\n".join(_scenario_table(found, number) for number in found.tool))
    for number, results in found.disk.items():
        parts.append(f"On the ordinary disk, {number:,} applications:\n\n" + _table(_HEAD, _rows(results)))
    if found.peers:
        parts.append("## Others\n\n" + "\n".join(_peer_table(number, each) for number, each in found.peers.items()))
    return "\n".join(parts)


class Validation(NamedTuple):
    """All that one run measured of validation. `times`: applications -> scenario -> run."""

    times: Mapping[int, Results]
    shares: Shares
    found: Sequence[Found]
    load: tuple[float, float]


def validation(measured: Validation, command: str) -> str:
    """What validation costs and finds, as sections of a page."""
    bare = [each["bare python"].seconds * 1000 for each in measured.times.values()]
    before, after = measured.load
    parts = [
        f"Made by `{command}` with Python {platform.python_version()}, {len(os.sched_getaffinity(0))} cores, load {before:.1f} before and "
        f"{after:.1f} after{'' if before < BUSY else ': **not a quiet machine**'}; bare Python took {min(bare):.0f} ms. Compare ratios.\n",
        *(_validation_times(number, results) for number, results in measured.times.items()),
        _share_table(measured),
        "What each finds (any error or warning), in how many files:\n\n" + _finding_table(measured.found),
    ]
    return "\n".join(parts)


def _validation_times(number: int, results: Results) -> str:
    besides = ("floor: write", "render, cold", "kubeconform, files")
    rows: list[tuple[str, ...]] = [
        (name, _time(run.seconds), f"{run.mebibytes:.0f} MiB", *(_beside(results, name, other) for other in besides))
        for name, run in results.items()
        if name != "bare python"
    ]
    head = ("", "time", "peak", *(f"÷ {other}" for other in besides))
    return f"{number:,} applications, {18 * number:,} objects:\n\n" + _table(head, rows)


def _beside(results: Results, name: str, other: str) -> str:
    ratio = _ratio(results, name, other) if name != other else None
    return "-" if ratio is None else f"{ratio:.2f} x"


def _share_table(measured: Validation) -> str:
    most = measured.times.get(1000, {})
    theirs = _ratio(most, "kubeconform, files", "render, cold")
    schemas, rules = measured.shares
    rows = [
        Budget("6", "schemas, of the work of a cold run", schemas, 0.1, unit=""),
        Budget("6", "schemas and all rules that a render asks, of that work", schemas + rules, 0.1, unit=""),
        Budget("6", "schemas in a cold run ÷ kubeconform, 1,000", schemas / theirs if theirs else None, 1 / 20),
    ]
    return _budget_table(rows)


def _finding_table(found: Sequence[Found]) -> str:
    theirs = ("-" if each.theirs is None else str(each.theirs) for each in found)
    rows: list[tuple[str, ...]] = [
        (each.what, str(each.files), str(each.ours), other) for each, other in zip(found, theirs, strict=True)
    ]
    return _table(("", "files", "`gitops validate`", "kubeconform"), rows)


_HEAD = ("scenario", "time", "peak", "set beside", "ratio")


def _machine(found: Everything, command: str) -> str:
    before, after = found.load
    startup = ", ".join(f"{name} {run.seconds * 1000:.0f} ms" for name, run in found.startup.items())
    return (
        f"Made by `{command}` with Python {platform.python_version()} on {platform.system()} {platform.machine()}, "
        f"{len(os.sched_getaffinity(0))} cores, load {before:.1f} before and {after:.1f} after{_unrest(found)}. "
        f"Start-up: {startup}.\n"
    )


def _unrest(found: Everything) -> str:
    """A warning, if the same bare Python took much longer at one time than at another."""
    bare = [each["bare python"].seconds for each in (found.startup, *found.tool.values())]
    if found.load[0] < BUSY and max(bare) < STEADY * min(bare):
        return ""
    return f"; **not a quiet machine**: bare Python took {min(bare) * 1000:.0f} to {max(bare) * 1000:.0f} ms, so all figures are rough"


def _budget_table(rows: Sequence[Budget]) -> str:
    return _table(
        ("", "budget", "limit", "measured", ""),
        [
            (
                each.number,
                each.promise,
                f"{'≥' if each.at_least else '≤'} {each.limit:g}{each.unit}",
                "-" if each.value is None else f"{_short(each.value)}{each.unit}",
                each.verdict,
            )
            for each in rows
        ],
    )


def _scenario_table(found: Everything, number: int) -> str:
    files, size = found.sizes[number]
    return f"{number:,} applications, {files:,} files, {size / 1e6:.1f} MB:\n\n" + _table(
        _HEAD, _rows(found.tool[number])
    )


def _rows(results: Results) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for name, beside in SCENARIOS.items():
        if (ratio := _ratio(results, name, beside)) is not None:
            rows.append(
                (name, _time(results[name].seconds), f"{results[name].mebibytes:.0f} MiB", beside, f"{ratio:.2f} x")
            )
    return rows


def _peer_table(number: int, measured: Sequence[Measured]) -> str:
    rows = []
    for each in measured:
        if each.run and each.ours:
            runs = each.note or (f"median of {each.runs}" if each.runs > 1 else "1 run")
            ratio = f"{_short(each.run.seconds / each.ours.seconds)} x"
            rows.append((each.name, each.does, _time(each.run.seconds), f"{each.run.mebibytes:.0f} MiB", ratio, runs))
        else:
            rows.append((each.name, each.does, "-", "-", "-", f"not measured: {each.note}".replace("|", "\\|")))
    return f"{number:,} applications:\n\n" + _table(("peer", "checks", "time", "peak", "÷ our cold run", ""), rows)


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
