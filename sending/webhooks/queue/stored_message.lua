-- Shared: a message is stored as a list: the event type, the body, three counts, and `<endpoint> <sequence>` for each
-- endpoint that is done with it. The counts: all its endpoints, those waiting for it, those for which it is dead.
local BODY, ENDPOINTS, WAITING, DEAD, FIRST_RESULT = 1, 2, 3, 4, 5
local MESSAGE_OVERHEAD_BYTES = 200 -- of a waiting message: its keys and its place in the queue

local function message_key(id) return 'message:' .. id end

local function add(message, index, number)
  local sum = tonumber(redis.call('LINDEX', message, index)) + number
  redis.call('LSET', message, index, sum)
  return sum
end

-- An endpoint's `waiting_bytes`: approximately how much memory the messages that wait for it use.
local function count_waiting(endpoint, body)
  redis.call('HINCRBY', endpoint, 'waiting_bytes', #body + MESSAGE_OVERHEAD_BYTES)
end

-- Removes a message from those that wait for an endpoint. Returns 1, or 0 if it was not among them.
local function remove_waiting(endpoint, id)
  if redis.call('ZREM', endpoint .. ':due', id) == 0 then return 0 end
  local left = redis.call('ZCARD', endpoint .. ':due')
  local bytes = tonumber(redis.call('HGET', endpoint, 'waiting_bytes') or 0)
  local body = redis.call('LINDEX', message_key(id), BODY)
  local size = body and #body + MESSAGE_OVERHEAD_BYTES or math.floor(bytes / (left + 1)) -- an expired message
  redis.call('HSET', endpoint, 'waiting_bytes', left == 0 and 0 or bytes - size)
  return 1
end

-- The first number in an entry of a list of kept messages: the total bytes of all messages up to and including it.
local function bytes_up_to(kept, index)
  return tonumber(string.match(redis.call('LINDEX', kept, index) or '', '^%d+') or 0)
end

-- Forgets the oldest kept messages until at most this many bytes remain, except messages that are being sent again.
local function forget_oldest(kept, max_bytes)
  while bytes_up_to(kept, -1) - bytes_up_to(kept, 0) > max_bytes do
    local message = message_key(string.match(redis.call('LPOP', kept), ' (.+)$'))
    if redis.call('LINDEX', message, WAITING) == '0' then redis.call('DEL', message) end
  end
end

-- Keeps a message that no endpoint is waiting for.
local function keep(id, kept, max_bytes, ttl)
  local bytes = bytes_up_to(kept, -1) + redis.call('MEMORY', 'USAGE', message_key(id))
  redis.call('RPUSH', kept, string.format('%.0f %s', bytes, id))
  redis.call('EXPIRE', kept, ttl)
  redis.call('EXPIRE', message_key(id), ttl)
  forget_oldest(kept, max_bytes)
end

-- Records that an endpoint is done with a message.
local function finish(endpoint_id, id, sequence, is_dead, max_bytes, delivered_ttl, dead_ttl)
  local message = message_key(id)
  if redis.call('EXISTS', message) == 0 then return end
  redis.call('RPUSH', message, endpoint_id .. ' ' .. sequence)
  local dead = add(message, DEAD, is_dead and 1 or 0)
  if add(message, WAITING, -1) > 0 then return end
  if dead > 0 then
    keep(id, 'messages:dead', max_bytes, dead_ttl)
  else
    keep(id, 'messages:delivered', max_bytes, delivered_ttl)
  end
end
