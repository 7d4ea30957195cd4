from django.urls import path

from patter_site.operations import health
from patter_site.operations.metrics import metrics

urlpatterns = [
    path("health/live", health.live, name="live"),
    path("health/ready", health.ready, name="ready"),
    path("metrics", metrics, name="metrics"),
]
