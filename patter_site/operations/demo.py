"""The demo: a workspace with an agent that needs no account, and one call to it over the carrier wire."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from django.db import close_old_connections, transaction

from agents.models import Agent
from agents.services import create_agent
from patter.simulators.demo import AGENT, STEPS
from patter.simulators.telnyx.world import SigningKey
from patter_site.accounts.models import Organisation, User
from patter_site.accounts.services.sign_in_links import create_sign_in_link
from patter_site.accounts.services.workspaces import create_organisation
from patter_site.operations.demo_key import demo_key
from patter_site.operations.demo_transcript import follow_call
from patter_site.operations.simulator import Simulator, SimulatorFailed
from phone_numbers.configure import webhook_address
from phone_numbers.models import Carrier, CarrierAccount, PhoneNumber
from phone_numbers.services import create_carrier_account, create_number

logger = structlog.get_logger(__name__)
EMAIL = "demo@patter.localhost"
NUMBER = "+12025550123"
TELNYX_NUMBER = "+12025550124"
CALLER = "+12025550187"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Demo:
    """The rows that the demo needs; they stay from one start to the next."""

    organisation: Organisation
    owner: User
    account: CarrierAccount
    number: PhoneNumber


@transaction.atomic
def ensure_demo() -> Demo:
    """Find or make the demo's workspace, agent, simulated carrier account and number."""
    owner = User.objects.filter(email=EMAIL).first() or User.objects.create_user(EMAIL, None, name="Demo")
    organisation = Organisation.objects.filter(slug="demo").first()
    organisation = organisation or create_organisation(name="Demo", owner=owner)
    account = _simulated_account(organisation, Carrier.TWILIO) or _make_account(organisation)
    number = PhoneNumber.objects.of(organisation).filter(carrier_account=account).order_by("pk").first()
    number = number or create_number(
        organisation=organisation,
        number=NUMBER,
        carrier_account=account,
        agent=_ensure_agent(organisation, owner),
        label="Demo restaurant",
    )
    if _simulated_account(organisation, Carrier.TELNYX) is None:
        _make_telnyx_number(organisation, number.agent or _ensure_agent(organisation, owner))
    return Demo(organisation, owner, account, number)


def _simulated_account(organisation: Organisation, carrier: Carrier) -> CarrierAccount | None:
    rows = CarrierAccount.objects.of(organisation).filter(simulated=True, carrier=carrier)
    found: CarrierAccount | None = rows.order_by("pk").first()
    return found


def _make_telnyx_number(organisation: Organisation, agent: Agent) -> None:
    """The same restaurant at the other simulated carrier, for ``simulate_call --carrier telnyx``."""
    api_key = "KEY" + secrets.token_hex(16)
    account = create_carrier_account(
        organisation=organisation,
        carrier=Carrier.TELNYX,
        name="Simulated Telnyx",
        api_key=api_key,
        public_key=SigningKey.of(api_key).public_key,
        connection_id=str(10**18 + secrets.randbelow(10**18)),
    )
    account.simulated = True
    account.save(update_fields=["simulated"])
    create_number(
        organisation=organisation,
        number=TELNYX_NUMBER,
        carrier_account=account,
        agent=agent,
        label="Demo restaurant, over Telnyx",
    )


def _make_account(organisation: Organisation) -> CarrierAccount:
    account = create_carrier_account(
        organisation=organisation,
        carrier=Carrier.TWILIO,
        name="Simulated carrier",
        account_sid="AC" + secrets.token_hex(16),
        auth_token=secrets.token_hex(16),
    )
    account.simulated = True
    account.save(update_fields=["simulated"])
    return account


def _ensure_agent(organisation: Organisation, owner: User) -> Agent:
    found = Agent.objects.of(organisation).filter(archived_at=None).order_by("pk").first()
    return found or create_agent(organisation=organisation, config=AGENT, by=owner, is_default=True)


def show_demo(*, base: str, simulator: Simulator, say: Say) -> None:
    """Print how to get in, then place the call. Whatever goes wrong is said; the platform goes on."""
    try:
        demo = ensure_demo()
        token = create_sign_in_link(user=demo.owner)
        say(f"Sign in once   {base}/sign-in/link/{token}/")
        say(f"API key        {demo_key(demo.organisation, demo.owner)}")
        say("")
        simulator.wait_until_ready()
        run_demo_call(demo=demo, base=base, simulator=simulator, say=say)
    except SimulatorFailed as failed:
        say(str(failed))
    except Exception:
        logger.exception("The demo call could not be placed")
    finally:
        close_old_connections()


def run_demo_call(*, demo: Demo, base: str, simulator: Simulator, say: Say) -> None:
    """A simulated caller rings the demo's number; the platform answers as it would answer a carrier."""
    account, number = demo.account, demo.number.number
    simulator.tell("accounts", account_sid=account.account_sid, auth_token=account.auth_token)
    simulator.tell(
        "numbers",
        number=number,
        account_sid=account.account_sid,
        voice_url=webhook_address(account, "voice", base),
        status_callback=webhook_address(account, "status", base),
    )
    say(f"Calling {number} …")
    placed = simulator.tell("calls", **{"to": number, "from": CALLER, "steps": STEPS})
    over = threading.Event()
    watch = threading.Thread(target=_until_over, args=(simulator, placed["call_sid"], over), daemon=True)
    watch.start()
    follow_call(organisation=demo.organisation, call_sid=placed["call_sid"], over=over, say=say)
    say("")
    say(f"Listen to it   {base}/o/{demo.organisation.slug}/calls/")
    again = f'simulate_call --to {number} --url {base} --say "what is on the menu"'
    say(f"Call again     .venv/bin/python manage.py {again}")
    say("Stop           Ctrl-C")


def _until_over(simulator: Simulator, call_sid: str, over: threading.Event) -> None:
    try:
        for _fact in simulator.facts(call_sid):
            pass
    finally:
        over.set()
