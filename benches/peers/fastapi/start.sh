# The page that people copy, as a server on loopback, for `run`. Sourced, not run.
# Sets BENCH_FASTAPI_PORT, where Python's packages can be had.

start_fastapi() {
    local python=$PEERS_TARGET_DIR/fastapi/bin/python
    if [ ! -x "$python" ]; then python3 -m venv "$PEERS_TARGET_DIR/fastapi" >/dev/null || return 0; fi
    "$python" -m pip install --quiet --disable-pip-version-check --requirement \
        fastapi/requirements.txt >/dev/null 2>&1 || return 0
    BENCH_FASTAPI_PORT=$(free_port)
    mkdir "$servers/fastapi"
    cp fastapi/app.py "$servers/fastapi"
    (cd "$servers/fastapi" && exec "$python" -m uvicorn app:app --port "$BENCH_FASTAPI_PORT" \
        --log-level error --no-access-log) &
    fastapi_pid=$!
    until (: <>"/dev/tcp/127.0.0.1/$BENCH_FASTAPI_PORT") 2>/dev/null; do
        kill -0 "$fastapi_pid" 2>/dev/null || { unset BENCH_FASTAPI_PORT; return 0; }
        sleep 0.1
    done
    export BENCH_FASTAPI_PORT
}
