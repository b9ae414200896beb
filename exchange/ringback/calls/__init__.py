"""Calls: their state, what each person hears, conferences and queues."""
