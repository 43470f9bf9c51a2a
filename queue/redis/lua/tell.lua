#!lua flags=allow-oom
-- tell SEQ WHAT FIELDS ATTEMPT: followers of a held job hear that it has started, or of its progress.

local seq, what, fields, attempt = number_of(ARGV[3]), ARGV[4], ARGV[5], ARGV[6]
local job = call('HMGET', prefix .. 'job:' .. seq, 's', 'h', 'M', 'F')
if not is_living() or job[1] ~= 'h' or job[2] ~= epoch then
    return {LOST}
end
local node, count = prefix .. 'node:' .. epoch, tonumber(token:match(':(%d+)$'))
if count <= tonumber(call('HGET', node, 'told') or 0) then
    return {OK} -- a repeat: all have heard it
end
call('HSET', node, 'told', count)
local want = what == 'started' and WANTS_STARTED or WANTS_PROGRESS
tell(job[4] or '', want, table.concat({what, seq, fields}, '\n'))
if what == 'started' then
    watch(look('W'), what, seq, attempt, job[3], '')
end
return {OK}
