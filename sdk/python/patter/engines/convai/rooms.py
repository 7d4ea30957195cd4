"""The small machines that one call in convai mode consists of, and how they know each other. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from patter.bridge.engine import Parts
from patter.bridge.events import DigitPressed, SayAsked
from patter.engines.convai.announcement import Announcement
from patter.engines.convai.answering import Answering
from patter.engines.convai.client_tools import ClientTools
from patter.engines.convai.conversation import Conversation
from patter.engines.convai.ends import Ends
from patter.engines.convai.line import SpeechLine
from patter.engines.convai.owed import Owed
from patter.engines.convai.settings import ConvaiSettings
from patter.engines.convai.silence import Silence
from patter.engines.convai.turns import Turns
from patter.engines.convai.voice import Voice


@dataclass(frozen=True, slots=True)
class Rooms:
    """``held``: keys and texts that wait until the agent may be stopped."""

    parts: Parts
    line: SpeechLine
    answering: Answering
    owed: Owed
    announcement: Announcement
    voice: Voice
    tools: ClientTools
    silence: Silence
    turns: Turns
    conversation: Conversation
    ends: Ends = field(default_factory=Ends)
    held: list[DigitPressed | SayAsked] = field(default_factory=list)


def furnish(parts: Parts, settings: ConvaiSettings) -> Rooms:
    """Everything of a call that has not begun."""
    plan = parts.plan
    line = SpeechLine()
    announcement = Announcement(plan)
    line.deaf = announcement.due
    answering = Answering(parts, line.send)
    owed = Owed(greeted=not (plan.first_message.strip() or announcement.due))
    voice = Voice(parts, line, answering, owed, announcement)
    silence = Silence(plan)
    turns = Turns(parts, line, voice, answering, owed, silence)
    conversation = Conversation(parts, settings, line, voice, turns, answering, owed, silence, announcement)
    tools = ClientTools(plan.tool_traits)
    return Rooms(parts, line, answering, owed, announcement, voice, tools, silence, turns, conversation)
