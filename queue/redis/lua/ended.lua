#!lua flags=allow-oom
-- ended SEQ HELD IS_DONE OVER OUTCOME RESULT ATTEMPT FAILURES LOSSES REASON: the job's outcome. Of a held job, only its
-- living holder's counts.

local seq, held, is_done, over = number_of(ARGV[3]), ARGV[4] == '1', ARGV[5] == '1', ARGV[6]
local outcome, result, attempt, failures, losses = ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11]
local reason = ARGV[12]
local key, input = prefix .. 'job:' .. seq, prefix .. 'in:' .. seq
local job = call('HMGET', key, 's', 'h', 't', 'M', 'O', 'F', 'n', 'i')
local state, holder, module = job[1], job[2], job[4]
if state == 'e' and job[3] == token then
    return {OK} -- a repeat
end

local function refusal()
    if not held then
        return not state and UNKNOWN or state ~= 'w' and state ~= 'd' and MOVED
    end
    if not is_living() or state and (state ~= 'h' or holder ~= epoch) then
        call('HINCRBY', prefix .. 'totals', 'refused', 1)
        return LOST
    end
    return not state and OK -- an earlier try of this call has ended it, and it was forgotten since
end

local status = refusal()
if status then
    return {status}
end
if held then
    unhold(seq, module)
else
    unplace(seq, state, module)
end
call('ZADD', prefix .. 'over', over, seq)
count('e', module, 1)
add(prefix .. 'owners', job[5], -1)
call('HSET', key, 's', 'e', 'a', attempt, 'f', failures, 'l', losses, 't', token, 'v', over, 'y', #outcome, 'r', #result)
call('SET', prefix .. 'out:' .. seq, outcome .. result)
if not is_done then
    call('HSET', key, 'q', 1)
elseif job[8] ~= '0' then -- it never runs again
    call('SET', input, body(input, tonumber(job[7]), 0, false, 0))
end
if job[6] then
    call('HDEL', key, 'F')
    tell(job[6], WANTS_ANY, 'changed\n' .. seq)
end
watch(is_done and 'done' or 'failed', seq, attempt, module, reason)
return {OK}
