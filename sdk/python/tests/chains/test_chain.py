"""Whom to ask next, on a manual clock."""

import pytest

from patter.bridge.events import ProviderSwitched
from patter.bridge.plan import ProviderSpec
from patter.engines.chain import Chain, Failure, Health

A, B, C = (ProviderSpec(name) for name in "abc")
PASSING, FINAL = Failure("busy"), Failure("wrong key", permanent=True)


def chain(health: Health | None = None, specs=(A, B, C), **more) -> Chain:
    return Chain("tts", specs, health or Health(), **more)


@pytest.mark.parametrize(
    ("failures", "now", "order"),
    [
        ({}, 0, [0, 1, 2]),
        ({0: PASSING}, 29.9, [1, 2, 0]),
        ({0: PASSING}, 30, [0, 1, 2]),
        ({0: FINAL}, 30, [1, 2]),
        ({0: FINAL}, 299, [1, 2]),
        ({0: FINAL}, 300, [0, 1, 2]),
        ({0: FINAL, 1: PASSING}, 1, [2, 1]),
        ({0: FINAL, 1: PASSING, 2: FINAL}, 1, [1]),
        ({0: FINAL, 1: FINAL, 2: FINAL}, 1, [0, 1, 2]),
        ({0: PASSING, 1: PASSING, 2: PASSING}, 1, [0, 1, 2]),
    ],
)
def test_who_is_asked_after_failures_at_the_beginning(failures, now, order):
    tested = chain()
    for index, failure in failures.items():
        tested.failed(index, failure, 0)
    assert tested.order(now) == order


def test_each_is_asked_once():
    tested, asked = chain(), []
    while (index := tested.next(asked, 0)) is not None:
        asked.append(index)
        tested.failed(index, PASSING, 0)
    assert asked == [0, 1, 2]


def test_a_chain_of_one_is_always_asked():
    tested = chain(specs=(A,))
    for failure in (PASSING, FINAL):
        tested.failed(0, failure, 0)
        assert tested.next([], 1) == 0


def test_nobody_at_all():
    assert chain(specs=()).next([], 0) is None
    assert chain(specs=(), keeps=True).next([], 0) is None


def test_health_is_shared_between_calls_and_not_between_keys():
    health = Health()
    chain(health).failed(0, PASSING, 0)
    assert chain(health).order(1) == [1, 2, 0]
    other = ProviderSpec("a", api_key="another")
    assert chain(health, (other, B, C)).order(1) == [0, 1, 2]
    assert Chain("stt", (A, B), health).order(1) == [0, 1]


def test_one_that_works_again_is_well():
    tested = chain()
    tested.failed(0, PASSING, 0)
    tested.worked(0)
    assert tested.order(1) == [0, 1, 2]


def test_a_new_voice_is_kept_although_the_old_one_is_well_again():
    tested = chain(keeps=True)
    tested.failed(0, PASSING, 0)
    tested.take(1, 0)
    assert tested.order(100) == [1, 0, 2]
    tested.failed(1, PASSING, 100)
    assert tested.next([], 101) == 0


def test_a_switch_is_told_once_with_its_reason():
    tested = chain()
    assert tested.take(0, 0) is None
    tested.failed(0, PASSING, 0)
    assert tested.take(1, 0) == ProviderSwitched("tts", "a", "b", "busy")
    assert tested.take(1, 0) is None


def test_two_of_one_provider_are_told_apart_and_no_key_is_told():
    specs = (ProviderSpec("a", model="big", api_key="k1"), ProviderSpec("a", model="small", api_key="k2"))
    tested = chain(specs=specs)
    tested.failed(0, PASSING, 0)
    assert tested.take(1, 0) == ProviderSwitched("tts", "a big", "a small", "busy")
    assert "k1" not in repr(vars(tested._health)) and "k1" not in repr(tested._names)


def test_health_forgets_who_is_well_again():
    health = Health()
    for at in range(1000):
        health.failed(f"provider {at}", PASSING, at)
    assert len(health._sick) <= 31
    health.forget()
    assert not health._sick
