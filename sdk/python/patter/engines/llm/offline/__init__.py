"""A model without an account: rules that answer what was heard."""
