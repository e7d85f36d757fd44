
# ---- From here on the text is the same for every run. ----
# One argument says what to do: nothing (by hand), `guard` (feed on stdin, report on stdout), `guard-as-root` (the
# same, over named pipes), `run NAME COMMAND...` or `free NAME COMMAND...`, or either after `ready`.

# ---- A command of the run. Writers may wait: the shell reads no further. ----

if [ "${1:-}" = ready ]; then # started before writers wait: goes on at a line from the runner, and ends with it
    read -r go || exit 125
    exec </dev/null
    shift
fi

# NAME is that of the program that runs in the end, which is noted as the one to be ended before anything is released.
if [ "${1:-}" = free ]; then
    { echo "$$ TERM $2" >"$folder/running"; } 2>/dev/null
    shift 2
    exec "$@"
fi
if [ "${1:-}" = run ]; then # not once the guard has acted
    echo "$$ TERM $2" >"$folder/running" || { echo 'svmrun: the guard is gone; not started' >&2; exit 125; }
    if [ -f "$folder/fired" ]; then
        echo 'svmrun: the guard has released what was held; not started' >&2
        exit 125
    fi
    shift 2
    exec "$@"
fi

umask 022 # the folder is private; what root writes there is for the runner to read
set -f
unset IFS
PATH=/usr/xpg4/bin:/usr/bin:/bin:/usr/sbin:/sbin; export PATH
LC_ALL=C; export LC_ALL

mode=hand outstanding= child= child_signal=TERM timers= hurried= later= late=

find_programs() {
    for name in sleep setsid ps; do
        found=
        for place in /usr/xpg4/bin /usr/bin /bin /usr/sbin /sbin; do
            [ -n "$found" ] || [ ! -x "$place/$name" ] || found=$place/$name
        done
        eval "$name=\$found"
    done
    fraction=
    if "$sleep" 0.001 2>/dev/null; then fraction=1; else pauses=$whole_pauses; fi
}

nap() { # SECONDS, or WHOLE_SECONDS where sleep knows no fractions
    if [ -n "$fraction" ]; then "$sleep" "$1"; else "$sleep" "$2"; fi
}

say() { [ "$mode" = guard ] || printf '%s\n' "$*"; }

report() { [ "$mode" != guard ] || echo "$*"; }

# ---- The feed: reads what the runner says, starts and stops the timers. Never opens a file. ----

watch_runner() {
    echo ready
    while read -r word step rest; do
        echo "$word $step $rest" # the runner waits for the answer, and writers for the runner
        case $word in
        holds) start_timer "$step" ;;
        released) stop_timers "$step" ;;
        left) stop_timers; return ;;
        esac
    done
    stop_timers
    # Said until the guard has gone: done, then nothing is left to take over, or killed at the same time.
    while echo gone; do nap 0.3 1; done
    start_shell "$card" take-over 'the runner and its guard are gone'
}

start_timer() {
    facts "$1" || return
    if [ -n "$urgent" ]; then
        hurried=$1 hurried_limit=$whole_limit
    elif [ -n "$hurried" ] && [ "$whole_limit" -ge "$hurried_limit" ]; then
        later="$later $1" # writers wait, and their limit passes first: no time now to start a process
        return
    fi
    timer "$1" &
    timers="$timers $1=$!"
}

timer() {
    before=$!
    trap '[ "$!" = "$before" ] || kill -KILL "$!"; exit 0' USR1
    seconds=$whole_limit
    [ -z "$fraction" ] || seconds=$limit
    "$sleep" "$seconds" >&- &
    wait "$!"
    echo "limit $1" || start_shell "$card" take-over "the limit of $1 passed and its guard is gone"
}

stop_timers() { # of STEP, or all
    kept=
    for entry in $timers; do
        wanted=${1:-${entry%=*}}
        case $entry in
        "$wanted"=*) kill -USR1 "${entry##*=}" ;;
        *) kept="$kept $entry" ;;
        esac
    done
    timers=$kept
    kept=
    for entry in $later; do [ "$entry" = "${1:-$entry}" ] || kept="$kept $entry"; done
    later=$kept
    [ "${1:-}" = "$hurried" ] || return 0
    hurried= later=
    for entry in $kept; do start_timer "$entry"; done
}

# ---- The guard proper: waits, and acts once. Opens and writes no file before it acts. ----

guard() {
    me=$(start_shell -c 'echo $PPID')
    trap '' USR1 # not earlier: some shells let nobody trap again what their parent ignored
    while read -r word step rest; do
        case $word in
        ready) echo "armed $me" ;;
        holds) outstanding="$outstanding $step"; echo "ok $step" ;;
        released) drop "$step" ;;
        child) child=$step child_signal=$rest ;;
        idle) child= ;;
        limit) is_outstanding "$step" && { act "the limit of $step passed"; return; } ;;
        left) return ;;
        stuck) act 'the run is stuck'; return ;;
        gone) if [ -n "$outstanding" ]; then act 'the runner is gone'; else rm -rf "$folder"; fi; return ;;
        esac
    done
    [ -z "$outstanding" ] || act 'the feed broke'
}

act() {
    fence "$1"
    report "fired $1"
    end_children
    release_all 0
    report "done"
}

fence() { echo "$1" >"$folder/fired"; }

is_outstanding() {
    case " $outstanding " in *" $1 "*) return 0 ;; esac
    return 1
}

drop() {
    kept=
    for entry in $outstanding; do [ "$entry" = "$1" ] || kept="$kept $entry"; done
    outstanding=$kept
}

# ---- Ending the command that runs. ----

end_children() {
    [ -z "$child" ] || end_group "$child" "$child_signal"
    # A command notes itself before it looks at the fence: it is found here, or it finds the fence.
    group=
    [ ! -s "$folder/running" ] || read -r group group_signal name <"$folder/running"
    case $group in ''|"$child"|*[!0-9]*) return ;; esac
    [ "$mode" = guard ] || is_ours "$group" "$name" || return
    say "ending the command $name that still runs (process group $group)"
    end_group "$group" "$group_signal"
}

is_ours() { # a number may have been used again since
    case $("$ps" -o args= -p "$1") in *"$2"*) return 0 ;; esac
    return 1
}

end_group() {
    kill "-$2" "-$1" || return
    kill -CONT "-$1"
    for pause in $pauses; do
        "$sleep" "$pause"
        group_lives "$1" || return
    done
    kill -KILL "-$1"
    nap 0.1 1
}

group_lives() { # a process that ended and was not fetched by a stopped runner does not count
    kill -0 "-$1" || return 1
    states=$("$ps" -e -o pgid= -o s= || "$ps" -o pgid,stat) || return 0
    wanted=$1
    set -- $states
    while [ $# -gt 1 ]; do
        case $1/$2 in "$wanted"/[!ZX]*) return 0 ;; esac
        shift 2
    done
    return 1
}

# ---- Releasing. ----

release_all() { # rounds, 0 without end
    round=0
    while :; do
        release_each
        [ -n "$outstanding" ] || return 0
        round=$((round + 1))
        [ "$round" != "$1" ] || return 1
        case $round in
        1) nap 0.2 1 ;;
        2) nap 0.5 1 ;;
        3) nap 1 1 ;;
        4) nap 2 2 ;;
        ?|??) nap 5 5 ;;
        *) nap 30 30 ;;
        esac
        [ -d "$folder" ] || return 1 # somebody ended the run otherwise
    done
}

release_each() {
    in_order=
    for step in $holds; do is_outstanding "$step" && in_order="$step $in_order"; done
    for step in $in_order; do
        facts "$step" || continue
        if release "$step"; then
            drop "$step"
            [ ! -f "$folder/held.$step" ] || echo released >"$folder/released.$step"
            report "released $step"
            say "$step: released"
        elif [ -n "$urgent" ] && [ "$round" -lt "$hurried_rounds" ]; then
            return # writers wait: once more, before what can wait itself
        fi
    done
}

release() {
    # The guard is in a hurry and asks afterwards; whatever takes its time may ask before.
    if [ "$mode" = hand ] || [ "$round" -gt 0 ]; then is_released "$1" && return 0; fi
    say "$1: $title: $shown"
    fine=1 well=1 part=1
    while [ "$part" -le "$parts" ]; do
        case "$well, $chained " in ,*" $part "*) ;; # without the one before it, it would do harm
        *)
            well=1
            { bounded "$1" "$part" && has_printed "$1" "$part"; } || says_released "$1" || fine= well=
            ;;
        esac
        part=$((part + 1))
    done
    is_released "$1"
    case $? in
    0) return 0 ;;
    1) return 1 ;;
    esac
    [ -n "$fine" ]
}

is_released() { # 0 yes, 1 no, 2 nobody can tell
    [ "$tells" != nothing ] || return 2
    if bounded "$1" already; then [ "$tells" != status ] || return 0; else
        [ "$tells" != status ] || return 1
        return 2
    fi
    [ -f "$output" ] || return 2
    found=1
    while read -r line; do
        set -- "$1" $line
        step=$1; shift
        spaced=
        for word in "$@"; do spaced="$spaced $word "; done
        set -- "$step"
        matches "$step" "$spaced" && found=0
    done <"$output"
    return "$found"
}

has_printed() { # what alone proves that it did its work
    case " $owed " in *" $2 "*) ;; *) return 0 ;; esac
    [ -f "$output" ] || return 0
    proof=1
    while read -r line; do printed "$1" "$line" "$2" && proof=0; done <"$output"
    return "$proof"
}

says_released() {
    [ -f "$output" ] || return 1
    said=1
    while read -r line; do says "$1" "$line" && said=0; done <"$output"
    return "$said"
}

bounded() { # STEP PART: runs it for at most $bound seconds; its output is in $output
    output=$folder/output
    [ -d "$folder" ] || output=/dev/null
    late=
    trap 'late=1' USR1
    ( trap - HUP INT QUIT TERM PIPE USR1; perform "$1" "$2" ) </dev/null >"$output" 2>&1 &
    job=$!
    alarm "$bound" &
    alarm=$!
    wait "$job"
    status=$?
    if [ -z "$late" ]; then
        kill -KILL "$alarm"
        return "$status"
    fi
    say "$1: no answer within $bound seconds; killed"
    kill -TERM "-$job" || kill -TERM "$job"
    nap 0.2 1
    kill -KILL "-$job" || kill -KILL "$job"
    return 124
}

alarm() {
    exec >&- </dev/null
    left=$1
    while [ "$left" -gt 0 ]; do "$sleep" 1; left=$((left - 1)); done
    kill -USR1 "$me"
}

# ---- By hand. ----

by_hand() {
    me=$$ round=0
    say "svmrun run $run on $target: releasing what it still holds."
    for step in $holds; do
        [ ! -s "$folder/held.$step" ] || [ -s "$folder/released.$step" ] || outstanding="$outstanding $step"
    done
    if [ -z "$outstanding" ]; then
        say 'Nothing is held.'
        return 0
    fi
    fence "$1"
    end_children
    if release_all "$2"; then
        say 'Everything is released.'
        return 0
    fi
    for step in $outstanding; do
        facts "$step"
        say "LEFT: $step: $title. When its cause is removed, run as root: $shown"
    done
    return 1
}

case ${1:-hand} in
guard-as-root)
    cd /
    [ -p "$folder/feed" ] && [ -p "$folder/report" ] || exit 1
    # Opened for both ways an opening waits for nobody, and the feed of a runner that is gone is at its end.
    exec 5<>"$folder/feed" 6<>"$folder/report"
    exec <"$folder/feed" >"$folder/report" 2>/dev/null 5>&- 6>&-
    set -- guard
    ;;
esac

case ${1:-hand} in
guard)
    mode=guard
    trap '' HUP INT QUIT TERM PIPE USR2 ALRM TSTP TTIN TTOU
    find_programs
    exec 3<&0
    exec 4>&1 >&-
    # The guard proper alone keeps the way back to the runner, who so sees its end at once. (exec: a redirected
    # function would keep the old descriptors somewhere.)
    { exec <&3 3<&- 4>&-; watch_runner; } | { exec >&4 3<&- 4>&-; guard; } &
    ;;
take-over)
    trap '' HUP INT QUIT TERM PIPE
    mode=guard
    exec </dev/null >/dev/null 2>&1
    find_programs
    by_hand "$2" 0
    ;;
hand)
    find_programs
    exec 2>/dev/null
    by_hand 'released by hand' 3
    ;;
*)
    echo "usage: sh $card" >&2
    exit 2
    ;;
esac
