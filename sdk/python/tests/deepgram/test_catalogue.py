from datetime import date

import pytest

from patter.bridge.plan import ProviderSpec
from patter.engines.catalogue import Model, default_model, models_of
from patter.engines.catalogue import deepgram as listed
from patter.engines.catalogue.endings import warnings_for


def test_each_id_is_listed_once_and_each_kind_has_a_default():
    ids = [(model.provider, model.kind, model.id) for model in listed.MODELS]
    assert len(ids) == len(set(ids))
    assert default_model("deepgram", "stt") == "nova-3"
    assert default_model("deepgram_flux", "stt", "de") == "flux-general-multi"
    assert default_model("deepgram", "tts", "de-DE") == "aura-2-viktoria-de"
    with pytest.raises(LookupError):
        default_model("deepgram", "llm")


@pytest.mark.parametrize("provider", ["nobody", "", "../deepgram", "os.path"])
def test_providers_without_a_list(provider):
    assert models_of(provider, "stt") == ()


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2026, 9, 1), []),
        (date(2026, 12, 1), ["deepgram old ends on 2027-01-06. Use new."]),
        (date(2027, 1, 6), ["deepgram old ended on 2027-01-06. Use new."]),
    ],
)
def test_a_model_that_ends_is_told_in_time(monkeypatch, today, expected):
    old = Model("deepgram", "stt", "old", default=True, ends_on="2027-01-06", note="Use new.")
    monkeypatch.setattr(listed, "MODELS", (old, Model("deepgram", "stt", "new")))
    assert warnings_for(ProviderSpec("deepgram", model="old"), today) == expected
    assert warnings_for(ProviderSpec("deepgram"), today, "stt") == expected
    assert warnings_for(ProviderSpec("deepgram", model="new"), today) == []
