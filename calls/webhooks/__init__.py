"""Doors for carriers: verify, translate, call one service."""
