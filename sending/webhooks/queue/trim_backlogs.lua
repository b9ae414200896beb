-- Gives up the oldest waiting messages of each endpoint whose messages use too much memory: they become dead letters.
-- Gives up at most `limit` messages per call. Returns {endpoint, number of messages given up} for each such endpoint.
-- KEYS: the sorted set of endpoints.
local now, max_bytes, max_failing_bytes, limit = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local max_dead_letters, max_kept_bytes, delivered_ttl, dead_ttl = unpack(ARGV, 5, 8)
local found = {}

local function give_up(endpoint_id, endpoint, id)
  local delivery = 'delivery:' .. id .. ':' .. endpoint_id
  local state, sequence = unpack(redis.call('HMGET', delivery, 'state', 'sequence'))
  if state == 'sending' then return 0 end
  sequence = sequence or redis.call('HINCRBY', endpoint, 'sequence', 1)
  remove_waiting(endpoint, id)
  redis.call('DEL', delivery)
  redis.call('ZADD', endpoint .. ':dead', now, id)
  redis.call('ZREMRANGEBYRANK', endpoint .. ':dead', 0, -1 - max_dead_letters)
  finish(endpoint_id, id, sequence, true, tonumber(max_kept_bytes), delivered_ttl, dead_ttl)
  return 1
end

for _, endpoint_id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local endpoint, count = 'endpoint:' .. endpoint_id, 0
  local state, failures = unpack(redis.call('HMGET', endpoint, 'state', 'failures'))
  local is_healthy = state == 'enabled' and tonumber(failures or 0) == 0
  local excess = tonumber(redis.call('HGET', endpoint, 'waiting_bytes') or 0) - (is_healthy and max_bytes or max_failing_bytes)
  if excess > 0 and limit > 0 then
    local before = tonumber(redis.call('HGET', endpoint, 'waiting_bytes'))
    for _, id in ipairs(redis.call('ZRANGE', endpoint .. ':due', 0, limit - 1)) do
      if before - tonumber(redis.call('HGET', endpoint, 'waiting_bytes')) >= excess then break end
      count = count + give_up(endpoint_id, endpoint, id)
    end
  end
  limit = limit - count
  if count > 0 then table.insert(found, {endpoint_id, count}) end
end
return found
