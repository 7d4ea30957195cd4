"""An organisation, its owner, and an API key."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from patter_site.accounts.services.sign_in_links import create_sign_in_link
from patter_site.accounts.services.workspaces import create_workspace


class Command(BaseCommand):
    help = "Make an organisation with its owner and a full-scope API key; for a known e-mail, a new key."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", required=True, help="of the organisation")
        parser.add_argument("--email", required=True, help="of its owner")
        parser.add_argument("--password", help="of its owner; none: sign in by link only")
        parser.add_argument("--json", action="store_true", help="print one line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            validate_email(options["email"].strip())
        except ValidationError:
            raise CommandError(f"This is not an e-mail address: {options['email']}") from None
        made = create_workspace(name=options["name"], email=options["email"], password=options["password"])
        if options["json"]:
            self.stdout.write(json.dumps({"organisation": made.organisation.pk, "api_key": made.api_key}))
            return
        self.stdout.write(f"Organisation  {made.organisation.pk}  {made.organisation.name}")
        self.stdout.write(f"Owner         {made.owner.email}")
        if not options["password"]:
            base = settings.PATTER_PUBLIC_URL or "http://127.0.0.1:8000"
            token = create_sign_in_link(user=made.owner)
            self.stdout.write(f"Sign in once  {base}/sign-in/link/{token}/")
        self.stdout.write(f"API key       {made.api_key}   (shown once)")
