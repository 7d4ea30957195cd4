"""What changes people, organisations and keys. Each function is one transaction."""
