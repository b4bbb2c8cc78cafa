-- Claims KEYS[1]. ARGV: token, digest, generation, milliseconds that the claim holds, milliseconds for which an abandoned claim
-- is remembered after that. Returns {0, abandoned} where it is granted, {1, milliseconds} while somebody else holds a claim,
-- {2, 0} where the message was handled, {3, 0} where another payload is in the way.
local token, digest, generation = ARGV[1], ARGV[2], ARGV[3]
local ttl, retention = tonumber(ARGV[4]), tonumber(ARGV[5])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = redis.call('HMGET', KEYS[1], 'state', 'token', 'until', 'digest', 'generation', 'abandoned')
local abandoned = 0
if held[1] then
    local same = held[4] == digest
    local claimed = held[1] == 'claimed' and held[2] ~= token
    local left = tonumber(held[3]) - now
    if held[1] == 'completed' or (claimed and left > 0) then
        if not same then
            return { 3, 0 }
        end
        return held[1] == 'completed' and { 2, 0 } or { 1, left }
    end
    if same and held[5] == generation then
        abandoned = tonumber(held[6]) + (claimed and 1 or 0)
    end
end
redis.call('HSET', KEYS[1], 'state', 'claimed', 'token', token, 'until', now + ttl, 'digest', digest,
    'generation', generation, 'abandoned', abandoned, 'retention', retention)
redis.call('PEXPIRE', KEYS[1], ttl + retention)
return { 0, abandoned }
