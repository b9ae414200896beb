"""What people leave in the store, and how to find it."""

from sending import followers, outbox, unfollow_tokens
from sending.outbox import OutboundMessage

OTHER = "+447700900202"
WORD = "chrysanthemum"
LONG_TEXT = "🎉" * 500  # as a form, so long that the inbox stores its body elsewhere


def contents(redis):
    """Every key, and all that it contains, as bytes."""
    readers = {
        b"string": lambda key: [redis.get(key)],
        b"hash": lambda key: [part for pair in redis.hgetall(key).items() for part in pair],
        b"set": redis.smembers,
        b"list": lambda key: redis.lrange(key, 0, -1),
        b"zset": lambda key: redis.zrange(key, 0, -1),
        b"stream": lambda key: [part for _, row in redis.xrange(key) for pair in row.items() for part in pair],
    }
    return {key.decode(): b" ".join([key, *readers[redis.type(key)](key)]) for key in redis.scan_iter()}


def keys_with(redis, text):
    """The keys that mention this, apart from RQ's: a job that has not run yet holds its words."""
    return [key for key, content in contents(redis).items() if text.encode() in content and not key.startswith("rq:")]


def take_part(person, redis, number, sids=("1", "2", "5")):
    """Use everything that stores something."""
    person.texts(f"{WORD} is my word", sid="SM" + sids[0] * 32)
    person.texts("tabs", sid="SM" + sids[2] * 32)
    person.texts("count", sid="SM" + sids[1] * 32)
    person.call_sid = "CA" + sids[0] * 32
    person.dials().says(WORD)
    followers.follow(redis, number, "github")
    unfollow_tokens.issue_unfollow_token(redis, number)
    outbox.plan(redis, OutboundMessage(f"answer:{number[-3:]}", number, f"{WORD}, you said.", ""))
