from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "patter_site.events"
    label = "events"
    default_auto_field = "django.db.models.BigAutoField"
