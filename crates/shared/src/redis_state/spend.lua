-- Takes tokens out of a bucket, as Rate::decide does. Times are microseconds of the server's clock, exact in Lua's
-- numbers until the year 2255.
-- KEYS[1]: the moment at which the bucket is full again. ARGV: refill of one token, burst, cost.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local refill, cost = tonumber(ARGV[1]), tonumber(ARGV[3])
local fill = refill * tonumber(ARGV[2])
local full = tonumber(redis.call('GET', KEYS[1]) or now)
-- Never longer than an empty bucket needs, whatever clock or other rate has written it.
full = math.max(now, math.min(full, now + fill))
local after = full + refill * cost
if after > now + fill then
    return { 0, after - (now + fill) }
end
if cost > 0 then
    -- Not tostring: that rounds to 14 digits.
    redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000))
end
return { 1, math.floor((now + fill - after) / refill) }
