"""The cast of the SDK's tests: a simulated Twilio with one account and one number, and a certificate."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from patter.simulators.twilio import TwilioSimulator
from patter.testing.loop import VirtualLoop

ON_LOOPBACK = frozenset(
    "carriers chains contract convai deepgram elevenlabs handlers local openai realtime rows telnyx".split()
)


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Calls and links whose two ends live on one loop need no real time, unless a test says that it does."""
    folder, name = item.path.parent.name, item.path.name
    is_on_loopback = folder in ON_LOOPBACK or name.startswith("test_simulator_")
    if is_on_loopback and item.get_closest_marker("real_time") is None:
        return {"virtual": VirtualLoop}
    return {"real": asyncio.new_event_loop}


@pytest.fixture
async def sim() -> AsyncIterator[TwilioSimulator]:
    async with TwilioSimulator(webhook_budget_s=2) as simulator:
        simulator.add_account("AC00000000000000000000000000000001", "0123456789abcdef")
        simulator.add_number("+15550001111", "AC00000000000000000000000000000001")
        yield simulator


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of localhost that nobody has signed but itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path / "certificate.pem"
    path.write_bytes(private + made.public_bytes(pem))
    return path
