from patter_site.common.routing import ApiRouter
from phone_numbers.api import CarrierAccountViewSet, NumberViewSet

router = ApiRouter()
router.register("carrier-accounts", CarrierAccountViewSet, basename="carrier-account")
router.register("numbers", NumberViewSet, basename="number")
urlpatterns = router.urls
