#!lua flags=allow-oom
-- news MAX READ: the node's news behind the first READ ones, which are dropped.

if not is_living() then
    return {LOST}
end
return {OK, fetch(ARGV[3], ARGV[4])}
