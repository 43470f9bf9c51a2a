#!lua flags=no-writes
-- nodes: the members, and dead ones whose jobs are not yet taken over, by their names.

local all = {}
local function note(node, lease_end)
    local about = call('HMGET', prefix .. 'node:' .. node, 'name', 'version', 'since', 'seen')
    all[#all + 1] = {node, about[1], about[2], about[3], about[4], lease_end, call('ZCARD', prefix .. 'held:' .. node)}
end

local members = call('ZRANGE', prefix .. 'nodes', 0, -1, 'WITHSCORES')
for i = 1, #members, 2 do
    note(members[i], members[i + 1])
end
for _, node in ipairs(call('SMEMBERS', prefix .. 'dead')) do
    note(node, '0')
end
table.sort(all, function(a, b)
    local name, other = a[2] or '', b[2] or ''
    return name < other or name == other and tonumber(a[1]) < tonumber(b[1])
end)
return {OK, clock(), all}
