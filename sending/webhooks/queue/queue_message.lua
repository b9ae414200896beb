-- Queues a new message for the given endpoints. Returns the number of endpoints added, or 0 if it was queued before.
-- KEYS: the stream of new messages; the sorted set of endpoints, scored by the time of their next attempt.
local entry, now, ttl, first_endpoint = ARGV[1], ARGV[2], ARGV[3], 4
local rows = redis.call('XRANGE', KEYS[1], entry, entry)
if #rows == 0 or redis.call('XDEL', KEYS[1], entry) == 0 then return 0 end
local _, id, _, event_type, _, body = unpack(rows[1][2])
local message, has_been_sent, count = message_key(id), {}, 0
for _, sent in ipairs(redis.call('LRANGE', message, FIRST_RESULT, -1)) do
  has_been_sent[string.match(sent, '^%S+')] = true
end
for at = first_endpoint, #ARGV do
  local endpoint_id, endpoint = ARGV[at], 'endpoint:' .. ARGV[at]
  local state = redis.call('HGET', endpoint, 'state')
  local is_wanted = state and state ~= 'disabled' and not has_been_sent[endpoint_id]
  if is_wanted and redis.call('ZADD', endpoint .. ':due', 'NX', now, id) == 1 then
    redis.call('ZADD', KEYS[2], 'LT', now, endpoint_id)
    count_waiting(endpoint, body)
    count = count + 1
  end
end
if count == 0 then return 0 end
if redis.call('EXISTS', message) == 0 then redis.call('RPUSH', message, event_type, body, 0, 0, 0) end
redis.call('EXPIRE', message, ttl)
add(message, ENDPOINTS, count)
add(message, WAITING, count)
return count
