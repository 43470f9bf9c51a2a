#!lua flags=allow-oom
-- shorten SEQ OVER ...: outcomes of ended jobs without a key are kept until then at most.

local statuses, marks = {}, {}
for i = 3, #ARGV, 2 do
    local seq = number_of(ARGV[i])
    local job = call('HMGET', prefix .. 'job:' .. seq, 's', 'k')
    local state, hash = job[1], job[2]
    statuses[#statuses + 1] = state == 'e' and OK or state and MOVED or UNKNOWN
    if state == 'e' and not hash then
        marks[#marks + 1] = ARGV[i + 1]
        marks[#marks + 1] = seq
    end
end
if #marks > 0 then
    call('ZADD', prefix .. 'over', 'XX', 'LT', unpack(marks))
end
return {OK, statuses}
