"""Settings, all from the environment. Names and meanings: docs/reference/environment.md."""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import urlsplit

import environ

from patter.carriers.telnyx.detection import checked_mode
from patter_site.common.environment import (
    Shape,
    development_secret,
    private_networks,
    public_base_url,
    require_long,
)
from patter_site.common.logging import logging_config
from patter_site.common.provider_urls import provider_base_url
from patter_site.common.schedule import TICK_S
from patter_site.common.storage_url import storage_backend

BASE_DIR = Path(__file__).resolve().parent.parent
STATE_DIR = BASE_DIR / ".patter"  # what development makes for itself: database, secrets, recordings

env = environ.Env()
if (BASE_DIR / ".env").exists():
    environ.Env.read_env(BASE_DIR / ".env")

DEBUG = env.bool("PATTER_DEBUG", default=False)
TESTING = "pytest" in sys.modules

# -- secrets: production refuses to start without them, development makes its own once ----------
SECRET_KEY = env.str("PATTER_SECRET_KEY", default="") or development_secret("secret_key", STATE_DIR, DEBUG)
PATTER_ENCRYPTION_KEYS = [
    key.strip() for key in env.str("PATTER_ENCRYPTION_KEY", default="").split(",") if key.strip()
]
if not PATTER_ENCRYPTION_KEYS:
    PATTER_ENCRYPTION_KEYS = [development_secret("encryption_key", STATE_DIR, DEBUG)]
require_long("PATTER_SECRET_KEY", SECRET_KEY)
for _key in PATTER_ENCRYPTION_KEYS:
    require_long("PATTER_ENCRYPTION_KEY", _key)

# -- where we are --------------------------------------------------------------------------------
PATTER_PUBLIC_URL = public_base_url(env.str("PATTER_PUBLIC_URL", default=""))
PATTER_MEDIA_URL = public_base_url(env.str("PATTER_MEDIA_URL", default="")) or PATTER_PUBLIC_URL
ALLOWED_HOSTS = env.list("PATTER_ALLOWED_HOSTS", default=[])
if PATTER_PUBLIC_URL:
    ALLOWED_HOSTS.append(urlsplit(PATTER_PUBLIC_URL).hostname)
if DEBUG or TESTING:
    ALLOWED_HOSTS += ["localhost", "127.0.0.1", "[::1]", "testserver"]
CSRF_TRUSTED_ORIGINS = [PATTER_PUBLIC_URL] if PATTER_PUBLIC_URL else []

# -- shape of the installation: embedded in one process, or PostgreSQL and Redis ------------------
PATTER_REDIS_URL = env.str("PATTER_REDIS_URL", default="")
DATABASES = {
    "default": env.db_url("PATTER_DATABASE_URL", default=f"sqlite:///{STATE_DIR / 'patter.sqlite3'}")
}
SHAPE = Shape.of(DATABASES["default"]["ENGINE"], PATTER_REDIS_URL)
DATABASES["default"].update(SHAPE.database_options())

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.admin",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels",
    "patter_site.common",
    "patter_site.accounts",
    "patter_site.events",
    "patter_site.operations",
    "billing",
    "tools",
    "agents",
    "phone_numbers",
    "recipients",
    "calls",
]

MIDDLEWARE = [
    "patter_site.common.request_id.request_id_middleware",
    "patter_site.common.proxies.forwarded_headers_middleware",
    "django.middleware.security.SecurityMiddleware",
    "patter_site.common.static.StaticFilesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'", "ws:", "wss:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

ROOT_URLCONF = "patter_site.urls"
ASGI_APPLICATION = "patter_site.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

if TESTING:
    # The real ones take 0.3 s for each person of a test.
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
LOCALE_PATHS = [BASE_DIR / "locale"]
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "static_collected"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STORAGES = {
    "default": storage_backend(env.str("PATTER_STORAGE_URL", default=""), STATE_DIR / "storage"),
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["patter_site.accounts.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["patter_site.accounts.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["patter_site.common.parsing.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "patter_site.common.paging.IdCursorPagination",
    "EXCEPTION_HANDLER": "patter_site.common.error_handler.exception_handler",
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Patter API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "MemberRole": "patter_site.accounts.models.Role",
        "TransferKind": [("cold", "cold"), ("warm", "warm")],
        "ToolKind": "tools.models.Tool.Kind",
    },
    "PREPROCESSING_HOOKS": ["patter_site.operations.schema.without_last_slash"],
}

CHANNEL_LAYERS = SHAPE.channel_layers()
CACHES = SHAPE.caches()
CELERY_BROKER_URL = SHAPE.broker_url()
CELERY_BROKER_TRANSPORT_OPTIONS = SHAPE.broker_options()
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {"sweeps": {"task": "patter_site.common.tasks.run_sweeps", "schedule": TICK_S}}

# -- what the public address demands, and who may speak for a client ------------------------------
_https = PATTER_PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_HTTPONLY = True
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
PATTER_TRUSTED_PROXIES = env.list("PATTER_TRUSTED_PROXIES", default=[])
# Safe because forwarded_headers_middleware removes these headers when no listed proxy sent them.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
USE_X_FORWARDED_HOST = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

# -- how long a process that falls silent is believed to carry its calls --------------------------
PATTER_LEASE_S = env.int("PATTER_LEASE_S", default=30)
# -- how long a process that is told to stop lets its calls go on before they are told goodbye -----
PATTER_DRAIN_S = env.int("PATTER_DRAIN_S", default=0)

LOGGING = logging_config(debug=DEBUG)

# -- mail, people, money ---------------------------------------------------------------------------
globals().update(env.email_url("PATTER_EMAIL_URL", default="consolemail://" if DEBUG else "dummymail://"))
DEFAULT_FROM_EMAIL = env.str("PATTER_EMAIL_FROM", default="Patter <patter@localhost>")
PATTER_SIGNUP = env.bool("PATTER_SIGNUP", default=DEBUG)
PATTER_BILLING = env.bool("PATTER_BILLING", default=False)
PATTER_METRICS_TOKEN = env.str("PATTER_METRICS_TOKEN", default="")
PATTER_FALLBACK_URL = env.str("PATTER_FALLBACK_URL", default="")
PATTER_ALLOW_PRIVATE_URLS = private_networks(env.str("PATTER_ALLOW_PRIVATE_URLS", default=None), DEBUG)

# -- where providers live --------------------------------------------------------------------------
PATTER_OPENAI_BASE_URL = provider_base_url("openai", env.str("PATTER_OPENAI_BASE_URL", default=""))
PATTER_DEEPGRAM_BASE_URL = provider_base_url("deepgram", env.str("PATTER_DEEPGRAM_BASE_URL", default=""))
PATTER_ELEVENLABS_BASE_URL = provider_base_url(
    "elevenlabs", env.str("PATTER_ELEVENLABS_BASE_URL", default="")
)
PATTER_TWILIO_BASE_URL = provider_base_url("twilio", env.str("PATTER_TWILIO_BASE_URL", default=""))
PATTER_TELNYX_BASE_URL = provider_base_url("telnyx", env.str("PATTER_TELNYX_BASE_URL", default=""))
PATTER_TELNYX_DETECTION = checked_mode(env.str("PATTER_TELNYX_DETECTION", default=""))
PATTER_SIMULATOR_URL = env.str("PATTER_SIMULATOR_URL", default="http://127.0.0.1:8010").rstrip("/")
