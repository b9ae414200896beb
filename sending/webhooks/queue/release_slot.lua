-- Shared: frees the slot, and makes the endpoint due when its next message is due.
-- KEYS: the sorted set of endpoints, scored by the time of their next attempt.
local function release_slot(endpoint_id, slot)
  local endpoint = 'endpoint:' .. endpoint_id
  redis.call('ZREM', endpoint .. ':slots', slot)
  redis.call('DEL', endpoint .. ':claimed:' .. slot)
  local state, hold_until = unpack(redis.call('HMGET', endpoint, 'state', 'hold_until'))
  local first = redis.call('ZRANGE', endpoint .. ':due', 0, 0, 'WITHSCORES')
  if state ~= 'enabled' or not first[2] then return redis.call('ZREM', KEYS[1], endpoint_id) end
  return redis.call('ZADD', KEYS[1], math.max(tonumber(first[2]), tonumber(hold_until or 0)), endpoint_id)
end
