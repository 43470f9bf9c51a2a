#!lua flags=no-writes,allow-oom
-- memory: how many bytes Redis uses, and how many it may.

local info = call('INFO', 'memory')
return {OK, tonumber(info:match('\nused_memory:(%d+)')), tonumber(info:match('\nmaxmemory:(%d+)'))}
