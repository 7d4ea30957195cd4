from patter_site.accounts.api import ApiKeyViewSet, AuditEntryViewSet, MemberViewSet
from patter_site.common.routing import ApiRouter

router = ApiRouter()
router.register("api-keys", ApiKeyViewSet, basename="api-key")
router.register("members", MemberViewSet, basename="member")
router.register("audit-entries", AuditEntryViewSet, basename="audit-entry")
urlpatterns = router.urls
