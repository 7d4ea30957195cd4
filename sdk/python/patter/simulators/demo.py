"""The demo restaurant: an agent that needs no account, and a caller who rings it up. Only data.

The phrases were chosen because they are recognised reliably on a telephone line; so were the words of
the caller's steps. A step is one of ``{"say": text}``, ``{"over": text, "after_ms": n}`` (speak while
the agent does), ``{"digits": "1"}``, ``{"wait_s": x}`` and ``{"listen": true}`` (until the agent hangs up).
"""

from __future__ import annotations

from typing import Any

PHRASES = [
    "I would like to book a table",
    "can I reserve a table please",
    "this evening please",
    "tomorrow evening please",
    "on saturday afternoon",
    "around seven o'clock",
    "around nine thirty",
    "a party of four people",
    "there will be seven of us",
    "yes that is correct",
    "no that is wrong",
    "what is on the menu",
    "do you have vegetarian food",
    "when are you open",
    "how do I get there",
    "hold on a moment please",
    "that sounds wonderful",
    "thank you and goodbye",
]

RULES: list[dict[str, Any]] = [
    {"heard": ["book a table", "reserve a table"], "say": "With pleasure. For which day?", "state": "day"},
    {"heard": ["this evening"], "after": "day", "say": "This evening. At what time?", "state": "time"},
    {"heard": ["tomorrow evening"], "after": "day", "say": "Tomorrow. At what time?", "state": "time"},
    {"heard": ["saturday afternoon"], "after": "day", "say": "Saturday. At what time?", "state": "time"},
    {"heard": ["seven o'clock"], "after": "time", "say": "At seven. For how many?", "state": "party"},
    {"heard": ["nine thirty"], "after": "time", "say": "Half past nine. For how many?", "state": "party"},
    {
        "heard": ["four people"],
        "after": "party",
        "say": "A table for four. Press one to confirm.",
        "state": "confirm",
    },
    {
        "heard": ["seven of us"],
        "after": "party",
        "say": "A table for seven. Press one to confirm.",
        "state": "confirm",
    },
    {
        "digit": "1",
        "heard": ["that is correct"],
        "after": "confirm",
        "say": "Your table is booked. What else can I do?",
        "state": "booked",
    },
    {
        "heard": ["that is wrong"],
        "after": "confirm",
        "say": "Let us start again. For which day?",
        "state": "day",
    },
    {
        "heard": ["on the menu"],
        "say": "Today we have tomato soup, fresh bread with olives, grilled trout with lemon, "
        "mushroom risotto, roast chicken with rosemary, and for dessert a chocolate tart "
        "or homemade ice cream with cherries.",
    },
    {"heard": ["vegetarian food"], "say": "Yes, the mushroom risotto and the tomato soup."},
    {"heard": ["are you open"], "say": "We are open every day from noon to eleven."},
    {"heard": ["get there"], "say": "We are at the old harbour, next to the lighthouse."},
    {"heard": ["hold on"], "say": "Take your time."},
    {"heard": ["sounds wonderful"], "say": "I am glad to hear that."},
    {
        "heard": ["goodbye"],
        "say": "Thank you for calling. Goodbye.",
        "tool": {"name": "end_call", "arguments": {}},
    },
]

AGENT: dict[str, Any] = {
    "name": "Restaurant demo",
    "mode": "pipeline",
    "reply_by": "model",
    "language": "en",
    "system_prompt": "You answer the telephone of the restaurant Luna: bookings, the menu, opening hours. "
    "Be brief. End the call when the caller says goodbye.",
    "first_message": "Restaurant Luna. How can I help?",
    "stt": {"provider": "offline", "options": {"phrases": PHRASES}},
    "llm": {
        "provider": "offline",
        "options": {
            "rules": RULES,
            "otherwise": "Sorry, I did not get that. Could you say it in other words?",
        },
    },
    "tts": {"provider": "offline", "voice": "en-us+f3", "options": {"rate": 190}},
}
"""An agent in the shape of the REST resource ``agents``."""

CALLER_VOICE = "en-us"
CALLER_RATE_WPM = 180

STEPS: list[dict[str, Any]] = [
    {"say": "I would like to book a table"},
    {"say": "tomorrow evening please"},
    {"say": "around seven o'clock"},
    {"say": "a party of four people"},
    {"digits": "1"},
    {"say": "what is on the menu"},
    {"over": "that sounds wonderful", "after_ms": 2000},
    {"say": "thank you and goodbye"},
    {"listen": True},
]
"""One whole call: six turns when it is quiet, one over the agent's voice, one key."""
