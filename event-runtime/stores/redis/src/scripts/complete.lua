-- Records that the message of KEYS[1] was handled under the claim of ARGV[1], for ARGV[2] milliseconds. Returns whether it was
-- held.
local held = redis.call('HMGET', KEYS[1], 'state', 'token')
if (held[1] ~= 'claimed' and held[1] ~= 'completed') or held[2] ~= ARGV[1] then
    return 0
end
redis.call('HSET', KEYS[1], 'state', 'completed')
redis.call('PEXPIRE', KEYS[1], tonumber(ARGV[2]))
return 1
