"""What may be a secret wherever it stands, and text without it. The values of Secrets themselves are `Problem.quotable`'s matter."""

from __future__ import annotations

import re
from typing import Any

HIDDEN = "…"

_NAME = re.compile(
    r"passw|passphrase|secret|token|credential|(?:api|access|private|account|signing)[-_.]?key|(?:^|[-_.])(?:pass|pwd|sas)$",
    re.IGNORECASE,
)
SECRET_FIELD = re.compile(
    r"(?:secret_?access_?key|password|passwd|passphrase|api_?key|secretKeyRef)(?=[\"']?[ \t]*:[ \t]*[^ \t\r\n{]|\Z)",
    re.IGNORECASE,
)
"""The end of the name of a field whose text is a secret; that of a Secret, as in `secretName`, is none. A reference is no text."""
_USER = re.compile(r"(?<!\boci)(://)[^\s/?#\"'`@]+(?=@)")
_BARE = re.compile(r"(?<![\w/:])[^\s:@\"'`/\[{(]+:[^\s:@\"'`/]+(?=@(?!sha\d+:)[\w\[])")
"""`user:password@host` without a scheme, which an image with a tag and a digest looks like."""
_PARAMETER = re.compile(
    r"([?&](?:[\w.-]*(?:token|signature|secret|passw|credential|key)[\w.-]*|sig))=[^&#\s\"'`]+", re.IGNORECASE
)


def is_secretive(name: object) -> bool:
    """Whether a variable of this name is likely to hold a secret."""
    return isinstance(name, str) and bool(_NAME.search(name))


def is_secret_field(name: str) -> bool:
    """Whether the text in a field of this name is likely to be a secret."""
    return SECRET_FIELD.search(name) is not None


def concealed(text: str) -> str:
    """The text without the user and the password of its URLs, and without the keys and signatures in their queries."""
    if "@" in text:
        text = _BARE.sub(HIDDEN, _USER.sub(rf"\1{HIDDEN}", text))
    return _PARAMETER.sub(rf"\1={HIDDEN}", text) if "=" in text else text


def masked(value: Any) -> Any:
    """Data without the values of variables (`name` beside `value`) that are likely to hold secrets."""
    if isinstance(value, list):
        return [masked(item) for item in value]
    if not isinstance(value, dict):
        return value
    hides = "value" in value and is_secretive(value.get("name"))
    return {
        key: HIDDEN
        if (hides and key == "value") or (isinstance(item, str) and is_secret_field(str(key)))
        else masked(item)
        for key, item in value.items()
    }
