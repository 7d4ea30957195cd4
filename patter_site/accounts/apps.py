from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "patter_site.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from patter_site.accounts import openapi  # noqa: F401  (drf-spectacular finds extensions by import)
