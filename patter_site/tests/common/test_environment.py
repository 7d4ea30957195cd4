"""What the environment may say, and what stops the start."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from patter.tools.guard import AddressRefused, Guard
from patter_site.common.environment import LOOPBACK, private_networks


@pytest.mark.parametrize(
    ("value", "debug", "networks"),
    [
        (None, True, LOOPBACK),
        (None, False, []),
        ("", True, []),
        ("0", True, []),
        ("False", True, []),
        ("10.0.0.0/8, 192.168.1.7", False, ["10.0.0.0/8", "192.168.1.7"]),
    ],
)
def test_which_private_networks_may_be_called(value, debug, networks):
    assert private_networks(value, debug) == networks


@pytest.mark.parametrize("yes", ["1", "true", " YES ", "on", "*"])
def test_a_plain_yes_is_every_private_network(yes):
    guard = Guard(private_networks(yes, debug=False))
    for host in ("127.0.0.1", "10.1.2.3", "[::1]", "172.17.0.1"):
        guard.check_literal(host)
    with pytest.raises(AddressRefused):
        guard.check_literal("169.254.169.254")


def test_a_network_that_is_none_stops_the_start():
    with pytest.raises(ImproperlyConfigured, match="'localhost' is not a network"):
        private_networks("127.0.0.0/8,localhost", debug=False)
