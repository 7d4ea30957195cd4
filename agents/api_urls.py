from agents.api import AgentViewSet, ProviderCredentialViewSet
from patter_site.common.routing import ApiRouter

router = ApiRouter()
router.register("agents", AgentViewSet, basename="agent")
router.register("provider-credentials", ProviderCredentialViewSet, basename="provider-credential")
urlpatterns = router.urls
