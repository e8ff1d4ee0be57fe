-- Takes one try of each key (GCRA). No other command runs in between.
--
-- KEYS[n]      when the subject has its whole quota back, in microseconds since 1970; no key: it has it now
-- ARGV[3n-2]   microseconds until one more try
-- ARGV[3n-1]   tries at once
-- ARGV[3n]     now, in microseconds since 1970; empty: by this server's own clock
--
-- Answers two numbers for each key, in one list: 1 and the tries left, 0 and the microseconds to wait, or -1 and 0 if
-- the key holds something else.

local clock
local function own_clock()
  if not clock then
    local time = redis.call('TIME')
    clock = time[1] * 1000000 + time[2]
  end
  return clock
end

local answers = {}
for n, key in ipairs(KEYS) do
  local interval, burst = tonumber(ARGV[3 * n - 2]), tonumber(ARGV[3 * n - 1])
  local now = tonumber(ARGV[3 * n]) or own_clock()
  local first, second = -1, 0
  local stored = redis.pcall('GET', key)
  if type(stored) == 'table' and not string.find(stored.err, 'WRONGTYPE', 1, true) then
    return stored
  end
  -- Text that is no number must not count as 0, which would be no limit.
  if not stored or type(stored) == 'string' and #stored <= 16 and string.find(stored, '^%d+$') then
    local whole = stored and math.max(now, tonumber(stored)) or now

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
      redis.call('SET', key, string.format('%.0f', whole), 'PX', math.ceil((whole - now) / 1000) + 1000)
    end

    if allowed then
      first, second = 1, math.floor((longest - whole) / interval)
    else
      first, second = 0, whole + interval - longest
    end
  end
  answers[2 * n - 1], answers[2 * n] = first, second
end
return answers
