"""stub"""


def false_pauses():
    return []
