"""The queue of messages for webhook endpoints, in Redis: each operation is a Lua script."""
