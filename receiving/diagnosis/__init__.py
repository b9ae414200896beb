"""Diagnosis of rejected requests: the common mistake that explains why verification failed, and how to fix it."""
