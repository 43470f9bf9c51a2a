#!/bin/bash
# For scripts that show real daemons at work: headings, comparisons, addresses. To be sourced, in the project's directory.

bold='' plain=''
if [ -t 1 ]; then
    bold=$'\e[1m' plain=$'\e[0m'
fi
wrong=0 # answers that were not as expected

heading() {
    printf '\n%s== %s%s\n' "$bold" "$*" "$plain"
}

# expect WHAT WANTED FOUND
expect() {
    if [ "$2" != "$3" ]; then
        echo "NOT AS EXPECTED: $1: wanted '$2', found '$3'"
        wrong=$((wrong + 1))
    fi
}

# await_address PID LOG: finds the port of the kernel's choice in the daemon's log, and sets $found.
await_address() {
    found=$(timeout 30 tail -n +1 -f --pid="$1" "$2" |
        sed -n '/ listening role=\(clients\|http\) /{s/.* address=//p;q}') || true
    if [ -z "$found" ]; then
        echo "the daemon did not start:"
        cat "$2"
        exit 1
    fi
}

# await WHAT COMMAND ...: until the command succeeds, for 30 s at most.
await() {
    local what=$1 deadline=$((SECONDS + 30))
    shift
    until "$@" >/dev/null 2>&1; do
        if [ $SECONDS -ge $deadline ]; then
            expect "$what" "within 30 s" "not"
            return
        fi
        sleep 0.02
    done
}

# judge WORDS: the last words of the script, and its exit status.
judge() {
    heading "end"
    if [ $wrong -ne 0 ]; then
        echo "$wrong answers were not as expected"
        exit 1
    fi
    echo "Every answer was as expected. $*"
}
