-- Records the result of sending one message: its attempts, the endpoint's failures, and the next attempt, if any.
-- Returns {consecutive failures, time of the first failure since the last success, or 0}.
local endpoint_id, message_id, attempt, now, result, next_attempt_at, hold_until = unpack(ARGV, 1, 7)
local max_failures, min_probe_interval, max_probe_interval, jitter_factor = unpack(ARGV, 8, 11)
local max_attempts, max_attempt_bytes, max_dead_letters, max_kept_bytes, delivered_ttl, dead_ttl = unpack(ARGV, 12, 17)
local first_record = 18
local endpoint, delivery = 'endpoint:' .. endpoint_id, 'delivery:' .. message_id .. ':' .. endpoint_id
now, hold_until = tonumber(now), tonumber(hold_until)

if redis.call('EXISTS', endpoint) == 0 then return {0, 0} end
for at = first_record, #ARGV do
  redis.call('XADD', endpoint .. ':attempts', 'MAXLEN', '~', max_attempts, '*', 'a', ARGV[at])
end
local excess = redis.call('MEMORY', 'USAGE', endpoint .. ':attempts') * redis.call('ZCARD', KEYS[1]) / max_attempt_bytes
if excess > 1 then
  redis.call('XTRIM', endpoint .. ':attempts', 'MAXLEN', '~', math.floor(redis.call('XLEN', endpoint .. ':attempts') / excess))
end
redis.call('HDEL', delivery, 'lost_attempts')

-- A delivery is never undone, and a sender whose lease has expired must not overwrite a later attempt. A result that is
-- sent again because the reply was lost has no effect either.
local state, attempts, sequence = unpack(redis.call('HMGET', delivery, 'state', 'attempts', 'sequence'))
local is_late = state ~= 'sending' or attempts ~= attempt

-- `asked_until`: the hold that the endpoint itself has asked for, perhaps after this request was sent.
local asked_until = math.max(hold_until, tonumber(redis.call('HGET', endpoint, 'asked_until') or 0))
local failures, failing_since = 0, tonumber(redis.call('HGET', endpoint, 'failing_since') or 0)
if result == 'delivered' then
  redis.call('HSET', endpoint, 'failures', 0, 'failing_since', 0, 'hold_until', asked_until)
elseif result ~= 'filtered' and not is_late then
  failures = redis.call('HINCRBY', endpoint, 'failures', 1)
  if failing_since == 0 then
    failing_since = now
    redis.call('HSET', endpoint, 'failing_since', now)
  end
  local excess = failures - tonumber(max_failures)
  if excess >= 0 then -- circuit breaker: the interval between probes doubles
    local interval = math.min(tonumber(min_probe_interval) * 2 ^ math.min(excess, 20), tonumber(max_probe_interval))
    hold_until = now + interval * tonumber(jitter_factor)
  end
  hold_until = math.max(hold_until, asked_until)
  if hold_until > now then redis.call('HSET', endpoint, 'hold_until', hold_until, 'asked_until', asked_until) end
end

if not state then return {failures, failing_since} end
if result ~= 'delivered' and is_late then return {failures, failing_since} end
if result == 'waiting' then
  redis.call('ZADD', endpoint .. ':due', next_attempt_at, message_id)
  redis.call('HSET', delivery, 'state', result)
  return {failures, failing_since}
end
remove_waiting(endpoint, message_id)
redis.call('DEL', delivery)
if result == 'dead' then
  redis.call('ZADD', endpoint .. ':dead', now, message_id)
  redis.call('ZREMRANGEBYRANK', endpoint .. ':dead', 0, -1 - max_dead_letters)
end
finish(endpoint_id, message_id, sequence, result == 'dead', tonumber(max_kept_bytes), delivered_ttl, dead_ttl)
return {failures, failing_since}
