"""What the REST interface takes and gives, as types. Written by `docs/build.py`, from OpenAPI.

Answers are plain dictionaries: a newer platform may put more into them than stands here.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class Accepted(TypedDict):
    """The wish was handed on to the process that carries the call."""

    accepted: bool


class Agent(TypedDict):
    """The published configuration (of an agent that was never published, its draft), and the draft."""

    name: str
    mode: NotRequired[str]
    """``pipeline``: speech recognition, language model and voice of your choice; ``realtime``: one
    OpenAI Realtime model that hears and speaks; ``convai``: an ElevenLabs agent that hears and
    speaks.
    """
    reply_by: NotRequired[Literal["handler", "model"]]
    """``handler``: your own ``on_message``; ``model``: the language model of ``llm``."""
    system_prompt: NotRequired[str]
    first_message: NotRequired[str]
    first_speaker: NotRequired[Literal["agent", "caller"]]
    language: NotRequired[str]
    voice: NotRequired[str | None]
    variables: NotRequired[dict[str, Any]]
    stt: NotRequired[SttField | None]
    llm: NotRequired[LlmField | None]
    tts: NotRequired[TtsField | None]
    convai_agent_id: NotRequired[str | None]
    """The ElevenLabs agent of the mode ``convai``. ``/agents/{id}/convai/provision`` makes one."""
    tools: NotRequired[list[str]]
    """Names or ids of tools. ``end_call`` and ``transfer_call`` every agent has already."""
    transfer_targets: NotRequired[list[TransferTargetField]]
    turn_taking: NotRequired[TurnTakingField]
    phrases: NotRequired[PhrasesField]
    keypad: NotRequired[KeypadField]
    keyterms: NotRequired[list[str]]
    """Names and words that speech recognition should expect."""
    policies: NotRequired[PoliciesField]
    fallbacks: NotRequired[FallbacksField]
    record: NotRequired[bool]
    max_duration_s: NotRequired[int | None]
    id: str
    is_default: bool
    """Answers numbers that name no agent."""
    published_version: int | None
    draft: AgentConfig
    warnings: list[str]
    """Models of either that have ended or end within 90 days, each as a sentence."""
    created_at: str
    updated_at: str


class AgentConfig(TypedDict):
    """The whole configuration. Every field has a default but the name."""

    name: str
    mode: NotRequired[str]
    """``pipeline``: speech recognition, language model and voice of your choice; ``realtime``: one
    OpenAI Realtime model that hears and speaks; ``convai``: an ElevenLabs agent that hears and
    speaks.
    """
    reply_by: NotRequired[Literal["handler", "model"]]
    """``handler``: your own ``on_message``; ``model``: the language model of ``llm``."""
    system_prompt: NotRequired[str]
    first_message: NotRequired[str]
    first_speaker: NotRequired[Literal["agent", "caller"]]
    language: NotRequired[str]
    voice: NotRequired[str | None]
    variables: NotRequired[dict[str, Any]]
    stt: NotRequired[SttField | None]
    llm: NotRequired[LlmField | None]
    tts: NotRequired[TtsField | None]
    convai_agent_id: NotRequired[str | None]
    """The ElevenLabs agent of the mode ``convai``. ``/agents/{id}/convai/provision`` makes one."""
    tools: NotRequired[list[str]]
    """Names or ids of tools. ``end_call`` and ``transfer_call`` every agent has already."""
    transfer_targets: NotRequired[list[TransferTargetField]]
    turn_taking: NotRequired[TurnTakingField]
    phrases: NotRequired[PhrasesField]
    keypad: NotRequired[KeypadField]
    keyterms: NotRequired[list[str]]
    """Names and words that speech recognition should expect."""
    policies: NotRequired[PoliciesField]
    fallbacks: NotRequired[FallbacksField]
    record: NotRequired[bool]
    max_duration_s: NotRequired[int | None]


class AgentCreate(TypedDict):
    """The configuration; it is published as version 1 unless ``draft`` is true."""

    name: str
    mode: NotRequired[str]
    """``pipeline``: speech recognition, language model and voice of your choice; ``realtime``: one
    OpenAI Realtime model that hears and speaks; ``convai``: an ElevenLabs agent that hears and
    speaks.
    """
    reply_by: NotRequired[Literal["handler", "model"]]
    """``handler``: your own ``on_message``; ``model``: the language model of ``llm``."""
    system_prompt: NotRequired[str]
    first_message: NotRequired[str]
    first_speaker: NotRequired[Literal["agent", "caller"]]
    language: NotRequired[str]
    voice: NotRequired[str | None]
    variables: NotRequired[dict[str, Any]]
    stt: NotRequired[SttField | None]
    llm: NotRequired[LlmField | None]
    tts: NotRequired[TtsField | None]
    convai_agent_id: NotRequired[str | None]
    """The ElevenLabs agent of the mode ``convai``. ``/agents/{id}/convai/provision`` makes one."""
    tools: NotRequired[list[str]]
    """Names or ids of tools. ``end_call`` and ``transfer_call`` every agent has already."""
    transfer_targets: NotRequired[list[TransferTargetField]]
    turn_taking: NotRequired[TurnTakingField]
    phrases: NotRequired[PhrasesField]
    keypad: NotRequired[KeypadField]
    keyterms: NotRequired[list[str]]
    """Names and words that speech recognition should expect."""
    policies: NotRequired[PoliciesField]
    fallbacks: NotRequired[FallbacksField]
    record: NotRequired[bool]
    max_duration_s: NotRequired[int | None]
    draft: NotRequired[bool]
    """Do not publish yet."""
    is_default: NotRequired[bool]


class AgentVersion(TypedDict):
    """One published version, frozen."""

    version: int
    config: AgentConfig
    created_by: str | None
    created_at: str


class CallEvent(TypedDict):
    """One line of a call's timeline."""

    id: int
    kind: str
    at_ms: NotRequired[int | None]
    """Milliseconds since media began."""
    data: NotRequired[Any]
    created_at: NotRequired[str]


class CarrierAccount(TypedDict):
    """An account at a carrier. Secrets never come back; ``hint`` is the end of the token or key."""

    id: str
    carrier: Literal["twilio", "telnyx"]
    name: NotRequired[str]
    account_sid: NotRequired[str]
    public_key: NotRequired[str]
    connection_id: NotRequired[str]
    calls_per_second: NotRequired[float]
    """How fast this account may dial. Carriers queue what comes faster."""
    most_calls: NotRequired[int | None]
    """Calls at once; further ones wait. Empty: as many as the carrier takes."""
    hint: str
    simulated: NotRequired[bool]
    """Served by the simulator in the box."""
    checked_at: NotRequired[str | None]
    check_error: NotRequired[str]
    created_at: str
    updated_at: str


class CarrierAccountCreate(TypedDict):
    """Twilio: ``account_sid``, ``auth_token``. Telnyx: ``api_key``, ``public_key``, ``connection_id``."""

    name: NotRequired[str]
    account_sid: NotRequired[str]
    auth_token: NotRequired[str]
    api_key: NotRequired[str]
    public_key: NotRequired[str]
    connection_id: NotRequired[str]
    calls_per_second: NotRequired[float]
    """How fast it may dial; what comes faster waits."""
    most_calls: NotRequired[int | None]
    """Calls at once; further ones that you place wait. Null: as many as the carrier takes."""
    carrier: Literal["twilio", "telnyx"]


class Choose(TypedDict):
    tools: list[str]


class Configure(TypedDict):
    replace: NotRequired[bool]
    """Overwrite an address at the carrier that is somebody else's."""


class Configured(TypedDict):
    """What the carrier has now."""

    number: str
    voice_url: str
    status_callback: str


class ConvaiCheck(TypedDict):
    """How the ElevenLabs agent of a draft stands."""

    convai_agent_id: str
    ready: bool
    """Nothing has to be changed."""
    created: bool
    """It was made just now; publish the draft to use it."""
    findings: list[ConvaiFinding]
    """What has to be changed."""
    changed: list[ConvaiFinding]
    """What was changed just now."""


class ConvaiFinding(TypedDict):
    """One setting of the ElevenLabs agent."""

    setting: str
    """Its place in ElevenLabs' API."""
    sentence: str
    """What to do, for a person in ElevenLabs' own pages."""


class CreatedTool(TypedDict):
    """With the secret that signs its requests, which is shown once."""

    id: str
    name: str
    description: str
    kind: NotRequired[Literal["webhook", "mcp"]]
    parameters: NotRequired[Any]
    url: str
    headers: NotRequired[Any]
    secret_headers: dict[str, str | None]
    body: NotRequired[Any]
    timeout_s: NotRequired[float]
    wait_s: NotRequired[float]
    effects: NotRequired[bool]
    idempotent: NotRequired[bool]
    background: NotRequired[bool]
    mcp_source: str | None
    remote_name: NotRequired[str]
    created_at: str
    updated_at: str
    signing_secret: str | None


class Credential(TypedDict):
    """A provider's key. It never comes back; ``hint`` is its end."""

    id: str
    provider: str
    name: NotRequired[str]
    hint: str
    """The last four characters of the key; empty for short keys and where there is none."""
    base_url: NotRequired[str]
    created_at: str
    updated_at: str


class CredentialCreate(TypedDict):
    """``api_key`` is write-only. ``base_url``: a proxy, a region or a server of your own."""

    name: NotRequired[str]
    api_key: NotRequired[str]
    base_url: NotRequired[str]
    provider: str


class Digits(TypedDict):
    digits: str
    """0-9 A-D * # and w (waits 0.5 s), W (waits 1 s)."""


class FallbacksField(TypedDict):
    """Who goes on when a stage's own provider fails, in order. Each is given like the stage itself."""

    stt: NotRequired[list[SttField]]
    llm: NotRequired[list[LlmField]]
    tts: NotRequired[list[TtsField]]


class HandlerPolicyField(TypedDict):
    """What becomes of a call whose handler failed three times running."""

    lost: NotRequired[Literal["goodbye", "model", "transfer"]]
    """``goodbye`` (default), ``model``: the model of ``llm`` goes on, ``transfer``: to
    ``transfer_to``. In the mode ``realtime`` the model that goes on is the Realtime model itself.
    """
    transfer_to: NotRequired[str]
    """One of the transfer targets, or a number that is allowed."""


class KeypadField(TypedDict):
    """Several keys as one entry: ended by the number of digits, the finish key or a pause."""

    collect: NotRequired[bool]
    """Without it each key is a turn at once."""
    max_digits: NotRequired[int]
    finish: NotRequired[
        Literal["#", "*", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "A", "B", "C", "D"] | Literal[""]
    ]
    """It is not part of the entry."""
    pause_ms: NotRequired[int | None]


class Latency(TypedDict):
    """Milliseconds: caller silent → decided → first text → first audio → first frame sent."""

    end_of_turn_ms: NotRequired[int]
    reply_ms: NotRequired[int]
    speech_ms: NotRequired[int]
    line_ms: NotRequired[int]
    total_ms: NotRequired[int]


class LlmField(TypedDict):
    """Which provider, with which settings. Keys live in provider credentials, never here."""

    provider: str
    model: NotRequired[str | None]
    options: NotRequired[dict[str, Any]]


class MachinePolicyField(TypedDict):
    """What is done when a machine answers a call of ours. A call's own wishes win."""

    detect: NotRequired[bool]
    """Listen for machines on every call."""
    on_machine: NotRequired[Literal["leave_message", "hang_up", "continue", "ask"]]
    message: NotRequired[str]
    """Left after the beep."""
    introduction: NotRequired[str]
    """What a call screening service is told: who calls, and why."""


class McpSource(TypedDict):
    """An MCP server: what it offers, and which of it agents may use."""

    id: str
    name: str
    url: str
    headers: NotRequired[Any]
    secret_headers: dict[str, str | None]
    offered: NotRequired[Any]
    offered_at: NotRequired[str | None]
    last_error: NotRequired[str]
    chosen: list[str]
    """The names that the server gives to the tools that were chosen."""
    created_at: str
    updated_at: str


class McpSourceChange(TypedDict):
    """An MCP server that speaks streamable HTTP."""

    name: str
    url: str
    headers: NotRequired[dict[str, str]]
    secret_headers: NotRequired[dict[str, str | None]]


class Number(TypedDict):
    """A number that callers dial. Without an agent the organisation's default agent answers."""

    id: str
    number: str
    label: NotRequired[str]
    carrier_account: str
    agent: str | None
    agent_version: NotRequired[int | None]
    """Empty: the published one."""
    created_at: str
    updated_at: str


class NumberCreate(TypedDict):
    """``agent_version`` pins one version; empty: the published one."""

    label: NotRequired[str]
    agent: NotRequired[str | None]
    agent_version: NotRequired[int | None]
    number: str
    """E.164, such as +14155550100."""
    carrier_account: str


class AgentChange(TypedDict):
    """Fields of the draft, each replaced as a whole."""

    name: NotRequired[str]
    mode: NotRequired[str]
    """``pipeline``: speech recognition, language model and voice of your choice; ``realtime``: one
    OpenAI Realtime model that hears and speaks; ``convai``: an ElevenLabs agent that hears and
    speaks.
    """
    reply_by: NotRequired[Literal["handler", "model"]]
    """``handler``: your own ``on_message``; ``model``: the language model of ``llm``."""
    system_prompt: NotRequired[str]
    first_message: NotRequired[str]
    first_speaker: NotRequired[Literal["agent", "caller"]]
    language: NotRequired[str]
    voice: NotRequired[str | None]
    variables: NotRequired[dict[str, Any]]
    stt: NotRequired[SttField | None]
    llm: NotRequired[LlmField | None]
    tts: NotRequired[TtsField | None]
    convai_agent_id: NotRequired[str | None]
    """The ElevenLabs agent of the mode ``convai``. ``/agents/{id}/convai/provision`` makes one."""
    tools: NotRequired[list[str]]
    """Names or ids of tools. ``end_call`` and ``transfer_call`` every agent has already."""
    transfer_targets: NotRequired[list[TransferTargetField]]
    turn_taking: NotRequired[TurnTakingField]
    phrases: NotRequired[PhrasesField]
    keypad: NotRequired[KeypadField]
    keyterms: NotRequired[list[str]]
    """Names and words that speech recognition should expect."""
    policies: NotRequired[PoliciesField]
    fallbacks: NotRequired[FallbacksField]
    record: NotRequired[bool]
    max_duration_s: NotRequired[int | None]
    is_default: NotRequired[bool]


class CarrierAccountChange(TypedDict):
    """Twilio: ``account_sid``, ``auth_token``. Telnyx: ``api_key``, ``public_key``, ``connection_id``."""

    name: NotRequired[str]
    account_sid: NotRequired[str]
    auth_token: NotRequired[str]
    api_key: NotRequired[str]
    public_key: NotRequired[str]
    connection_id: NotRequired[str]
    calls_per_second: NotRequired[float]
    """How fast it may dial; what comes faster waits."""
    most_calls: NotRequired[int | None]
    """Calls at once; further ones that you place wait. Null: as many as the carrier takes."""


class CredentialChange(TypedDict):
    """``api_key`` is write-only. ``base_url``: a proxy, a region or a server of your own."""

    name: NotRequired[str]
    api_key: NotRequired[str]
    base_url: NotRequired[str]


class PatchedMcpSourceChange(TypedDict):
    """An MCP server that speaks streamable HTTP."""

    name: NotRequired[str]
    url: NotRequired[str]
    headers: NotRequired[dict[str, str]]
    secret_headers: NotRequired[dict[str, str | None]]


class NumberChange(TypedDict):
    """``agent_version`` pins one version; empty: the published one."""

    label: NotRequired[str]
    agent: NotRequired[str | None]
    agent_version: NotRequired[int | None]


class ToolChange(TypedDict):
    """What can be changed of a tool. Agents name it, so its name stays."""

    description: NotRequired[str]
    """What it is for: the model reads this."""
    parameters: NotRequired[dict[str, Any]]
    """JSON Schema of the arguments, an object."""
    url: NotRequired[str]
    """Called with POST. ``{variables}`` may stand in path and query."""
    headers: NotRequired[dict[str, str]]
    """May hold ``{variables}``."""
    secret_headers: NotRequired[dict[str, str | None]]
    body: NotRequired[dict[str, Any]]
    """Fields beside the usual ones; texts may hold ``{variables}``."""
    timeout_s: NotRequired[float]
    """How long one try may take."""
    wait_s: NotRequired[float]
    """How long the model waits; a later result is a turn of its own."""
    effects: NotRequired[bool]
    """It changes something outside."""
    idempotent: NotRequired[bool]
    """Your server recognises a repeated ``webhook-id``."""
    background: NotRequired[bool]
    """Its tries go on when the call is over."""


class PhrasesField(TypedDict):
    """What the system itself says, in the agent's language."""

    apology: NotRequired[str]
    retry: NotRequired[str]
    idle: NotRequired[str]
    goodbye: NotRequired[str]
    transfer: NotRequired[str]
    """Said before a transfer."""
    transfer_failed: NotRequired[str]
    """Said when a transfer did not come about."""
    filler: NotRequired[str]
    """Said when an answer takes long."""


class PoliciesField(TypedDict):
    """What the agent may do, and what it does in situations that are not a conversation."""

    handler: NotRequired[HandlerPolicyField]
    transfer: NotRequired[TransferPolicyField]
    machines: NotRequired[MachinePolicyField]
    recording: NotRequired[RecordingPolicyField]


class Publish(TypedDict):
    base_version: NotRequired[int | None]
    """The published version that you looked at. 409 when another one was published since."""


class RecordingPolicyField(TypedDict):
    """How calls are recorded, beside ``record``, and for how long recordings are kept."""

    carrier: NotRequired[bool]
    """Have the carrier record both sides too, from the answer to the end."""
    announcement: NotRequired[str]
    """Said first in every call that is recorded. Nothing interrupts it."""
    days: NotRequired[int | None]
    """Kept so long."""


class Register(TypedDict):
    """Twilio: ``account_sid``, ``auth_token``. Telnyx: ``api_key``, ``public_key``, ``connection_id``."""

    name: NotRequired[str]
    account_sid: NotRequired[str]
    auth_token: NotRequired[str]
    api_key: NotRequired[str]
    public_key: NotRequired[str]
    connection_id: NotRequired[str]
    calls_per_second: NotRequired[float]
    """How fast it may dial; what comes faster waits."""
    most_calls: NotRequired[int | None]
    """Calls at once; further ones that you place wait. Null: as many as the carrier takes."""
    carrier: Literal["twilio", "telnyx"]
    number: str
    """E.164, such as +14155550100."""
    stt: NotRequired[SttWithKeyField | None]
    tts: NotRequired[TtsWithKeyField | None]
    replace: NotRequired[bool]
    """Take the number over from another agent, and its address at the carrier."""


class Say(TypedDict):
    text: str


class SigningSecret(TypedDict):
    signing_secret: str | None
    """Shown once."""


class SttField(TypedDict):
    """Which provider, with which settings. Keys live in provider credentials, never here."""

    provider: str
    model: NotRequired[str | None]
    options: NotRequired[dict[str, Any]]
    language: NotRequired[str | None]


class SttWithKeyField(TypedDict):
    """A recogniser with its key; the key is kept in provider credentials."""

    provider: str
    model: NotRequired[str | None]
    options: NotRequired[dict[str, Any]]
    language: NotRequired[str | None]
    api_key: NotRequired[str]
    base_url: NotRequired[str]


class Tool(TypedDict):
    """A tool. Of secret headers only the last characters are shown."""

    id: str
    name: str
    description: str
    kind: NotRequired[Literal["webhook", "mcp"]]
    parameters: NotRequired[Any]
    url: str
    headers: NotRequired[Any]
    secret_headers: dict[str, str | None]
    body: NotRequired[Any]
    timeout_s: NotRequired[float]
    wait_s: NotRequired[float]
    effects: NotRequired[bool]
    idempotent: NotRequired[bool]
    background: NotRequired[bool]
    mcp_source: str | None
    remote_name: NotRequired[str]
    created_at: str
    updated_at: str


class ToolCreate(TypedDict):
    """A webhook. Tools of MCP servers are chosen under ``mcp-sources``."""

    description: str
    """What it is for: the model reads this."""
    parameters: NotRequired[dict[str, Any]]
    """JSON Schema of the arguments."""
    url: str
    """Called with POST. ``{variables}`` may stand in path and query."""
    headers: NotRequired[dict[str, str]]
    """May hold ``{variables}``."""
    secret_headers: NotRequired[dict[str, str | None]]
    body: NotRequired[dict[str, Any]]
    """Fields beside the usual ones; texts may hold ``{variables}``."""
    timeout_s: NotRequired[float]
    """How long one try may take."""
    wait_s: NotRequired[float]
    """How long the model waits; a later result is a turn of its own."""
    effects: NotRequired[bool]
    """It changes something outside."""
    idempotent: NotRequired[bool]
    """Your server recognises a repeated ``webhook-id``."""
    background: NotRequired[bool]
    """Its tries go on when the call is over."""
    name: str


class ToolInvocation(TypedDict):
    """One run of a tool. Its id is the ``webhook-id`` of every try; header values are masked."""

    id: str
    call: str
    tool: str | None
    name: str
    run_id: str
    arguments: NotRequired[Any]
    request: NotRequired[Any]
    """url, headers and body; secrets masked."""
    outcome: str | None
    """ok, failed, unknown (it may have taken effect), stopped; null while it runs."""
    result: NotRequired[Any | None]
    """What the model was told."""
    error: str
    tries: list[ToolTry]
    created_at: str
    finished_at: NotRequired[str | None]


class ToolTest(TypedDict):
    arguments: NotRequired[dict[str, Any]]
    variables: NotRequired[dict[str, Any]]


class ToolTry(TypedDict):
    """One request, and its answer; one without an answer was cut off by a crash."""

    number: int
    started_at: NotRequired[str]
    took_ms: NotRequired[int | None]
    status: NotRequired[int | None]
    error: NotRequired[str]
    may_have_taken_effect: NotRequired[bool]
    response: NotRequired[str]
    """The beginning of the answer's body."""


class Transcript(TypedDict):
    turns: list[Turn]


class Transfer(TypedDict):
    """One transfer of a call. ``reason`` says why it failed; ``talk_s`` how long both spoke."""

    id: str
    kind: NotRequired[str]
    target: NotRequired[str]
    """The target's name."""
    number: NotRequired[str]
    summary: NotRequired[str]
    asked_by: NotRequired[str]
    state: NotRequired[
        Literal["requested", "dialling", "ringing", "briefing", "joined", "completed", "failed"]
    ]
    reason: NotRequired[str]
    """Why it failed."""
    timeline: list[TransferMoment]
    created_at: str
    joined_at: NotRequired[str | None]
    ended_at: NotRequired[str | None]
    talk_s: int | None


class TransferMoment(TypedDict):
    state: Literal["requested", "dialling", "ringing", "briefing", "joined", "completed", "failed"]
    at: str
    reason: NotRequired[str]


class TransferPolicyField(TypedDict):
    """Numbers beside the targets to which callers may be transferred, by how they begin."""

    prefixes: NotRequired[list[str]]
    """Such as ``+4930``. A prefix does not mean the premium services, satellites and networks of no
    country that begin with it: ``+44`` does not allow ``+449…``. Those need a target, or a prefix
    of their own such as ``+449``.
    """


class TransferRequest(TypedDict):
    target: str
    """The name of one of the agent's targets, or a number that it may call."""
    kind: NotRequired[Literal["cold", "warm"]]
    """Left out: as the target says."""
    summary: NotRequired[str]
    """Told to the human before they take a warm transfer."""


class TransferTargetField(TypedDict):
    """Somebody to whom the agent may give a caller."""

    name: str
    """As the model and the page call them."""
    number: str
    """E.164."""
    kind: NotRequired[Literal["cold", "warm"]]
    """``cold`` connects at once; ``warm`` tells the human a summary first, and waits for their yes."""
    description: NotRequired[str]
    """For the model: when to transfer there."""
    ring_s: NotRequired[int]


class Tried(TypedDict):
    """What a try came to. Secrets in the request are masked."""

    ok: bool
    result: Any | None
    """As the model would be told it."""
    error: str
    status: int | None
    took_ms: int
    request: dict[str, Any]
    """url, headers and body."""
    response: str
    """The beginning of the answer's body."""


class TtsField(TypedDict):
    """Which provider, with which settings. Keys live in provider credentials, never here."""

    provider: str
    model: NotRequired[str | None]
    options: NotRequired[dict[str, Any]]
    voice: NotRequired[str | None]


class TtsWithKeyField(TypedDict):
    """A voice with its key; the key is kept in provider credentials."""

    provider: str
    model: NotRequired[str | None]
    options: NotRequired[dict[str, Any]]
    voice: NotRequired[str | None]
    api_key: NotRequired[str]
    base_url: NotRequired[str]


class Turn(TypedDict):
    """One side's go. ``text`` is what was heard; ``full_text`` what was meant, when that differs."""

    turn_id: str
    role: Literal["user", "assistant", "tool", "system"]
    text: str
    full_text: NotRequired[str]
    started_ms: int
    """Since media began."""
    ended_ms: int
    interrupted: bool
    latency: NotRequired[Latency]


class TurnTakingField(TypedDict):
    """A preset, and single values that win over it. Bounds: ``patter/turn_taking.py``."""

    preset: NotRequired[Literal["quick", "balanced", "patient"]]
    voice_detector: NotRequired[Literal["energy", "silero"]]
    """In pipeline mode: loudness alone, or loudness and a model that tells speech from noise."""
    endpointing_ms: NotRequired[int]
    turn_timeout_ms: NotRequired[int]
    max_turn_delay_ms: NotRequired[int]
    min_voiced_ms: NotRequired[int]
    barge_in_pause_ms: NotRequired[int]
    barge_in_confirm_ms: NotRequired[int]
    resume_after_ms: NotRequired[int]
    keypad_pause_ms: NotRequired[int]
    filler_after_ms: NotRequired[int]
    handler_timeout_s: NotRequired[float]
    idle_prompt_s: NotRequired[float]
    idle_prompts: NotRequired[int]
    max_duration_s: NotRequired[int]
    ring_s: NotRequired[int]
    beep_wait_s: NotRequired[int]
    screening_wait_s: NotRequired[float]
    first_message_delay_ms: NotRequired[int]
    first_message_interruptible: NotRequired[bool]
    speculation: NotRequired[bool]


Call = TypedDict(
    "Call",
    {
        "id": str,
        "direction": Literal["inbound", "outbound", "web"],
        "status": NotRequired[
            Literal[
                "scheduled",
                "queued",
                "dialling",
                "ringing",
                "in_progress",
                "transferring",
                "completed",
                "failed",
                "cancelled",
            ]
        ],
        "outcome": str | None,
        "end_reason": str | None,
        "blocked_by": str | None,
        "error": dict[str, str] | None,
        "agent": str | None,
        "agent_version": NotRequired[int | None],
        "number": str | None,
        "carrier": NotRequired[str],
        "carrier_account": str | None,
        "carrier_call_id": NotRequired[str],
        "first_message": NotRequired[str],
        "variables": NotRequired[Any],
        "custom_params": NotRequired[Any],
        "metadata": NotRequired[Any],
        "record": NotRequired[bool | None],
        "max_duration_s": NotRequired[int | None],
        "ring_s": NotRequired[int | None],
        "machine_detection": NotRequired[bool],
        "on_machine": NotRequired[Literal["leave_message", "hang_up", "continue", "ask"] | Literal[""]],
        "voicemail_message": NotRequired[str],
        "simulated": NotRequired[bool],
        "scheduled_at": NotRequired[str | None],
        "created_at": str,
        "started_at": NotRequired[str | None],
        "ringing_at": NotRequired[str | None],
        "answered_at": NotRequired[str | None],
        "ended_at": NotRequired[str | None],
        "duration_s": NotRequired[int | None],
        "from": str,
        "to": str,
    },
)
"""A call. Times are ISO 8601 UTC, durations whole seconds; empty words are null."""

CallCreate = TypedDict(
    "CallCreate",
    {
        "to": str,
        "agent": NotRequired[str | None],
        "first_message": NotRequired[str],
        "variables": NotRequired[dict[str, Any]],
        "custom_params": NotRequired[dict[str, Any]],
        "metadata": NotRequired[dict[str, Any]],
        "machine_detection": NotRequired[bool | None],
        "on_machine": NotRequired[Literal["leave_message", "hang_up", "continue", "ask"]],
        "voicemail_message": NotRequired[str],
        "record": NotRequired[bool | None],
        "max_duration_s": NotRequired[int | None],
        "ring_s": NotRequired[int | None],
        "scheduled_at": NotRequired[str | None],
        "from": NotRequired[str],
    },
)
"""Without ``from`` the agent's oldest number calls; without ``agent`` whoever answers it speaks."""

CallFilters = TypedDict(
    "CallFilters",
    {
        "agent": NotRequired[str],
        "direction": NotRequired[str],
        "from": NotRequired[str],
        "limit": NotRequired[int],
        "number": NotRequired[str],
        "q": NotRequired[str],
        "status": NotRequired[str],
        "to": NotRequired[str],
    },
)
"""Which rows a list shows."""
