"""KServe's S3 settings: switches and endpoints, spelled as they are read."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.faults import Fault, Fix, Path
from gitops.objects import Object
from gitops.rules.base import Cluster, rule
from gitops.rules.lookups import ACCOUNT
from gitops.rules.storage_secrets import MAKERS, S3, SETTING_NAMES, Setting, has_role, settings
from gitops.schemas.faults import dotted

_OFF = frozenset(("false", "no", "off", "n", "f", "disabled"))
_ON = frozenset(("1", "yes", "on", "y", "t", "enabled"))
_READ: dict[str, tuple[frozenset[str], frozenset[str], str, str]] = {
    # name: what is read as it is meant (folded), what is not, the spelling that would be, how the rest is read
    "s3-usehttps": (
        frozenset(("0", "1", "true", "yes", "on", "https", "")),
        _OFF,
        "0",
        "https unless the value is exactly `0`",
    ),
    "s3-verifyssl": (
        frozenset(("0", "false", "1", "true", "yes", "on", "")),
        _OFF - {"false"},
        "0",
        "on unless `0` or `false`",
    ),
    **{
        name: (frozenset(("true", "false", "0", "")) | _OFF, _ON, "true", "on only if the value is `true`")
        for name in ("s3-useanoncredential", "s3-usevirtualbucket", "s3-useaccelerate")
    },
}


@rule("controller", *MAKERS, ACCOUNT, code="KS25", needs=SETTING_NAMES)
def s3_setting_value(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """A switch among KServe's S3 settings is spelled in a way that is read as it is meant.

    Why: the values are compared as text, and not alike: `s3-usehttps` is on unless it is exactly `0`, so that `"false"` means https;
    anonymous access, virtual-host style and acceleration are on only for `true`, so that `"1"` means off. The download fails with
    an SSL or an access error that names neither.

    Fix: write `"0"` or `"1"` for `s3-usehttps` and `s3-verifyssl`, and `"true"` to switch on one of the others.

    Source: kserve `pkg/credentials/s3/utils.go` getEndpointConfiguration, `python/storage/kserve_storage/kserve_storage.py`
    get_S3_config.
    """
    for each in _settings_read(obj).values():
        if each.name not in _READ:
            continue
        meant, wrong, spelling, how = _READ[each.name]
        folded = each.value.lower()
        if folded in meant and folded not in wrong:
            continue
        yield Fault(
            "s3-setting-value",
            each.path,
            f"`{dotted(each.path)}` is not read as it is meant",
            found=each.value if each.shown else "a value that is not shown",
            expected=how,
            why="KServe compares it as text, and the switch ends up the other way round.",
            hint=f'write "{spelling}"'
            if folded in wrong
            else 'write "1" or "0"'
            if spelling == "0"
            else 'write "true", or leave it out',
            fix=Fix("set", each.path, spelling) if folded in wrong and each.path[0] != "data" else None,
        )


def _settings_read(obj: Object) -> dict[str, Setting]:
    if obj["kind"] == "ServiceAccount" and not has_role(obj):
        return {}
    return settings(obj)


@rule("controller", *MAKERS, ACCOUNT, needs=SETTING_NAMES)
def s3_endpoint_form(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """`s3-endpoint` is a host and port; from KServe 0.17.0 on, `http://` or `https://` may stand before it.

    Why: KServe puts a scheme before the endpoint: releases before 0.17.0 in any case, so that `http://minio:9000` becomes
    `http://http://minio:9000`, and the download ends with `Invalid endpoint`. A path would come before the bucket's name.

    Fix: give `host:port` alone and the scheme as `s3-usehttps`; the bucket belongs in `storageUri`.

    Source: kserve `pkg/credentials/s3/utils.go` getEndpointConfiguration (0.17.0), `pkg/credentials/s3/s3_secret.go` before.
    """
    each = _settings_read(obj).get("s3-endpoint")
    if each is None or not each.value.strip():
        return
    scheme, rest = _split(each.value)
    host, _, path = rest.partition("/")
    what = ""
    if scheme and scheme not in ("http", "https"):
        what = f"has the scheme `{scheme}`"
    elif scheme and not cluster.runs("kserve", "0.17.0"):
        what = "has a scheme, which KServe before 0.17.0 puts there itself"
    elif path.strip("/"):
        what = "has a path"
    if what:
        yield Fault(
            "s3-endpoint-form",
            each.path,
            f"`{dotted(each.path)}` {what}",
            found=each.value if each.shown else "a value that is not shown",
            expected=f"`{host}`" if each.shown else "host:port",
            why="the URL that KServe makes of it leads nowhere, and the model is never downloaded.",
            hint='give host:port alone, and `s3-usehttps: "0"` for http; the bucket belongs in `storageUri`',
        )


def _split(endpoint: str) -> tuple[str, str]:
    scheme, divider, rest = endpoint.strip().partition("://")
    return (scheme.lower(), rest) if divider else ("", endpoint.strip())


@rule("controller", *MAKERS, ACCOUNT, level="warning", needs=SETTING_NAMES)
def s3_scheme_stated(obj: Object, cluster: Cluster) -> Iterator[Fault]:
    """An S3 endpoint says, once, whether it is http or https.

    Why: without a scheme and without `s3-usehttps`, KServe uses https; a store inside the cluster often speaks http, and the download
    ends with an SSL error. A scheme in the endpoint overrides `s3-usehttps`.

    Fix: set `serving.kserve.io/s3-usehttps` to `"0"` for http or `"1"` for https, and let it agree with a scheme in the endpoint.

    Source: kserve `pkg/credentials/s3/utils.go` getEndpointConfiguration; kserve issue 3852.
    """
    found = _settings_read(obj)
    each, secure = found.get("s3-endpoint"), found.get("s3-usehttps")
    if each is None or not each.value.strip():
        return
    scheme, rest = _split(each.value)
    contradicted = (
        secure is not None and scheme in ("http", "https") and (scheme == "http") is not (secure.value == "0")
    )
    if contradicted and secure is not None:
        yield _scheme_fault(
            secure.path, "contradicts the scheme of `s3-endpoint`", secure, f"{scheme}, as the endpoint says"
        )
    elif secure is None and not scheme and _port(rest) not in ("", "443") and each.shown:
        path: Path = (*each.path[:-1], f"{S3}usehttps")
        yield _scheme_fault(
            path, "is missing: the endpoint has a port but no scheme", None, '"0" for http or "1" for https'
        )


def _scheme_fault(path: Path, what: str, found: Setting | None, expected: str) -> Fault:
    return Fault(
        "s3-scheme-stated",
        path,
        f"`{dotted(path)}` {what}",
        found=(found.value if found.shown else "a value that is not shown") if found else "nothing",
        expected=expected,
        why="KServe takes the endpoint's scheme if there is one, else `s3-usehttps`, else https.",
        hint='set it to "0" if the store speaks http, to "1" if https',
    )


def _port(rest: str) -> str:
    return rest.partition("/")[0].partition(":")[2]
