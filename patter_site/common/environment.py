"""What the environment says, checked: secrets, public address, and the shape of the installation."""

from __future__ import annotations

import ipaddress
import os
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from patter_site.common import memory_queue

SHORTEST_SECRET = 32


def development_secret(name: str, state_dir: Path, debug: bool) -> str:
    """A secret that development makes once and keeps. Production must bring its own.

    A management command beside an installation that ``./dev run`` has made uses what is there; a server
    never does.
    """
    path = state_dir / name
    command_beside_it = Path(sys.argv[0]).name == "manage.py" and "serve" not in sys.argv and path.exists()
    if not debug and not command_beside_it:
        variable = f"PATTER_{name.upper()}"
        raise ImproperlyConfigured(
            f"{variable} is not set. Give it at least 32 random characters, "
            "or set PATTER_DEBUG=1 to try Patter out."
        )
    if not path.exists():
        state_dir.mkdir(parents=True, exist_ok=True)
        # Written aside and renamed, so that a second process never reads half of it.
        fresh = state_dir / f"{name}.{os.getpid()}"
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(48))
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text().strip()


def require_long(variable: str, value: str) -> None:
    """Raises ImproperlyConfigured for a secret that could be guessed."""
    if len(value) < SHORTEST_SECRET:
        raise ImproperlyConfigured(f"{variable} must have at least {SHORTEST_SECRET} characters.")


def public_base_url(value: str) -> str:
    """``https://host[/prefix]`` without a trailing slash, or empty."""
    value = value.strip().rstrip("/")
    if value and not value.startswith(("http://", "https://")):
        value = "https://" + value
    return value


LOOPBACK = ["127.0.0.0/8", "::1/128"]
PRIVATE = [*LOOPBACK, "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"]
"""Without link-local addresses: machines of clouds tell their secrets there."""
YES, NO = frozenset({"1", "true", "yes", "on", "*"}), frozenset({"", "0", "false", "no", "off"})


def private_networks(value: str | None, debug: bool) -> list[str]:
    """The private networks that tenants' addresses may lead to, as CIDRs.

    Not set: loopback in debug, else none. A plain yes is every private network, a plain no is none.
    Raises ImproperlyConfigured: a guard that nobody can read must stop the start, not the first request.
    """
    if value is None:
        return LOOPBACK if debug else []
    word = value.strip().lower()
    if word in YES or word in NO:
        return PRIVATE if word in YES else []
    networks = [part.strip() for part in value.split(",") if part.strip()]
    for network in networks:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError:
            raise ImproperlyConfigured(
                f"PATTER_ALLOW_PRIVATE_URLS: {network!r} is not a network. Write CIDRs by comma, such as "
                "10.0.0.0/8, or true for every private network."
            ) from None
    return networks


@dataclass(frozen=True)
class Shape:
    """Embedded (SQLite, everything in one process), or PostgreSQL with Redis and any number of processes."""

    postgres: bool
    redis_url: str

    @classmethod
    def of(cls, engine: str, redis_url: str) -> Shape:
        postgres = "postgresql" in engine
        if redis_url and not postgres:
            raise ImproperlyConfigured(
                "SQLite with Redis cannot work: several processes would share one SQLite file. "
                "Set PATTER_DATABASE_URL to PostgreSQL, or unset PATTER_REDIS_URL."
            )
        return cls(postgres, redis_url)

    @property
    def embedded(self) -> bool:
        """Workers, channel layer and broker live in the web process."""
        return not self.redis_url

    def database_options(self) -> dict[str, Any]:
        if self.postgres:
            # psycopg's own pool stops at four, which one page with a few sockets uses up.
            pool = {"min_size": 1, "max_size": 20, "timeout": 10}
            return {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": 0, "OPTIONS": {"pool": pool}}
        return {
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 10,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            }
        }

    def channel_layers(self) -> dict[str, Any]:
        if self.embedded:
            # Hundreds of calls may speak to one SDK connection in the same moment.
            memory = {"BACKEND": "patter_site.common.memory_layer.MemoryLayer", "CONFIG": {"capacity": 5000}}
            return {"default": memory}
        return {
            "default": {
                "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
                "CONFIG": {"hosts": [self.redis_url]},
            }
        }

    def caches(self) -> dict[str, Any]:
        """Shared by all processes, because sign-in attempts are counted in it."""
        if self.embedded:
            return {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
        return {
            "default": {
                "BACKEND": "django.core.cache.backends.redis.RedisCache",
                "LOCATION": self.redis_url,
                "KEY_PREFIX": "patter",
            }
        }

    def broker_url(self) -> str:
        return self.redis_url or f"{memory_queue.SCHEME}://localhost/"

    def broker_options(self) -> dict[str, Any]:
        """Celery would try for six seconds, and for minutes where nobody refuses: a request waits for it."""
        if self.embedded:
            return {}
        return {"max_retries": 0, "socket_connect_timeout": 2.0, "socket_timeout": 10.0}
