from django.apps import AppConfig


class PhoneNumbersConfig(AppConfig):
    name = "phone_numbers"
    label = "numbers"
    default_auto_field = "django.db.models.BigAutoField"
