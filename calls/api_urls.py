from calls.api import CallViewSet
from patter_site.common.routing import ApiRouter

router = ApiRouter()
router.register("calls", CallViewSet, basename="call")
urlpatterns = router.urls
