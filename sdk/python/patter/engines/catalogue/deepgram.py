"""Deepgram's models, July to November 2026. Prices are pay-as-you-go list prices."""

from __future__ import annotations

from patter.engines.catalogue import Model

_NOVA_3 = (
    *("en", "es", "fr", "de", "it", "pt", "nl", "sv", "da", "no", "fi", "pl", "cs", "tr", "ru", "uk"),
    *("hi", "id", "ja", "ko", "vi", "multi"),
)
_NOVA_2 = (
    *("en", "es", "fr", "de", "it", "pt", "nl", "sv", "da", "no", "fi", "pl", "cs", "tr", "ru", "uk"),
    *("hi", "id", "ja", "ko", "vi", "zh", "th", "el", "bg", "ro", "hu"),
)
_FLUX_MULTI = ("en", "es", "fr", "de", "hi", "ru", "pt", "ja", "it", "nl")


def _nova(name: str, languages: tuple[str, ...], note: str = "", *, default: bool = False) -> Model:
    price = 0.0048 if name.startswith("nova-3") else None
    return Model("deepgram", "stt", name, default, languages, None, note, price, "minute")


def _flux(name: str, languages: tuple[str, ...], price_usd: float) -> Model:
    note = "Decides itself when a turn ends."
    return Model("deepgram_flux", "stt", name, True, languages, None, note, price_usd, "minute")


def _aura(language: str, names: str) -> tuple[Model, ...]:
    """The first is the language's default."""
    return tuple(
        Model(
            "deepgram",
            "tts",
            f"aura-2-{name}-{language}",
            index == 0,
            (language,),
            price_unit="1k_characters",
        )
        for index, name in enumerate(names.split())
    )


MODELS = (
    _nova("nova-3", _NOVA_3, "0.0058 a minute with language multi.", default=True),
    _nova("nova-3-medical", ("en",), "Medical vocabulary."),
    _nova("nova-2", _NOVA_2, "Older, more languages; takes keywords instead of key terms."),
    _flux("flux-general-en", ("en",), 0.0065),
    _flux("flux-general-multi", _FLUX_MULTI, 0.0078),
    *_aura(
        "en",
        "thalia andromeda helena apollo arcas aries amalthea asteria athena atlas aurora callista cora "
        "cordelia delia draco electra harmonia hera hermes hyperion iris janus juno jupiter luna "
        "mars minerva neptune odysseus ophelia orion orpheus pandora phoebe "
        "pluto saturn selene theia vesta zeus",
    ),
    *_aura(
        "es",
        "celeste estrella nestor agustina alvaro antonia aquila carina diana gloria javier luciano olivia "
        "selena silvia sirio valerio",
    ),
    *_aura("de", "viktoria julius aurelia elara fabian kara lara"),
    *_aura("nl", "rhea sander beatrix cornelia daphne hestia lars leda roman"),
    *_aura("fr", "agathe hector"),
    *_aura("it", "livia dionisio cesare cinzia demetra elio flavio maia melia"),
    *_aura("ja", "izanami fujin ama ebisu uzume"),
)
