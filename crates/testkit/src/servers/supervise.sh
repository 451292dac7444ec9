#!/bin/sh
# Keeps one server for a test process, and takes it and its data away when that process ends, however it ends: the
# kernel closes our standard input then, after SIGKILL too.
#
#   NAME= PREPARE= RUN= CLEAN= UNPRIVILEGED= supervise.sh DIRECTORY…
#
# RUN is a command that becomes the server, in its own directory, on $PORT. PREPARE is run there before the first start
# and is never cut short, CLEAN when the server is gone for good. With UNPRIVILEGED=yes the server is not run as root.
# Its directory is made in the first DIRECTORY that will do.
#
# Says first where the server's directory is, and then answers each line with a line:
#   prepare → ok, failed    start PORT → its process id    alive → ok, gone    pause, resume, kill → ok

# Ctrl-C, a closed terminal or a vanished reader must not end us before the server.
trap '' HUP INT TERM PIPE

as=
if [ "$UNPRIVILEGED" = yes ] && [ "$(id -u)" = 0 ]; then
    for user in postgres nobody; do
        id -u "$user" >/dev/null && break
    done
    as="setpriv --reuid=$user --regid=$(id -g "$user") --clear-groups --"
fi

for base; do
    own=$(mktemp -d "$base/natter-$NAME-XXXXXX") || continue
    [ -n "$as" ] || break
    # Whether that user can get there is best found out by trying: a directory above may be closed to it.
    # shellcheck disable=SC2086 # several words
    chown "$user" "$own" && $as test -w "$own" && break
    rm -rf "$own"
    own=
done
[ -n "$own" ] && cd "$own" || exit 1
echo "$own"

# The living among the server's process and its descendants. The process group does not tell: PostgreSQL's processes
# each have one of their own.
family() {
    cat /proc/[0-9]*/stat 2>/dev/null | awk -v root="$server" '
        { pid = $1; sub(/^.*\) /, ""); if ($1 !~ /[ZX]/) parent[pid] = $2 }
        END {
            if (root in parent) member[root]
            do {
                grown = 0
                for (pid in parent) if (!(pid in member) && parent[pid] in member) { member[pid]; grown = 1 }
            } while (grown)
            for (pid in member) print pid
        }'
}

# A process that has ended and that nobody has asked about is a zombie: it holds nothing any more.
alive() {
    read -r stat <"/proc/$1/stat" || return 1
    case ${stat##*) } in [ZX]*) return 1 ;; esac
}

tell_all() {
    # shellcheck disable=SC2046 # several words
    kill "-$1" $(family)
}

# Twice: while we look the first time, something may be born.
stop() {
    tell_all STOP
    tell_all STOP
}

end() {
    [ -n "$server" ] || return 0
    stop
    members=$(family)
    # shellcheck disable=SC2086 # several words
    kill -KILL $members
    wait "$server"
    for member in $members; do
        while alive "$member"; do sleep 0.01; done
    done
    server=
}

server=
while read -r command argument; do
    answer=ok
    case $command in
        prepare)
            # shellcheck disable=SC2086 # several words, or none
            timeout -s KILL 60 $as sh -c "$PREPARE" </dev/null >log 2>&1 || answer=failed
            ;;
        start)
            export PORT="$argument"
            # shellcheck disable=SC2086 # several words, or none
            (trap - HUP INT TERM PIPE && exec $as sh -c "$RUN") </dev/null >log 2>&1 &
            server=$!
            answer=$server
            ;;
        alive) [ -n "$server" ] && alive "$server" || answer=gone ;;
        pause) stop ;;
        resume) tell_all CONT ;;
        kill) end ;;
    esac
    echo "$answer"
done

end
sh -c "$CLEAN"
cd / && rm -rf "$own"
