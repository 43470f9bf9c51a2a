#!lua flags=allow-oom
-- ended SEQ HELD IS_DONE OVER OUTCOME RESULT ATTEMPT FAILURES LOSSES REASON: the job's outcome. Of a held job, only its
-- living holder's counts.

local INPUT_MAX = 1024 -- a greater input of a done job goes at once, others with the job
local seq, held, is_done, over = number_of(ARGV[3]), ARGV[4] == '1', ARGV[5] == '1', ARGV[6]
local outcome, result, attempt, failures, losses = ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11]
local reason = ARGV[12]
local key, input = prefix .. 'job:' .. seq, prefix .. 'in:' .. seq
local job = call('HMGET', key, 's', 'h', 't', 'M', 'O', 'F', 'n', 'i', 'x')
local state, holder, module, owner = job[1], job[2], job[4] or '', job[5] or ''
local before, after, mine = (state or 'w') .. module, 'e' .. module, 'o' .. owner
local known = look('n' .. epoch, before, after, mine, 'W')

local function refusal()
    if state == 'e' and job[3] == token then
        return OK -- a repeat
    elseif not held then
        return not state and UNKNOWN or state ~= 'w' and state ~= 'd' and MOVED
    elseif not known['n' .. epoch] or state and (state ~= 'h' or holder ~= epoch) then
        call('HINCRBY', prefix .. 'totals', 'refused', 1)
        return LOST
    end
    return not state and OK -- an earlier try of this call has ended it, and it was forgotten since
end

local status = refusal()
if status then
    return {status}
end
apply(known, {before, -1, after, 1, mine, -1})
if held then
    call('ZREM', prefix .. 'held:' .. epoch, seq)
else
    unplace(known, seq, state, module, job[9])
end
call('ZADD', prefix .. 'over', over, seq)
local fields = {'s', 'e', 'a', attempt, 'f', failures, 'l', losses, 't', token, 'y', #outcome, 'r', #result}
if not is_done then
    fields[#fields + 1] = 'q'
    fields[#fields + 1] = 1
elseif tonumber(job[8]) > INPUT_MAX then
    call('SET', input, text_of(input, tonumber(job[7])))
end
call('HSET', key, unpack(fields))
call('SET', prefix .. 'out:' .. seq, outcome .. result)
if job[6] then
    call('HDEL', key, 'F')
    tell(job[6], WANTS_ANY, 'changed\n' .. seq)
end
watch(known, is_done and 'done' or 'failed', seq, attempt, module, reason)
return {OK}
