-- Lets a revoked session leave the index of its subject when its row does.
-- KEYS: the bucket. ARGV: how long it stays, in seconds; the member.
redis.call('ZADD', KEYS[1], 'XX', redis.call('TIME')[1] + ARGV[1], ARGV[2])
return 1
