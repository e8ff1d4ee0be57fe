-- Takes one try (GCRA), all at once or not at all.
--
-- KEYS[1]  when the subject has its whole quota back, in microseconds since 1970; no key: it has it now
-- ARGV[1]  microseconds until one more try
-- ARGV[2]  tries at once
-- ARGV[3]  now, in microseconds since 1970; absent: by this server's own clock
--
-- Answers {1, tries left} or {0, microseconds to wait}.

local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local now = tonumber(ARGV[3])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end

local whole = now
local stored = redis.call('GET', KEYS[1])
if stored then
  -- Text that is no number must not count as 0, which would be no limit.
  if #stored > 16 or not string.find(stored, '^%d+$') then
    return redis.error_reply('ERR a key of a rate limit holds something else')
  end
  whole = math.max(now, tonumber(stored))
end

-- Later than any limit lasts: the clock was set back, or the quota is smaller than it was. Stored as the longest
-- that there is, or the subject would be refused until the old time comes.
local longest = now + burst * interval
local capped = whole > longest
whole = math.min(whole, longest)

local allowed = whole + interval <= longest
if allowed then
  whole = whole + interval
end
if allowed or capped then
  -- Numbers of this size would be written with an exponent. The key may outlive the limit, never the other way round.
  redis.call('SET', KEYS[1], string.format('%.0f', whole), 'PX', math.ceil((whole - now) / 1000) + 1000)
end

if allowed then
  return { 1, math.floor((longest - whole) / interval) }
end
return { 0, whole + interval - longest }
