-- Acquires a slot for an endpoint until the lease ends. Returns 1, or 0 if nothing may be sent to the endpoint now.
local endpoint, slot, now, lease_end = 'endpoint:' .. ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local max_concurrency, max_failures = tonumber(ARGV[5]), tonumber(ARGV[6])
local state, hold_until, failures = unpack(redis.call('HMGET', endpoint, 'state', 'hold_until', 'failures'))
if state ~= 'enabled' or tonumber(hold_until or 0) > now then return 0 end
redis.call('ZREMRANGEBYSCORE', endpoint .. ':slots', '-inf', now)
local slots = tonumber(failures or 0) >= max_failures and 1 or max_concurrency
if redis.call('ZCARD', endpoint .. ':slots') >= slots then return 0 end
return redis.call('ZADD', endpoint .. ':slots', lease_end, slot)
