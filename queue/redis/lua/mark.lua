#!lua flags=allow-oom
-- mark SEQ HELD KILL BY OVER: with OVER, an ended job without a key is kept until then at most. Else a handed one is to be
-- stopped: this node does it, or the one that holds the job is told.

local seq, held, kill, by, over = number_of(ARGV[3]), ARGV[4] == '1', ARGV[5] == '1', ARGV[6], ARGV[7]
local key = prefix .. 'job:' .. seq
local job = call('HMGET', key, 's', 'h', 'k')
local state, holder = job[1], job[2]

local function shorten()
    if state ~= 'e' then
        return not state and UNKNOWN or MOVED
    end
    if not job[3] then
        call('ZADD', prefix .. 'over', 'XX', 'LT', over, seq)
    end
    return OK
end

local function stop()
    if held and (not is_living() or state ~= 'h' or holder ~= epoch) then
        return LOST
    elseif state ~= 'h' then
        return not state and UNKNOWN or MOVED
    end
    call('HSET', key, 'c', 1)
    if not held and look('n' .. holder)['n' .. holder] then
        push(holder, table.concat({'stop', seq, kill and 'kill' or 'cancel', by}, '\n'), true)
    end
    return OK
end

return {over ~= '0' and shorten() or over == '0' and stop()}
