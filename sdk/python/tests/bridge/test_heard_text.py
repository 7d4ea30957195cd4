"""Which words were heard: the vectors that bind both SDKs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from patter.bridge.events import WordTime
from patter.bridge.script import Script

CONTRACT = Path(__file__).parents[3] / "contract" / "heard_text.json"
CASES = json.loads(CONTRACT.read_text(encoding="utf-8"))["cases"]


def script_of(spans: list[dict[str, Any]]) -> Script:
    script = Script()
    for span in spans:
        index = script.begin_span(span["text"])
        script.add_audio(index, span["audio_ms"], [WordTime(*word) for word in span.get("words", [])])
        if span["complete"]:
            script.complete_span(index)
    return script


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_contract(case: dict[str, Any]) -> None:
    script = script_of(case["spans"])
    assert [[ms, script.heard_text(ms)] for ms, _ in case["heard"]] == case["heard"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_more_time_never_hears_less(case: dict[str, Any]) -> None:
    script = script_of(case["spans"])
    heard = [script.heard_text(ms) for ms in range(0, 3000, 20)]
    assert all(later.startswith(earlier) for earlier, later in zip(heard, heard[1:], strict=False))
    assert script.full_text.startswith(heard[-1])


def test_there_are_enough_of_them() -> None:
    assert len(CASES) >= 25
