# Completion of taskmaster(1) for bash: the command itself knows what may follow. Without a proposal, bash offers files.
_taskmaster()
{
    # COMP_WORDS would be split at the colon of an address, too.
    local words line=${COMP_LINE:0:COMP_POINT}
    read -r -a words <<<"$line"
    if [[ $line == *[[:space:]] ]]; then
        words+=("")
    fi
    mapfile -t COMPREPLY < <("${words[0]}" --complete "${words[@]:1}" 2>/dev/null)
}
complete -o default -F _taskmaster taskmaster
