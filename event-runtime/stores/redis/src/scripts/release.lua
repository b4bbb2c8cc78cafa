-- Gives up the claim of ARGV[1] on KEYS[1], and keeps the count of those that were abandoned before. Returns whether it was held.
local held = redis.call('HMGET', KEYS[1], 'state', 'token', 'abandoned')
if held[1] ~= 'claimed' or held[2] ~= ARGV[1] then
    return 0
end
if held[3] == '0' then
    redis.call('DEL', KEYS[1])
else
    redis.call('HSET', KEYS[1], 'state', 'released')
end
return 1
