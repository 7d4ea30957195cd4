import threading

from patter_site.common.ids import make_id


def test_ids_sort_in_the_order_in_which_they_were_made():
    made = [make_id("x") for _ in range(5000)]
    assert made == sorted(made) and len(set(made)) == len(made)


def test_threads_never_make_the_same_id():
    made: list[str] = []
    threads = [
        threading.Thread(target=lambda: made.extend(make_id("x") for _ in range(500))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 4000
