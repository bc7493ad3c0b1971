"""Quantities are spelled as Kubernetes prints them."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops.quantity import amount, canonical, quantity, spelled


@pytest.mark.parametrize(
    ("given_", "written"),
    [
        ("1000m", "1"), ("0.5", "500m"), ("0.1", "100m"), ("1500m", "1500m"), ("2000", "2k"), ("100", "100"), ("0", "0"), ("0Gi", "0"),
        ("2048Mi", "2Gi"), ("3072Mi", "3Gi"), ("1024Ki", "1Mi"), ("1.5Gi", "1536Mi"), ("100Mi", "100Mi"), ("0.5Ki", "512"), ("1e3", "1e3"),
        ("12e6", "12e6"), ("1000k", "1M"), ("+1", "1"), ("-1000m", "-1"), (".5", "500m"), ("1.", "1"), ("0.0000000001", "1n"),
        ("9" * 40, "9" * 40), ("1e40", "10e39"), ("9999999Ei", str(2**63 - 1)), ("-8Ei", str(1 - 2**63)), ("9.626Ki", "9857024m"),
        (1, "1"), (0.5, "500m"), (2.0, "2"), (16, "16"), (1e-9, "1n"),
    ],
)  # fmt: skip
def test_the_spelling_is_canonical(given_: Any, written: str) -> None:
    assert quantity(given_) == written


@pytest.mark.parametrize("text", ["", "1 Gi", "1gi", "GB", "1GB", "one", "1e", "1.2.3", "0x10", "1ki", "\u0663"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a quantity"):
        quantity(text)


@given(st.decimals(min_value=0, max_value=10**6, places=6), st.sampled_from(["", "m", "k", "Ki", "Mi", "Gi"]))
def test_the_canonical_spelling_is_its_own(number: Any, suffix: str) -> None:
    once = canonical(f"{number:f}{suffix}")

    assert canonical(once) == once


def test_raw_data_is_spelled_where_kubernetes_has_quantities_and_nowhere_else() -> None:
    raw = {
        "containers": [
            {
                "name": "a",
                "resources": {"limits": {"cpu": 0.5, "memory": "1024Mi"}},
                "env": [{"name": "limits", "value": "1000m"}],
            }
        ],
        "volumes": [{"name": "v", "emptyDir": {"sizeLimit": "1024Mi"}}],
        "limits": "1000m",
    }

    assert spelled(raw) == {
        "containers": [
            {
                "name": "a",
                "resources": {"limits": {"cpu": "500m", "memory": "1Gi"}},
                "env": [{"name": "limits", "value": "1000m"}],
            }
        ],
        "volumes": [{"name": "v", "emptyDir": {"sizeLimit": "1Gi"}}],
        "limits": "1000m",
    }


@pytest.mark.parametrize(
    ("less", "more"),
    [("999m", "1"), ("1Gi", "1.5Gi"), ("1G", "1Gi"), ("1023Ki", "1Mi"), ("1e3", "1001"), ("-1", "0"), ("999999999n", "1"), (1, "1001m"), ("16E", "15Ei")],
)  # fmt: skip
def test_quantities_are_compared_by_what_they_stand_for(less: str, more: str) -> None:
    assert amount(less) < amount(more)


@pytest.mark.parametrize(
    "same", [("1", "1000m", "1e0", "1.0", 1), ("1Gi", "1024Mi", "1048576Ki", "1073741824"), ("0", "0Gi", "-0")]
)
def test_a_quantity_is_the_same_in_every_spelling(same: tuple[str | int, ...]) -> None:
    assert len({amount(value) for value in same}) == 1


@pytest.mark.parametrize("text", ["", "one", "1GB", "1e99999999999"])
def test_what_is_no_quantity_has_no_amount(text: str) -> None:
    with pytest.raises(ValueError, match="quantity"):
        amount(text)


FACTORS = {
    "m": Fraction(1, 1000),
    "": Fraction(1),
    "k": Fraction(1000),
    "Ki": Fraction(1024),
    "G": Fraction(10**9),
    "Ei": Fraction(2**60),
}


@given(st.integers(-(10**30), 10**30), st.integers(0, 6), st.sampled_from(sorted(FACTORS)))
def test_an_amount_is_exact(digits: int, places: int, suffix: str) -> None:
    number = Decimal(digits).scaleb(-places)

    assert Fraction(amount(f"{number:f}{suffix}")) == Fraction(number) * FACTORS[suffix]


@given(st.decimals(min_value=0, max_value=10**6, places=3), st.sampled_from(["", "m", "k", "Mi", "Gi"]))
def test_the_canonical_spelling_is_never_less_and_never_a_whole_unit_more(number: Decimal, suffix: str) -> None:
    text = f"{number:f}{suffix}"

    assert amount(text) <= amount(canonical(text)) < amount(text) + 1
