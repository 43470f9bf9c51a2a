#!lua flags=allow-oom
-- join NAME VERSION LEASE_MS: a new node. Its epoch is a time: so no other node has the same one, even if Redis has
-- forgotten the last joins in a crash. Its number is the epoch's remainder.

local FORMAT, NODES_MAX = '1', 1024
local name, version, lease = ARGV[3], ARGV[4], ARGV[5]
local now = clock()
local format = call('GET', prefix .. 'format')
if format and format ~= FORMAT then
    return {OK, 0, 0, now, format}
end
local others, taken = call('ZRANGE', prefix .. 'nodes', 0, -1), {}
if #others >= NODES_MAX then
    return {FULL}
end
for _, other in ipairs(others) do
    taken[other % NODES_MAX] = true
end
call('SET', prefix .. 'format', FORMAT)
local new = math.max(now, (call('GET', prefix .. 'epoch') or 0) + 1)
while taken[new % NODES_MAX] do
    new = new + 1
end
call('SET', prefix .. 'epoch', new)

heard(now, lease)
call('ZADD', prefix .. 'nodes', now + lease, new)
call('HSET', prefix .. 'state', 'n' .. new, 1)
call('HSET', prefix .. 'node:' .. new, 'name', name, 'version', version, 'since', now, 'seen', now, 'read', 0,
    'lease', lease)
return {OK, new, new % NODES_MAX, now, FORMAT}
