import pytest

from patter_site.common.request_id import fair_request_id
from patter_site.testing import api, error_of


def test_a_fair_request_id_is_kept_and_sent_back():
    response = api(X_Request_ID="order-7").get("/api/v1/nothing")
    assert response["X-Request-ID"] == "order-7"
    assert error_of(response)["request_id"] == "order-7"


@pytest.mark.parametrize("offered", ["", "a" * 65, "a b", "a\nb", "\x1b[31m", "é"])
def test_any_other_is_replaced(offered):
    assert fair_request_id(offered).startswith("req_")
