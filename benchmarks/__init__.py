"""How fast the platform is. It plays the carrier and the providers, and measures what lies between them."""
