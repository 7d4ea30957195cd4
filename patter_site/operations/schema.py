"""The API describes itself: OpenAPI 3.1 at ``/api/v1/schema``, a page to read it at ``/api/v1/docs``."""

from __future__ import annotations

from typing import Any

from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView


class SchemaView(SpectacularAPIView):
    """JSON unless YAML is asked for."""

    authentication_classes = []
    renderer_classes = [OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer, OpenApiYamlRenderer2]


class DocsView(SpectacularSwaggerSplitView):
    """Swagger's page, its script at an address of its own (``?script``), so that nothing is inline."""

    authentication_classes = ()
    url_name = "api:schema"
    url_name_self = "api:docs"
    template_name = "operations/api_docs.html"


def without_last_slash(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """Addresses work with and without their last slash; the schema names them without."""
    return [(path.rstrip("/"), regex, method, view) for path, regex, method, view in endpoints]
