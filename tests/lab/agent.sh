#!/bin/sh
# Runs jobs. A job is a folder /lab/jobs/N with `script` and `stdin`, where `stdout`, `stderr` and `pid` appear. Its
# orders come as lines: `run N`, `kill N`, and `svmrun N` for a job with a `request` (see zygote.py, which does it and
# listens at /run/zygote). It says `ready`, and `ended N STATUS` of each job.
perform() {
    job=/lab/jobs/$1
    cd /
    # In a session of its own, so that a kill reaches all of it and nothing else.
    setsid /bin/sh -e "$job/script" <"$job/stdin" >"$job/stdout" 2>"$job/stderr" 3>&- &
    echo $! >"$job/pid"
    status=0
    wait $! || status=$?
    # What is written through hostfs is at the host when somebody closes the file.
    : >>"$job/stdout"
    : >>"$job/stderr"
    echo "ended $1 $status"
}

stty raw -echo
mkfifo /run/zygote
exec 3<>/run/zygote # opened both ways, it waits for nobody
echo ready
while read -r order number; do
    case $order in
    run) perform "$number" & ;;
    svmrun) echo "$number" >&3 ;;
    kill) kill -s KILL -- "-$(cat "/lab/jobs/$number/pid")" ;;
    esac
done
