"""Flux as a Stt port: a listen socket that speaks v2."""

from __future__ import annotations

from patter.bridge.plan import ProviderSpec
from patter.engines.stt.deepgram.link import Deadlines, DeepgramStt
from patter.engines.stt.deepgram_flux.wire import FluxDialect


class DeepgramFluxStt(DeepgramStt):
    """One stream of one call. ``eager_eot_threshold`` turns ``SttEagerEnd`` and ``SttResumed`` on."""

    def __init__(self, spec: ProviderSpec, deadlines: Deadlines | None = None) -> None:
        super().__init__(spec, FluxDialect(), deadlines)
