#!lua flags=allow-oom
-- mark SEQ HELD KILL BY: a handed job is to be stopped. This node does it, or the one that holds the job is told.

local seq, held, kill, by = number_of(ARGV[3]), ARGV[4] == '1', ARGV[5] == '1', ARGV[6]
local key = prefix .. 'job:' .. seq
local job = call('HMGET', key, 's', 'h')
local state, holder = job[1], job[2]
if held and (not is_living() or state ~= 'h' or holder ~= epoch) then
    return {LOST}
elseif state ~= 'h' then
    return {not state and UNKNOWN or MOVED}
end
call('HSET', key, 'c', 1)
if not held and look('n' .. holder)['n' .. holder] then
    push(holder, table.concat({'stop', seq, kill and 'kill' or 'cancel', by}, '\n'), true)
end
return {OK}
