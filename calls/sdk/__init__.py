"""The platform's side of ``/ws/sdk``: who answers for a call, and how frames reach them."""
