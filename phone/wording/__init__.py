"""What people write and say: plain text without signatures, the words around a command, web addresses."""
