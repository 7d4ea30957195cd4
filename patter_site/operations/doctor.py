"""What the doctor looks at in every installation: secrets, database, queue, public address, storage, mail."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.core.management import call_command

from patter_site.common.doctor import Finding, bad, doctor_check, ok, warn
from patter_site.common.encryption import decrypt, encrypt
from patter_site.operations.migrations_state import missing_migrations
from patter_site.operations.probes import probe_database, probe_redis, probe_storage


@doctor_check("secrets")
def check_secrets() -> Iterator[Finding]:
    if decrypt(encrypt("patter", "doctor"), "doctor") != "patter":
        yield bad("Encryption does not give back what it took.", "Check PATTER_ENCRYPTION_KEY.")
    count = len(settings.PATTER_ENCRYPTION_KEYS)
    yield ok(f"Encryption works with {count} key{'s' if count > 1 else ''}.")
    if count > 1:
        yield warn(
            "Older encryption keys are still configured.",
            "Run `manage.py rotate_encryption`, then remove all but the first from PATTER_ENCRYPTION_KEY.",
        )
    if settings.DEBUG:
        yield warn("PATTER_DEBUG is on.", "Unset it wherever others can reach this installation.")


@doctor_check("database")
def check_database() -> Iterator[Finding]:
    try:
        probe_database()
    except Exception as error:
        yield bad(f"The database does not answer: {error}", "Check PATTER_DATABASE_URL and its server.")
        return
    yield ok("PostgreSQL answers." if settings.SHAPE.postgres else "SQLite answers.")
    if missing := missing_migrations():
        yield bad(
            f"{len(missing)} migrations are missing, from {missing[0]} on.",
            "Run `manage.py migrate`, or this command with --fix.",
            fix=lambda: call_command("migrate", interactive=False, verbosity=0),
        )
    else:
        yield ok("All migrations are applied.")


@doctor_check("queue")
def check_queue() -> Iterator[Finding]:
    if settings.SHAPE.embedded:
        yield ok("Embedded: the queue and its workers live in the web process.")
        return
    try:
        probe_redis()
    except Exception as error:
        yield bad(f"Redis does not answer: {error}", "Check PATTER_REDIS_URL and its server.")
        return
    yield ok("Redis answers.")


@doctor_check("public URL")
def check_public_url() -> Iterator[Finding]:
    url = settings.PATTER_PUBLIC_URL
    if not url:
        yield warn(
            "PATTER_PUBLIC_URL is not set: real carriers cannot call back.",
            "Set it to the https address under which carriers reach this installation.",
        )
    elif not url.startswith("https://"):
        yield warn(f"PATTER_PUBLIC_URL is {url}.", "Carriers send calls to https addresses only.")
    else:
        yield ok(f"Carriers call back to {url}.")


@doctor_check("storage")
def check_storage() -> Iterator[Finding]:
    try:
        probe_storage()
    except Exception as error:
        yield bad(
            f"Recordings cannot be stored: {error}",
            "Check PATTER_STORAGE_URL, and that the folder belongs to the user Patter runs as, or that the "
            "key may write, read and delete in the bucket.",
        )
        return
    yield ok("Recordings can be stored.")


@doctor_check("mail")
def check_mail() -> Iterator[Finding]:
    if settings.EMAIL_BACKEND.endswith("dummy.EmailBackend"):
        yield warn("Mail is thrown away.", "Set PATTER_EMAIL_URL, such as smtp+tls://user:password@host:587.")
    else:
        yield ok("Mail has somewhere to go.")
