"""Recognizes the commands and web addresses in what people write and say."""
