#!lua flags=no-writes
-- held: what this node holds. A Redis that has forgotten its last writes in a crash, or a replica that took over, may
-- say so of jobs that the node has given back.

local MOST = 1000 -- 5 ms or so
if not is_living() then
    return {LOST}
end
return {OK, rows(call('ZRANGE', prefix .. 'held:' .. epoch, 0, MOST - 1))}
