-- Sets the newest version of a key. KEYS[1]: the version in 20 digits, and the value behind it. ARGV: version in 20
-- digits, value, keep in milliseconds.
local stands = redis.call('GETRANGE', KEYS[1], 0, 19)
-- As text: Lua's numbers are exact up to 2^53 only.
if stands ~= '' and stands >= ARGV[1] then
    return 0
end
redis.call('SET', KEYS[1], ARGV[1] .. ARGV[2], 'PX', ARGV[3])
return 1
