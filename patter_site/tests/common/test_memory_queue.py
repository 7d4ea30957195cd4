"""The queue of an installation without Redis: whoever waits is woken, and does not look from time to time."""

import threading
import time
from contextlib import closing
from statistics import median

import pytest
from kombu import Connection, Queue

from patter_site.common.memory_queue import SCHEME, register

AT_ONCE_S = 0.5
"""Most messages come sooner, unless the machine stands still. kombu's own transport looks once a second."""


@pytest.fixture
def connection():
    register()
    with closing(Connection(f"{SCHEME}://localhost/")) as connection:
        yield connection


@pytest.fixture
def queue(connection, request):
    queue = Queue(request.node.name, channel=connection.default_channel)
    queue.declare()
    yield queue
    queue.delete()


def in_thread(work):
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_a_message_wakes_the_worker_that_waits_for_it(connection, queue):
    got, wanted = [], threading.Semaphore(0)

    def send():
        with closing(Connection(f"{SCHEME}://localhost/")) as other:
            for number in range(10):
                assert wanted.acquire(timeout=30)
                other.Producer().publish({"number": number}, routing_key=queue.name)

    waited_s, thread = [], in_thread(send)
    with connection.Consumer([queue], callbacks=[lambda body, _: got.append(body["number"])], no_ack=True):
        for _ in range(10):
            began = time.monotonic()
            wanted.release()
            connection.drain_events(timeout=30)
            waited_s.append(time.monotonic() - began)
    thread.join()
    assert got == list(range(10))
    assert median(waited_s) < AT_ONCE_S


def test_a_worker_with_as_many_as_it_may_goes_on_when_one_is_done(connection, queue):
    got = []
    for number in range(3):
        connection.Producer().publish({"number": number}, routing_key=queue.name)
    consumer = connection.Consumer([queue], callbacks=[lambda body, message: got.append((body, message))])
    consumer.qos(prefetch_count=1)
    with consumer:
        connection.drain_events(timeout=30)
        with pytest.raises(TimeoutError):
            connection.drain_events(timeout=0.01)
        for done in (lambda message: message.ack(), lambda message: message.reject()):
            thread = in_thread(lambda done=done: done(got[-1][1]))
            connection.drain_events(timeout=30)
            thread.join()
    got[-1][1].ack()
    assert [body["number"] for body, _ in got] == [0, 1, 2]
