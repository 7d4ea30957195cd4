"""The two homes of a ``Patter``: a platform that carries calls, or this process. Loaded when first needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from patter.errors import ConfigError
from patter.options import CloudOptions, LocalOptions

if TYPE_CHECKING:
    from patter.cloud.phone import CloudPhone
    from patter.local import LocalPhone

NOT_LOCAL = "{}() speaks to a platform. In local mode use serve(), or give Patter an api_key."
NOT_CLOUD = (
    "serve() carries calls in this process and needs a carrier's keys: Patter(mode='local', twilio_sid=…, "
    "twilio_token=…, phone_number=…). With an api_key use connect()."
)


class Homes:
    """Of one ``Patter``. What the other home would be needed for is a ConfigError that says so."""

    def __init__(self, options: CloudOptions | LocalOptions) -> None:
        self.options = options
        self._cloud: CloudPhone | None = None
        self._local: LocalPhone | None = None

    @property
    def mode(self) -> Literal["cloud", "local"]:
        return "cloud" if isinstance(self.options, CloudOptions) else "local"

    def cloud(self, asked: str) -> CloudPhone:
        """The platform; ``asked`` is the public name of what wants it."""
        if not isinstance(self.options, CloudOptions):
            raise ConfigError(NOT_LOCAL.format(asked))
        if self._cloud is None:
            from patter.cloud.phone import CloudPhone

            self._cloud = CloudPhone(self.options)
        return self._cloud

    def local(self) -> LocalPhone:
        """This process."""
        if not isinstance(self.options, LocalOptions):
            raise ConfigError(NOT_CLOUD)
        if self._local is None:
            self._local = self._local_phone(self.options)
        return self._local

    def talk(self) -> LocalPhone:
        """This process, for a conversation without a phone: that needs no carrier's keys."""
        return self.local() if isinstance(self.options, LocalOptions) else self._local_phone(LocalOptions())

    async def disconnect(self) -> None:
        if self._cloud is not None:
            await self._cloud.disconnect()
        if self._local is not None:
            await self._local.disconnect()

    @staticmethod
    def _local_phone(options: LocalOptions) -> LocalPhone:
        from patter.local import LocalPhone

        return LocalPhone(options)
