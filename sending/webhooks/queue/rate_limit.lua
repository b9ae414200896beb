-- Shared: counts a request to an endpoint, and returns whether it is one too many in this second. 0 means unlimited.
local function exceeds_rate_limit(endpoint, rate_limit, now)
  if rate_limit == 0 then return false end
  local counter = endpoint .. ':second:' .. math.floor(now)
  if redis.call('INCR', counter) > rate_limit then return true end
  redis.call('EXPIRE', counter, 3)
  return false
end
