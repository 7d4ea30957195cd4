from django.urls import re_path

from calls.api import CallViewSet
from calls.tool_invocations import InvocationsOfCall, InvocationsOfTool
from patter_site.common.routing import ApiRouter

router = ApiRouter()
router.register("calls", CallViewSet, basename="call")
urlpatterns = [
    *router.urls,
    re_path(
        r"^calls/(?P<owner_id>[A-Za-z0-9_]+)/tool-invocations/?$",
        InvocationsOfCall.as_view({"get": "list"}),
        name="call-tool-invocations",
    ),
    re_path(
        r"^tools/(?P<owner_id>[A-Za-z0-9_]+)/invocations/?$",
        InvocationsOfTool.as_view({"get": "list"}),
        name="tool-invocations",
    ),
]
