-- Takes debts of a counter back.
-- KEYS: the counter. ARGV: how much of the fast rate and of the slow one, in milliseconds.
local counter = redis.call('GET', KEYS[1])
if not counter then return 0 end
local f, s = counter:match('^c(%d+) (%d+)$')
if not f then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- A debt that ends in the past is none.
local fast, slow = math.max(f - ARGV[1], now), math.max(s - ARGV[2], now)
local stays = math.max(fast, slow) - now
if stays > 0 then
    local ends = string.format('c%.0f %.0f', fast, slow)
    redis.call('SET', KEYS[1], ends, 'PX', string.format('%.0f', stays))
else
    redis.call('DEL', KEYS[1])
end
return 1
