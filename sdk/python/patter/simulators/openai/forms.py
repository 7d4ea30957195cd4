"""Reads multipart forms with the standard library. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP

from patter.simulators.openai.refusals import RefusalError


@dataclass(frozen=True, slots=True)
class Upload:
    name: str
    content: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Form:
    """``fields`` hold every value of a name, in order."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)

    def one(self, name: str) -> str:
        """The value of a field that may be given once; empty when it is not."""
        values = self.fields.get(name, [])
        if len(values) > 1:
            raise RefusalError(400, f"'{name}' is given more than once.", param=name)
        return values[0] if values else ""


def read_form(content_type: str, body: bytes) -> Form:
    """Raises RefusalError when it is no form."""
    if not content_type.startswith("multipart/form-data"):
        raise RefusalError(400, "Invalid content type: expected multipart/form-data.")
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1")
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    if not message.is_multipart():
        raise RefusalError(400, "Could not parse multipart form.")
    fields: defaultdict[str, list[str]] = defaultdict(list)
    files: dict[str, Upload] = {}
    for part in message.iter_parts():
        name = str(part.get_param("name", header="content-disposition") or "")
        content = part.get_payload(decode=True)
        data = content if isinstance(content, bytes) else b""
        if (file_name := part.get_filename()) is not None:
            files[name] = Upload(file_name, data, part.get_content_type())
        else:
            fields[name].append(data.decode())
    return Form(dict(fields), files)
