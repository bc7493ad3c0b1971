"""What rules ask of a thing is answered once, and never for another thing."""

from __future__ import annotations

import weakref

from gitops.rules.once import once
from tests.rules.judged import cluster


def test_the_same_thing_is_asked_once() -> None:
    asked: list[dict[str, int]] = []

    @once
    def answer(thing: dict[str, int], other: str) -> int:
        asked.append(thing)
        return thing["a"]

    thing = {"a": 1}

    assert [answer(thing, "x"), answer(thing, "x")] == [1, 1]
    assert len(asked) == 1


def test_equal_things_are_different_things() -> None:
    answer = once(lambda thing: object())

    assert answer({}) is not answer({})


def test_a_thing_that_is_gone_leaves_no_answer_to_its_successor() -> None:
    answer = once(lambda thing: thing["n"])

    assert [answer({"n": number}) for number in range(2000)] == list(range(2000))


def test_another_cluster_has_an_answer_of_its_own() -> None:
    answer = once(lambda thing, cluster: (thing["n"], cluster))
    thing, here, there = {"n": 1}, cluster(), cluster()

    assert [answer(thing, where)[1] is where for where in (here, there, here)] == [True, True, True]


def test_an_answer_that_asks_the_same_elsewhere_is_kept_for_its_own_cluster() -> None:
    here, there = cluster(), cluster()

    @once
    def answer(thing: dict[str, int], cluster: object) -> list[object]:
        return [cluster, *(answer(thing, there) if cluster is here else ())]

    thing = {"n": 1}

    assert answer(thing, here) == [here, there]
    assert answer(thing, there) == [there]
    assert answer(thing, here) == [here, there]


def test_a_cluster_that_is_done_with_is_let_go() -> None:
    """It has all schemas: a process that validates again and again must not keep every one."""
    answer = once(lambda thing, cluster: thing["n"])
    things, weak = [{"n": number} for number in range(3)], []
    for number in range(3):
        of = cluster()
        weak.append(weakref.ref(of.objects))
        assert [answer(each, of) for each in things] == [0, 1, 2], number
    del of

    assert [ref() is None for ref in weak] == [True, True, False]
