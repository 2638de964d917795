"""The steps of the queue that must not be half done, as scripts that Redis runs as a whole.

Keys: `images:in` (stream of pictures that wait or are in flight; consumer group `consumers`), `images:dead` (stream of
dead letters), `images:counts` (hash: pushed, done, dropped, bytes), `images:open` (hash: which entry a picture has in
`images:in`), `images:dead:by` (hash: which dead letter a picture has), `images:tries` (hash: tries of an entry),
`images:alone` (who tries a suspect), and `image:<sha256>` (a picture's bytes).
"""

from __future__ import annotations

__all__ = [
    "ALONE",
    "COUNT",
    "COUNTS",
    "DEAD",
    "DEAD_BY",
    "DONE",
    "DROP",
    "END_DEAD",
    "GROUP",
    "HOLD_ALONE",
    "IN",
    "NOTE_TRIES",
    "OPEN",
    "PUSH",
    "RELEASE",
    "RETRY",
    "SIGN",
    "SWEEP",
    "TRIES",
    "image_key",
]

IN = "images:in"
DEAD = "images:dead"
COUNTS = "images:counts"
OPEN = "images:open"
DEAD_BY = "images:dead:by"
TRIES = "images:tries"
ALONE = "images:alone"
GROUP = "consumers"


def image_key(sha256: str) -> str:
    """Key of a picture's bytes."""
    return f"image:{sha256}"


# Keys: in, counts, open, dead, dead:by, image. Arguments: sha256, name, request id, time, size, content, seconds that
# the content stays, pictures at most, bytes at most. Answers new, again (it was a dead letter), known or full.
PUSH = """
local known = redis.call('HGET', KEYS[3], ARGV[1])
if known then
  redis.call('SET', KEYS[6], ARGV[6], 'EX', ARGV[7])
  return {'known', known}
end
local waiting = redis.call('XLEN', KEYS[1])
local bytes = tonumber(redis.call('HGET', KEYS[2], 'bytes') or '0')
if waiting >= tonumber(ARGV[8]) or (waiting > 0 and bytes + tonumber(ARGV[5]) > tonumber(ARGV[9])) then
  return {'full', ''}
end
redis.call('SET', KEYS[6], ARGV[6], 'EX', ARGV[7])
local id = redis.call('XADD', KEYS[1], '*', 'sha256', ARGV[1], 'name', ARGV[2], 'request_id', ARGV[3],
  'pushed', ARGV[4], 'bytes', ARGV[5])
redis.call('HSET', KEYS[3], ARGV[1], id)
redis.call('HINCRBY', KEYS[2], 'bytes', ARGV[5])
local dead = redis.call('HGET', KEYS[5], ARGV[1])
if dead then
  redis.call('HDEL', KEYS[5], ARGV[1])
  if redis.call('XDEL', KEYS[4], dead) == 1 then
    return {'again', id}
  end
end
redis.call('HINCRBY', KEYS[2], 'pushed', 1)
return {'new', id}
"""

# What both ends of a picture do. An entry that no longer is pending was ended by another consumer: nothing is counted.
# An entry without `bytes` was added by another program, so that it was not counted when it was pushed. (Redis takes no
# -0 for a number.)
_END = """
if redis.call('XACK', KEYS[1], 'consumers', ARGV[1]) == 0 then
  return 0
end
redis.call('XDEL', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[4], ARGV[1])
if redis.call('HGET', KEYS[3], ARGV[2]) == ARGV[1] then
  redis.call('HDEL', KEYS[3], ARGV[2])
end
if ARGV[3] == '' then
  redis.call('HINCRBY', KEYS[2], 'pushed', 1)
else
  redis.call('HINCRBY', KEYS[2], 'bytes', 0 - tonumber(ARGV[3]))
end
"""

# How many pictures are where, all at one moment. Keys: in, counts, dead. A script, as Redis refuses transactions while
# it is full. Answers pushed, done, dropped, bytes, length of the queue, in flight, dead letters.
COUNT = """
local answer = redis.call('HMGET', KEYS[2], 'pushed', 'done', 'dropped', 'bytes')
for i = 1, 4 do
  answer[i] = tonumber(answer[i] or '0') or 0
end
answer[5] = redis.call('XLEN', KEYS[1])
local pending = redis.pcall('XPENDING', KEYS[1], 'consumers')
answer[6] = pending['err'] and 0 or pending[1]
answer[7] = redis.call('XLEN', KEYS[3])
return answer
"""

# Keys: in, counts, open, tries, image. Arguments: entry, sha256, size or nothing.
DONE = (
    _END
    + """
redis.call('HINCRBY', KEYS[2], 'done', 1)
if redis.call('HEXISTS', KEYS[3], ARGV[2]) == 0 then
  redis.call('DEL', KEYS[5])
end
return 1
"""
)

# Keys: in, counts, open, tries, dead, dead:by. Arguments: entry, sha256, size or nothing, name, request id, time
# pushed, code, reason, tries, time.
END_DEAD = (
    _END
    + """
local id = redis.call('XADD', KEYS[5], '*', 'sha256', ARGV[2], 'bytes', ARGV[3], 'name', ARGV[4],
  'request_id', ARGV[5], 'pushed', ARGV[6], 'code', ARGV[7], 'reason', ARGV[8], 'tries', ARGV[9], 'time', ARGV[10])
redis.call('HSET', KEYS[6], ARGV[2], id)
return 1
"""
)

# Keys: in, counts, open, dead, dead:by, image. Argument: dead letter. Answers again, gone, expired or known.
RETRY = """
local letter = redis.call('XRANGE', KEYS[4], ARGV[1], ARGV[1])[1]
if not letter then
  return 'gone'
end
local fields = {sha256 = '', name = '', request_id = '', pushed = ''}
for i = 1, #letter[2], 2 do
  fields[letter[2][i]] = letter[2][i + 1]
end
if redis.call('HEXISTS', KEYS[3], fields['sha256']) == 1 then
  return 'known'
end
local size = redis.pcall('STRLEN', KEYS[6])
if type(size) == 'table' then
  size = 0
end
if size == 0 and fields['bytes'] ~= '0' then
  return 'expired'
end
redis.call('XDEL', KEYS[4], ARGV[1])
redis.call('HDEL', KEYS[5], fields['sha256'])
local id = redis.call('XADD', KEYS[1], '*', 'sha256', fields['sha256'], 'name', fields['name'],
  'request_id', fields['request_id'], 'pushed', fields['pushed'], 'bytes', size)
redis.call('HSET', KEYS[3], fields['sha256'], id)
redis.call('HINCRBY', KEYS[2], 'bytes', size)
return 'again'
"""

# Keys: counts, open, dead, dead:by, image. Arguments: dead letter, sha256. Answers 1, or 0 if it is gone.
DROP = """
if redis.call('XDEL', KEYS[3], ARGV[1]) == 0 then
  return 0
end
if redis.call('HGET', KEYS[4], ARGV[2]) == ARGV[1] then
  redis.call('HDEL', KEYS[4], ARGV[2])
end
if redis.call('HEXISTS', KEYS[2], ARGV[2]) == 0 then
  redis.call('DEL', KEYS[5])
end
redis.call('HINCRBY', KEYS[1], 'dropped', 1)
return 1
"""

# The next two are scripts so that they work while Redis is full: it refuses what needs memory, but not in a script that
# has written before. Else nothing could end, which is what makes room.

# How often an entry was tried. Keys: tries. Arguments: entry, tries.
NOTE_TRIES = """
redis.call('HDEL', KEYS[1], ARGV[1])
return redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
"""

# Be the only one who tries a suspect. Keys: tries, alone. Arguments: who, milliseconds. Answers 1, or 0 if another is.
HOLD_ALONE = """
redis.call('HDEL', KEYS[1], '')
if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then
  return 1
end
return 0
"""

# A sign of life for entries that still are this consumer's. Keys: in. Arguments: consumer, entries. Answers how many.
SIGN = """
local mine = 0
for i = 2, #ARGV do
  if #redis.call('XPENDING', KEYS[1], 'consumers', ARGV[i], ARGV[i], 1, ARGV[1]) == 1 then
    redis.call('XCLAIM', KEYS[1], 'consumers', ARGV[1], 0, ARGV[i], 'JUSTID')
    mine = mine + 1
  end
end
return mine
"""

# Let others take over at once what this consumer leaves. Keys: in. Arguments: consumer, milliseconds, entries.
RELEASE = """
for i = 3, #ARGV do
  if #redis.call('XPENDING', KEYS[1], 'consumers', ARGV[i], ARGV[i], 1, ARGV[1]) == 1 then
    redis.call('XCLAIM', KEYS[1], 'consumers', ARGV[1], 0, ARGV[i], 'IDLE', ARGV[2], 'JUSTID')
  end
end
return 1
"""

# Forget the names of consumers that are long dead and have nothing. Keys: in. Argument: milliseconds.
SWEEP = """
for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], 'consumers')) do
  local values = {}
  for i = 1, #consumer, 2 do
    values[consumer[i]] = consumer[i + 1]
  end
  if values['pending'] == 0 and values['idle'] > tonumber(ARGV[1]) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], 'consumers', values['name'])
  end
end
return 1
"""
