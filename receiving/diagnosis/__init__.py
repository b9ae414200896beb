"""Diagnosis of rejected requests: the common mistake that explains why a signature failed, and its fix."""
