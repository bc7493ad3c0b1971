"""When CronJobs run."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gitops.faults import Fault
from gitops.objects import Object
from gitops.rules.base import Cluster, rule
from gitops.rules.core_forms import Wrongs, counts, lacking, one_of, part, wrong
from gitops.rules.core_pods import JOBS
from gitops.rules.crontab import crontab

CRON_JOB = JOBS[1]


@rule("admission", CRON_JOB)
def cron_schedule(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """A CronJob says when it runs: five fields, or a word such as `@daily`; the time zone stands in `timeZone`.

    Why: the API server refuses a schedule that it cannot read, and one with `TZ=` in it.

    Fix: write minute, hour, day of month, month and day of week, such as "0 3 * * 1-5". Sunday is 0.

    Source: kubernetes `pkg/apis/batch/validation/validation.go`, validateCronJobSpec; github.com/robfig/cron/v3 `parser.go`,
    ParseStandard.
    """
    spec = part(obj, "spec")
    for fault in (*_schedule(spec.get("schedule") or ""), *_cron(spec)):
        yield Fault("cron-schedule", *fault)


def _schedule(text: str) -> Wrongs:
    path = ("spec", "schedule")
    if not text:
        yield lacking(path, 'such as "0 3 * * *"')
    elif "TZ" in text:
        yield wrong(path, "has a time zone in it", text, "a schedule alone", "put the zone into `timeZone`")
    elif problem := crontab(text):
        yield wrong(path, f"is no schedule: {problem}", text, "minute, hour, day of month, month, day of week")


_ZONE = re.compile(r"[A-Za-z.\-_0-9+]{1,14}")


def _cron(spec: Object) -> Wrongs:
    fields = ("startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit")
    yield from counts(("spec",), spec, *fields)
    yield from one_of(("spec",), spec, "concurrencyPolicy", ("Allow", "Forbid", "Replace"))
    zone = spec.get("timeZone")
    if zone is not None and (zone.lower() == "local" or not all(map(_is_part, zone.split("/")))):
        yield wrong(("spec", "timeZone"), "is no time zone", zone, "a name of the IANA database, such as Europe/Berlin")


def _is_part(part: str) -> bool:
    return bool(_ZONE.fullmatch(part)) and part not in (".", "..") and not part.startswith("-")
