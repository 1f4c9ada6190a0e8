# Private PostgreSQL and Redis in a temporary folder, for `run`. Sourced, not run.
# They set BENCH_POSTGRES_URL, BENCH_REDIS_URL and BENCH_REDIS_CLUSTER_URL, where the servers are installed. A server that
# the environment names already is used as it is.

# Where the servers have their files. They stop when the script ends.
prepare_servers() {
    servers=$(mktemp --directory "${TMPDIR:-/tmp}/tower-bearer-peers.XXXXXX")
    chmod 755 "$servers"
    node_pids=()
    trap stop_servers EXIT
}

start_postgres() {
    local bin port
    if [ -n "${BENCH_POSTGRES_URL:-}" ]; then return; fi
    bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort --version-sort | tail -n 1)
    if [ ! -x "$bin/initdb" ]; then return; fi
    port=$(free_port)
    mkdir "$servers/postgres"
    if [ "$(id -u)" = 0 ]; then chown postgres "$servers/postgres"; fi
    postgres_ctl="$bin/pg_ctl"
    as_postgres "$bin/initdb" --auth=trust --username=postgres --encoding=UTF8 --no-locale \
        --pgdata "$servers/postgres/data" >"$servers/initdb.log" 2>&1
    as_postgres "$postgres_ctl" start --wait --silent --pgdata "$servers/postgres/data" \
        --log "$servers/postgres/log" --options "-p $port -h 127.0.0.1 -k ''"
    export BENCH_POSTGRES_URL=postgres://postgres@127.0.0.1:$port/postgres
}

start_redis() {
    local program port
    if [ -n "${BENCH_REDIS_URL:-}" ]; then return; fi
    program=$(command -v redis-server || command -v valkey-server || true)
    if [ -z "$program" ]; then return; fi
    port=$(free_port)
    mkdir "$servers/redis"
    "$program" --bind 127.0.0.1 --port "$port" --dir "$servers/redis" --appendonly yes \
        --appendfsync always >"$servers/redis/log" 2>&1 &
    redis_pid=$!
    until (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do sleep 0.1; done
    export BENCH_REDIS_URL=redis://127.0.0.1:$port
}

# start_redis_cluster [SETTING...]: three primaries without replicas, by default with the settings
# of the one server.
start_redis_cluster() {
    local program port node ports=() first=(0 5461 10923) last=(5460 10922 16383)
    local settings=(--appendonly yes --appendfsync always)
    if [ $# -gt 0 ]; then settings=("$@"); fi
    if [ -n "${BENCH_REDIS_CLUSTER_URL:-}" ]; then return; fi
    program=$(command -v redis-server || command -v valkey-server || true)
    if [ -z "$program" ]; then return; fi
    for node in 0 1 2; do
        port=$(free_port)
        ports+=("$port")
        mkdir "$servers/node-$node"
        "$program" --bind 127.0.0.1 --port "$port" --dir "$servers/node-$node" "${settings[@]}" \
            --cluster-enabled yes >"$servers/node-$node/log" 2>&1 &
        node_pids+=($!)
        until (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do sleep 0.1; done
        tell_node "$port" "CLUSTER ADDSLOTSRANGE ${first[node]} ${last[node]}" >/dev/null
        tell_node "$port" "CLUSTER MEET 127.0.0.1 ${ports[0]}" >/dev/null
    done
    for port in "${ports[@]}"; do
        until [[ $(tell_node "$port" 'CLUSTER INFO') == *cluster_state:ok*known_nodes:3* ]]; do
            sleep 0.1
        done
    done
    BENCH_REDIS_CLUSTER_URL=$(IFS=,; printf 'redis-cluster://%s' "${ports[*]/#/127.0.0.1:}")
    export BENCH_REDIS_CLUSTER_URL
}

tell_node() {
    (
        exec 3<>"/dev/tcp/127.0.0.1/$1"
        printf '%s\r\nQUIT\r\n' "$2" >&3
        tr '\r\n' '  ' <&3
    )
}

stop_servers() {
    if [ ${#node_pids[@]} -gt 0 ]; then kill "${node_pids[@]}" 2>/dev/null || true; fi
    if [ -n "${fastapi_pid:-}" ]; then kill "$fastapi_pid" 2>/dev/null || true; fi
    if [ -n "${redis_pid:-}" ]; then kill "$redis_pid" 2>/dev/null || true; fi
    if [ -n "${postgres_ctl:-}" ]; then
        as_postgres "$postgres_ctl" stop --mode=immediate --silent --pgdata "$servers/postgres/data"
    fi
    rm -rf "$servers"
}

# PostgreSQL refuses to run as root.
as_postgres() {
    if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

free_port() {
    local port
    while port=$(shuf -n 1 -i 10000-14999); do
        if ! (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            printf '%s\n' "$port"
            return
        fi
    done
}
