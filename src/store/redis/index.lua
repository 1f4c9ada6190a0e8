-- Enters a session into the index of its subject, and drops from that bucket what ended long ago.
-- KEYS: the bucket. ARGV: when the session ends, in seconds; the member; how long an ended one
-- stays, in seconds.
-- By the clock that lets the rows expire: an application whose clock is wrong drops nothing that
-- lives. A member that is there already stays as it is: it may be about to leave.
local now = redis.call('TIME')[1]
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[3])
redis.call('ZADD', KEYS[1], 'NX', ARGV[1], ARGV[2])
return 1
