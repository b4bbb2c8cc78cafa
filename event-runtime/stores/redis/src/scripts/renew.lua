-- Lets the claim of ARGV[1] on KEYS[1] hold for ARGV[2] milliseconds from now. Returns whether it was held.
local ttl = tonumber(ARGV[2])
local held = redis.call('HMGET', KEYS[1], 'state', 'token', 'retention')
if held[1] ~= 'claimed' or held[2] ~= ARGV[1] then
    return 0
end
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], 'until', time[1] * 1000 + math.floor(time[2] / 1000) + ttl)
redis.call('PEXPIRE', KEYS[1], ttl + tonumber(held[3]))
return 1
