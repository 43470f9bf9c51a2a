#!lua flags=allow-oom
-- forget SEQ: an ended job is gone.

local seq = number_of(ARGV[3])
local state = call('HGET', prefix .. 'job:' .. seq, 's')
if not state then
    return {UNKNOWN}
elseif state ~= 'e' then
    return {MOVED}
end
remove({seq})
return {OK}
