-- Queues a message for one endpoint again, on a new schedule. Returns 1, 0 if it is no longer stored, or -1 if the
-- endpoint is disabled. A message being sent is left alone: it becomes due again when the sender fails or dies.
-- KEYS: the endpoints by the time of their next attempt.
local endpoint_id, message_id, due_at, ttl = unpack(ARGV)
local endpoint, delivery = 'endpoint:' .. endpoint_id, 'delivery:' .. message_id .. ':' .. endpoint_id
local state = redis.call('HGET', endpoint, 'state')
if not state or redis.call('EXISTS', 'message:' .. message_id) == 0 then
  redis.call('ZREM', endpoint .. ':dead', message_id)
  return 0
end
if state == 'disabled' then return -1 end
if redis.call('HGET', delivery, 'state') == 'sending' then return 1 end
redis.call('HSET', delivery, 'state', 'waiting', 'attempts', 0)
if redis.call('HEXISTS', delivery, 'sequence') == 0 then
  redis.call('HSET', delivery, 'sequence', redis.call('HINCRBY', endpoint, 'sequence', 1))
end
redis.call('EXPIRE', delivery, ttl)
redis.call('ZREM', endpoint .. ':dead', message_id)
redis.call('ZADD', endpoint .. ':due', due_at, message_id)
redis.call('ZADD', KEYS[1], 'LT', due_at, endpoint_id)
return 1
