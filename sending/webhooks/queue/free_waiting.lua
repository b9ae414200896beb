-- Frees up to `limit` messages that wait for an endpoint that is being deleted, for which no more messages are queued.
-- Returns the number of messages still waiting.
local endpoint_id, limit, max_kept_bytes, delivered_ttl, dead_ttl = unpack(ARGV)
local endpoint = 'endpoint:' .. endpoint_id
if redis.call('EXISTS', endpoint) == 0 then return 0 end
redis.call('HSET', endpoint, 'state', 'disabled')
for _, id in ipairs(redis.call('ZRANGE', endpoint .. ':due', 0, limit - 1)) do
  local message = message_key(id)
  remove_waiting(endpoint, id)
  redis.call('DEL', 'delivery:' .. id .. ':' .. endpoint_id)
  if redis.call('LINDEX', message, WAITING) == '1' and redis.call('LLEN', message) == FIRST_RESULT then
    redis.call('DEL', message) -- it was for this endpoint alone
  else
    finish(endpoint_id, id, '0', false, tonumber(max_kept_bytes), delivered_ttl, dead_ttl)
  end
end
return redis.call('ZCARD', endpoint .. ':due')
