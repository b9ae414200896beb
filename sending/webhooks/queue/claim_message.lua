-- Claims the first due message and renews the slot's lease. Returns
-- {message, event type, body, sequence, attempt, lost attempts, number of endpoints}, or nil after releasing the slot.
-- A claim that is sent again because its reply was lost gets the same reply.
-- A sender whose lease has expired claims nothing; it releases its slot only if it had one (had_slot = '1').
-- KEYS: the sorted set of endpoints, scored by the time of their next attempt.
local endpoint_id, slot, now, lease_end = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local rate_limit, max_failures, had_slot, ttl = tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7] == '1', ARGV[8]
local endpoint = 'endpoint:' .. endpoint_id
local has_slot = redis.call('ZSCORE', endpoint .. ':slots', slot)
local claimed_by_slot = endpoint .. ':claimed:' .. slot -- the message and the number of its attempt

local function may_send()
  local state, hold_until, failures = unpack(redis.call('HMGET', endpoint, 'state', 'hold_until', 'failures'))
  if state ~= 'enabled' or tonumber(hold_until or 0) > now then return false end
  return tonumber(failures or 0) < max_failures or redis.call('ZCARD', endpoint .. ':slots') <= 1
end

local function describe(message_id, delivery, message)
  local sequence, attempt, lost_attempts = unpack(redis.call('HMGET', delivery, 'sequence', 'attempts', 'lost_attempts'))
  return {message_id, message[1], message[2], sequence, tonumber(attempt), lost_attempts, message[ENDPOINTS + 1]}
end

local function find_claimed()
  local message_id, attempt = string.match(redis.call('GET', claimed_by_slot) or '', '^(%S+) (%d+)$')
  if not message_id then return nil end
  local delivery = 'delivery:' .. message_id .. ':' .. endpoint_id
  local state, attempts = unpack(redis.call('HMGET', delivery, 'state', 'attempts'))
  local message = redis.call('LRANGE', message_key(message_id), 0, ENDPOINTS)
  if state ~= 'sending' or attempts ~= attempt or #message == 0 then return nil end
  return describe(message_id, delivery, message)
end

local function start_attempt(message_id, delivery, message)
  redis.call('ZADD', endpoint .. ':due', lease_end, message_id)
  redis.call('ZADD', endpoint .. ':slots', lease_end, slot)
  -- If the state is still `sending`, the process that made the last attempt has died.
  if redis.call('HGET', delivery, 'state') == 'sending' then redis.call('HINCRBY', delivery, 'lost_attempts', 1) end
  if redis.call('HEXISTS', delivery, 'sequence') == 0 then
    redis.call('HSET', delivery, 'sequence', redis.call('HINCRBY', endpoint, 'sequence', 1))
  end
  redis.call('HSET', delivery, 'state', 'sending', 'started_at', now)
  redis.call('EXPIRE', delivery, ttl)
  local attempt = redis.call('HINCRBY', delivery, 'attempts', 1)
  redis.call('SET', claimed_by_slot, message_id .. ' ' .. attempt, 'EX', math.floor(lease_end - now))
  return describe(message_id, delivery, message)
end

local function claim()
  if not may_send() then return nil end
  for _, message_id in ipairs(redis.call('ZRANGEBYSCORE', endpoint .. ':due', '-inf', now, 'LIMIT', 0, 100)) do
    local delivery = 'delivery:' .. message_id .. ':' .. endpoint_id
    local message = redis.call('LRANGE', message_key(message_id), 0, ENDPOINTS)
    if #message == 0 then -- expired
      remove_waiting(endpoint, message_id)
    elseif exceeds_rate_limit(endpoint, rate_limit, now) then
      return nil
    else
      return start_attempt(message_id, delivery, message)
    end
  end
  return nil
end

local claimed = has_slot and (find_claimed() or claim())
if not claimed and (has_slot or had_slot) then release_slot(endpoint_id, slot) end
return claimed
