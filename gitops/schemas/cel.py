"""The Common Expression Language, in which CRDs say what a schema cannot, evaluated as the API server does.

Source: k8s.io/apiextensions-apiserver, pkg/apiserver/schema/cel.
The evaluator is that of the language's own project. Three things differ from the API server:

- how much a rule may cost is not counted;
- the functions that Kubernetes adds to the language (`isURL`, `quantity`, `ip`, …) are not there, nor are texts read
  as times, durations or bytes by their format; a rule that needs them is told to be unchecked, never taken to hold;
- lists of type set and map are compared in order.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from gitops.schemas.tree import Node, Rule

if TYPE_CHECKING:
    from cel_expr_python import cel

_OLD = re.compile(r"\boldSelf\b")
_OLD_OR_NONE = "cel.bind(oldSelf, has_old ? optional.of(old_or_null) : optional.none(), {})"


class Verdict(NamedTuple):
    """What became of a rule: it holds, it does not, it failed (`error`), or we cannot tell (`unknown` says why)."""

    holds: bool
    error: str = ""
    unknown: str = ""


class _UnsupportedError(Exception):
    pass


def is_transition(rule: Rule) -> bool:
    """Whether the rule compares with the object as it was, and so says nothing of a new one."""
    return not rule.optional_old_self and _OLD.search(rule.text) is not None


def judge(rule: Rule, value: Any, old: Any) -> Verdict:
    """Evaluate one rule on a value and the value that was there before (None if none), both `native`."""
    try:
        outcome = _evaluate(rule, rule.text, value, old)
    except _UnsupportedError as error:
        return Verdict(holds=True, unknown=str(error))
    if isinstance(outcome, bool):
        return Verdict(outcome)
    return Verdict(holds=False, error=str(outcome))


def message(rule: Rule, value: Any, old: Any) -> str:
    """What the rule says of a value for which it does not hold; empty if it says nothing itself.

    A message that must be computed counts only if it is one line of text; else the plain one does.
    """
    if rule.message_expression:
        try:
            text = _evaluate(rule, rule.message_expression, value, old)
        except _UnsupportedError:
            return rule.message
        if isinstance(text, str) and not isinstance(text, _Error) and text.strip() and "\n" not in text.strip():
            return text.strip()
    return rule.message


def native(value: Any, node: Node | None) -> Any:
    """A value as rules see it: fields by their escaped names, numbers that may have a fraction as doubles."""
    if node is None or not node.rewritten:
        return value
    if type(value) is dict:
        return {node.renamed.get(name, name): native(each, node.child(name)) for name, each in value.items()}
    if type(value) is list:
        return [native(each, node.items) for each in value]
    return float(value) if type(value) is int and node.number and value.bit_length() < 64 else value


def steps(path: str) -> tuple[str, ...]:
    """The fields of a rule's `fieldPath`: `.spec.host`, `['x.y'].z`."""
    found = re.finditer(r"\.([^.\[\]]+)|\['((?:[^'\\]|\\.)*)'\]", path)
    return tuple(match[1] or re.sub(r"\\(.)", r"\1", match[2]) for match in found)


class _Error(str):
    """Why an evaluation failed."""


def _evaluate(rule: Rule, text: str, value: Any, old: Any) -> Any:
    """The plain result, or an `_Error`. Raises _UnsupportedError."""
    program = _compile(_OLD_OR_NONE.format(text) if rule.optional_old_self else text)
    try:
        result = program.eval(data={"self": value, "oldSelf": old, "old_or_null": old, "has_old": old is not None})
    except RuntimeError as error:  # text that is not Unicode, which is refused for that
        raise _UnsupportedError(str(error)) from None
    plain = result.plain_value()
    return _Error(_reason(plain)) if str(result.type()) == "ERROR" else plain


def _reason(error: Any) -> str:
    """Without the name of the error's class and without what is for programmers."""
    return re.sub(r"^[A-Z_]+: ", "", str(error)).partition("\n")[0]


@cache
def _compile(text: str) -> cel.Expression:
    try:
        return _environment().compile(text)
    except RuntimeError as error:
        first = str(error).partition("\n")[0]
        raise _UnsupportedError(re.sub(r"^.*?ERROR: <input>:", "", first)) from None


@cache
def _environment() -> cel.Env:
    from cel_expr_python import cel
    from cel_expr_python.ext import ext_bindings, ext_math, ext_optional, ext_strings

    names = ("self", "oldSelf", "old_or_null", "has_old")
    extensions = (ext_strings.ExtStrings(), ext_math.ExtMath(), ext_optional.ExtOptional(), ext_bindings.ExtBindings())
    return cel.NewEnv(variables=dict.fromkeys(names, cel.Type.DYN), extensions=list(extensions))
