# shellcheck shell=bash disable=SC2034 # the variables are for those who source this
# Where the programs of PostgreSQL, Redis, NATS and HAProxy are, and which versions will do. Sourced by find and install.

root=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)

# Of what install fetches itself. Cargo's directory: `make clean` removes it, and git ignores it.
cache=${CARGO_TARGET_DIR:-target}/servers
[[ $cache == /* ]] || cache=$root/$cache

# Debian keeps these directories from users who are not root; HAProxy lives there.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# The oldest version that will do.
minimum() {
    case $1 in
        postgres) echo 14 ;;
        redis) echo 6.2 ;;
        nats) echo 2.10.23 ;; # earlier ones have bugs in JetStream that lose messages
        haproxy) echo 2.4 ;;
        *) return 1 ;;
    esac
}

# Where the server may be, best first, one path a line; a path need not exist.
candidates() {
    case $1 in
        postgres)
            type -aP postgres || true
            # Where Debian and Red Hat put them: one directory for each version, and none in PATH.
            printf '%s\n' /usr/lib/postgresql/*/bin/postgres /usr/pgsql-*/bin/postgres | sort -rV
            ;;
        redis) type -aP redis-server || true ;;
        nats)
            echo "$cache/bin/nats-server"
            type -aP nats-server || true
            ;;
        haproxy) type -aP haproxy || true ;;
    esac
}

# The version that a program says it has: the first number in what it says.
version_of() {
    local said
    case $1 in
        */haproxy) said=$("$1" -v 2>/dev/null) || return 1 ;;
        *) said=$("$1" --version 2>/dev/null) || return 1 ;;
    esac
    [[ $said =~ [0-9]+(\.[0-9]+)* ]] && echo "${BASH_REMATCH[0]}"
}

# at_least VERSION MINIMUM
at_least() {
    local have want part
    IFS=. read -ra have <<<"$1"
    IFS=. read -ra want <<<"$2"
    for part in "${!want[@]}"; do
        ((10#${have[part]:-0} == 10#${want[part]})) || break
    done
    ((10#${have[part]:-0} >= 10#${want[part]}))
}

# look_for NAME: sets `found` to the path of its program, or for postgres to the directory with all of its programs.
# Fails when there is none that will do; `refused` then says what was there instead.
look_for() {
    local program version least
    least=$(minimum "$1")
    found='' refused=''
    while read -r program; do
        [[ -f $program && -x $program ]] || continue
        if [[ $1 == postgres ]]; then
            # The one in PATH may be a link into the directory where all of them are.
            program=$(readlink -f "$program")
            [[ -x ${program%/*}/initdb ]] || continue
        fi
        version=$(version_of "$program") || continue
        if at_least "$version" "$least"; then
            found=$program
            [[ $1 != postgres ]] || found=${program%/*}
            return 0
        fi
        refused="$program is $version"
    done < <(candidates "$1")
    return 1
}
