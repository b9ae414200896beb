"""The presenter's console."""
