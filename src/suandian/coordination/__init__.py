"""Deciding (View → Plan, pure) and placing jobs within a plan."""
