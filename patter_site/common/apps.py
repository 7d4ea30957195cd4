from django.apps import AppConfig


class CommonConfig(AppConfig):
    name = "patter_site.common"
    label = "common"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from patter_site.common.addresses import guard_providers

        guard_providers()
