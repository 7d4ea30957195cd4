"""Everything that happens on a line: each scene on both carriers, in each mode, whoever replies.

A scene (``scenes_*.py``) knows neither carrier nor mode. A mode's test file is a few lines: it names a
``Mode`` of ``voices.py``, and ``play.py`` gives it every scene.
"""
