-- Queues a message for one endpoint again, starting from its first attempt. Returns 1; 0 if the message is no longer
-- stored; -1 if the endpoint is disabled. A message being sent is left alone: if sending fails, it becomes due again.
-- KEYS: the sorted set of endpoints, scored by the time of their next attempt.
local endpoint_id, id, due_at, ttl = unpack(ARGV)
local endpoint, delivery, message = 'endpoint:' .. endpoint_id, 'delivery:' .. id .. ':' .. endpoint_id, message_key(id)
local state = redis.call('HGET', endpoint, 'state')
if not state or redis.call('EXISTS', message) == 0 then
  redis.call('ZREM', endpoint .. ':dead', id)
  return 0
end
if state == 'disabled' then return -1 end
if redis.call('HGET', delivery, 'state') == 'sending' then return 1 end
for _, result in ipairs(redis.call('LRANGE', message, FIRST_RESULT, -1)) do
  local sent_to, sequence = string.match(result, '^(%S+) (.+)$')
  if sent_to == endpoint_id then
    redis.call('LREM', message, 1, result)
    redis.call('HSET', delivery, 'sequence', sequence)
  end
end
redis.call('HSET', delivery, 'state', 'waiting', 'attempts', 0)
if redis.call('HEXISTS', delivery, 'sequence') == 0 then
  redis.call('HSET', delivery, 'sequence', redis.call('HINCRBY', endpoint, 'sequence', 1))
end
redis.call('EXPIRE', delivery, ttl)
redis.call('EXPIRE', message, ttl)
if redis.call('ZREM', endpoint .. ':dead', id) == 1 then add(message, DEAD, -1) end
if redis.call('ZADD', endpoint .. ':due', due_at, id) == 1 then
  add(message, WAITING, 1)
  count_waiting(endpoint, redis.call('LINDEX', message, BODY))
end
redis.call('ZADD', KEYS[1], 'LT', due_at, endpoint_id)
return 1
