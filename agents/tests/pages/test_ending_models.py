"""The pages of agents say which of their models end, and stop saying it as soon as another is chosen."""

from __future__ import annotations

import pytest

from agents.forms import initial_of
from agents.services import create_agent
from patter_site.testing import make_cast

pytestmark = pytest.mark.django_db

ENDS = {"provider": "openai", "model": "gpt-5"}
WARNING = "gpt-5 end"


def test_the_list_and_the_form_say_it_until_another_is_saved(client) -> None:
    cast = make_cast()
    client.force_login(cast.ada)
    config = {"name": "Desk", "reply_by": "model", "llm": ENDS}
    agent = create_agent(organisation=cast.organisation, config=config, by=cast.ada)
    pages = f"/o/{cast.organisation.slug}/agents/"
    assert "A model ends" in client.get(pages).content.decode()
    assert WARNING in client.get(f"{pages}{agent.pk}/").content.decode()

    typed = {name: value for name, value in initial_of(agent.draft).items() if value not in (None, False)}
    headers = {"HX-Request": "true"}
    part = client.post(f"{pages}{agent.pk}/", typed, headers=headers).content.decode()
    assert WARNING in part and 'id="endings" hx-swap-oob="true"' in part
    part = client.post(f"{pages}{agent.pk}/", typed | {"llm_model": "gpt-6-luna"}, headers=headers)
    assert WARNING not in part.content.decode() and 'id="endings"' in part.content.decode()
    assert "A model ends" not in client.get(pages).content.decode()
