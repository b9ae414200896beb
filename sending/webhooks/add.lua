-- Queues a message for one endpoint. Returns 1, or 0 if the endpoint is disabled or already has the message.
-- KEYS: the endpoints by the time of their next attempt.
local endpoint_id, message_id, due_at, ttl = unpack(ARGV)
local endpoint, delivery = 'endpoint:' .. endpoint_id, 'delivery:' .. message_id .. ':' .. endpoint_id
local state = redis.call('HGET', endpoint, 'state')
if not state or state == 'disabled' or redis.call('HSETNX', delivery, 'state', 'waiting') == 0 then return 0 end
redis.call('HSET', delivery, 'sequence', redis.call('HINCRBY', endpoint, 'sequence', 1), 'attempts', 0)
redis.call('EXPIRE', delivery, ttl)
redis.call('ZADD', endpoint .. ':due', due_at, message_id)
redis.call('ZADD', KEYS[1], 'LT', due_at, endpoint_id)
return 1
