from patter_site.common.routing import ApiRouter
from tools.api import McpSourceViewSet, ToolViewSet

router = ApiRouter()
router.register("tools", ToolViewSet, basename="tool")
router.register("mcp-sources", McpSourceViewSet, basename="mcp-source")
urlpatterns = router.urls
