-- Returns {endpoint, due messages, consecutive failures} for each endpoint that is due, and makes it due again later.
-- KEYS: the sorted set of endpoints, scored by the time of their next attempt.
local now, due_again_at, limit = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local found = {}
for _, endpoint_id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, limit)) do
  local endpoint = 'endpoint:' .. endpoint_id
  local state, hold_until, failures = unpack(redis.call('HMGET', endpoint, 'state', 'hold_until', 'failures'))
  local first = redis.call('ZRANGE', endpoint .. ':due', 0, 0, 'WITHSCORES')
  local due_at = math.max(tonumber(hold_until or 0), tonumber(first[2] or 0))
  if state ~= 'enabled' or not first[2] then
    redis.call('ZREM', KEYS[1], endpoint_id)
  elseif due_at > now then
    redis.call('ZADD', KEYS[1], due_at, endpoint_id)
  else
    redis.call('ZADD', KEYS[1], due_again_at, endpoint_id)
    table.insert(found, {endpoint_id, redis.call('ZCOUNT', endpoint .. ':due', '-inf', now), tonumber(failures or 0)})
  end
end
return found
