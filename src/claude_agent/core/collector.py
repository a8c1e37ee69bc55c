"""How often the process looks for garbage that holds itself."""

import gc

_YOUNG, _MIDDLE, _OLD = 10_000, 20, 20


def collect_seldom() -> None:
    """Look for garbage once in ten thousand objects more, not once in seven hundred.

    A step of a workflow makes about as many, all of which go by themselves: looking at them took a
    tenth of its time.
    """
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
