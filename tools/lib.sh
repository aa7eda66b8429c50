# lib.sh — what tools/run, tools/test and tools/dev share. Sourced by bash; the sourcing script has `set -euo pipefail`.
#
# Every step says what it does before it does it, keeps its output in build/logs and shows the end of it when it fails.
# Every step is idempotent and quick when there is nothing to do.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build
logs=$build/logs
step_number=0
step_count=0

say() { printf '%s\n' "$*"; }

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

# steps N: how many calls of `step` will follow.
steps() {
    step_number=0
    step_count=$1
}

step() {
    step_number=$((step_number + 1))
    printf '[%d/%d] %s\n' "$step_number" "$step_count" "$*"
}

# quiet NAME COMMAND…: output goes to build/logs/NAME.log; on a terminal its newest line is shown while it runs.
quiet() {
    local name=$1 log=$logs/$1.log began=$SECONDS status=0
    shift
    mkdir -p "$logs"
    if [ -t 1 ]; then
        "$@" >"$log" 2>&1 </dev/null &
        local child=$!
        trap 'kill "$child" 2>/dev/null; exit 130' INT TERM
        while kill -0 "$child" 2>/dev/null; do
            printf '\r\033[K      %4d s  %.90s' $((SECONDS - began)) "$(tail -n 1 "$log" | tr -d '\r\033')"
            sleep 0.5
        done
        wait "$child" || status=$?
        trap - INT TERM
        printf '\r\033[K'
    else
        "$@" >"$log" 2>&1 </dev/null || status=$?
    fi
    if [ "$status" -ne 0 ]; then
        tail -n 40 "$log" >&2
        fail "$name failed (exit $status); the whole output is in ${log#"$root"/}"
    fi
    local took=$((SECONDS - began))
    [ "$took" -lt 2 ] || say "      done in $took s"
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo -- "$@"
    else
        fail "This needs root once, to install packages: run it as root, or install sudo."
    fi
}

# package_rows GROUP…: "package|command<TAB>why" lines of tools/packages.
package_rows() {
    awk -v groups=" $* " '!/^#/ && NF >= 3 && index(groups, " " $1 " ") {
        why = $3; for (i = 4; i <= NF; i++) why = why " " $i
        print $2 "\t" why }' "$root/tools/packages"
}

# install GROUP…: the packages of these groups that dpkg does not have. apt-get is asked nothing when none is missing.
install_packages() {
    local installed row package command why
    local -a missing=()
    installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' 2>/dev/null | awk '$2 == "installed" { print $1 }')
    while IFS=$'\t' read -r row why; do
        package=${row%%|*}
        command=${row#"$package"}
        command=${command#|}
        grep -qxF -- "$package" <<<"$installed" && continue
        [ -n "$command" ] && command -v "$command" >/dev/null && continue
        missing+=("$package")
        printf '      %-24s %s\n' "$package" "$why"
    done < <(package_rows "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    as_root true
    quiet apt-update as_root apt-get -q -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 update
    quiet apt-install as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
        -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 install "${missing[@]}"
}

# configure FOLDER OPTION…: only when the folder is new or the options are others.
configure() {
    local folder=$1
    shift
    local wanted="$* $(cat "$root/CMakeLists.txt" | sha256sum)"
    [ -f "$folder/build.ninja" ] && [ "$(cat "$folder/.configured" 2>/dev/null)" = "$wanted" ] && return 0
    mkdir -p "$folder"
    local -a launcher=()
    command -v ccache >/dev/null &&
        launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
    quiet "configure-$(basename "$folder")" cmake -G Ninja -S "$root" -B "$folder" "${launcher[@]}" "$@"
    printf '%s' "$wanted" >"$folder/.configured"
}

# compile FOLDER TARGET…: the folder's own name is the name of the log. Objects that do not depend on the folder (dlib)
# are shared between folders by ccache.
compile() {
    local folder=$1
    shift
    CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=$root quiet "compile-$(basename "$folder")" ninja -C "$folder" "$@"
}

# once STAMP COMMAND… with the stamp's content taken from the files in STAMP_OF: skipped while they are unchanged.
once() {
    local stamp=$1
    shift
    local now
    now=$(cd "$root" && sha256sum ${STAMP_OF:?})
    [ "$(cat "$stamp" 2>/dev/null)" = "$now" ] && return 0
    "$@"
    printf '%s' "$now" >"$stamp"
}

# memory_for_tests: the tests' data folders go into memory where there is plenty of it. A commit then waits for no disk, and
# what tests kill is processes, which memory survives. What measures the disk does not use it (tests/ctest.cmake).
memory_for_tests() {
    local free_kib available_kib
    free_kib=$(df -k --output=avail /dev/shm 2>/dev/null | tail -n 1)
    available_kib=$(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo)
    [ "${free_kib:-0}" -ge 2000000 ] && [ "${available_kib:-0}" -ge 6000000 ] && [ -w /dev/shm ] || return 0
    TMPDIR=$(mktemp -d /dev/shm/xueying-tests-XXXXXX)
    export TMPDIR
    trap 'rm -rf "$TMPDIR"' EXIT
}

# run_ctest FOLDER OPTION…: one line per test; ctest writes the closing line. One test more than cores: many wait for an
# undo window or a lease to end.
run_ctest() {
    local folder=$1
    shift
    memory_for_tests
    ctest --test-dir "$folder" -V --no-tests=error -j $(($(nproc) + 1)) "$@" | awk -f "$root/tools/ctest.awk"
}

# ---- the steps themselves ----

step_packages() {
    step "packages: $*"
    install_packages "$@"
    node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 18 ? 1 : 0)' ||
        fail "Node $(node --version) is too old: 18 or newer is needed."
}

step_models() {
    step "models: the networks, once, into build/models"
    quiet models "$root/tools/models"
}

step_vendor() {
    step "web: pinned libraries of the pages into web/vendor"
    quiet vendor "$root/tools/vendor"
}

step_build() {
    step "build: server and worker (the first time takes some minutes; most of it is dlib)"
    configure "$build"
    compile "$build" "$@"
}

step_npm() {
    step "npm: what the browser and property tests need"
    STAMP_OF="tests/package-lock.json" once "$root/tests/node_modules/.stamp" \
        quiet npm-ci npm ci --prefix "$root/tests" --no-audit --no-fund --ignore-scripts
}

# The sanitized builds take the worker's C++ (dlib) from the ordinary one's cache: only C is instrumented.
build_asan() {
    configure "$root/build-asan" "-DSANITIZE=address;undefined"
    compile "$root/build-asan"
}

build_tsan() {
    configure "$root/build-tsan" -DSANITIZE=thread
    compile "$root/build-tsan" thread_programs
}

build_fuzz() {
    configure "$root/build-fuzz" -DCMAKE_C_COMPILER=clang "-DSANITIZE=address;undefined" -DFUZZ=ON
    compile "$root/build-fuzz" fuzz_programs
}
