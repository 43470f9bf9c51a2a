#!lua flags=allow-oom
-- load SEQ WITH_INPUT WITH_RESULT ONLY_SMALL WANTS: a job. With WANTS, this node follows a job that has not ended.

local seq, wants = number_of(ARGV[3]), ARGV[7]
local job = row(seq, ARGV[4] == '1', ARGV[5] == '1', tonumber(ARGV[6]))
if not job then
    return {UNKNOWN}
end
local state, holder = job[2], job[9]
if wants ~= '0' and state ~= 'e' and is_living() then
    job[12] = follow(seq, job[12] or '', wants)
    if state == 'h' and holder ~= epoch and look('n' .. holder)['n' .. holder] then
        push(holder, 'followed\n' .. seq .. '\n' .. wanted(job[12], holder), true)
    end
end
return {OK, job}
