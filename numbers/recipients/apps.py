from django.apps import AppConfig


class RecipientsConfig(AppConfig):
    name = "recipients"
    default_auto_field = "django.db.models.BigAutoField"
