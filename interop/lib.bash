# lib: what the scripts here share. Source it; then `check`, `same`, and at the end `verdict`.
#
# A check never ends the script: one run tells everything that is wrong.

peers=$(dirname "${BASH_SOURCE[0]}")/peers
passed=0
failed=0

ok() {
    passed=$((passed + 1))
    echo "ok   $1"
}

# fail CLAIM [LINE…]: counts a failure, and says why.
fail() {
    failed=$((failed + 1))
    echo "FAIL $1"
    shift
    (($# == 0)) || printf '%s\n' "$@" | sed 's/^/     /'
}

# check CLAIM COMMAND…: the command succeeds.
check() {
    local claim=$1 status=0 output
    shift
    output=$("$@" 2>&1) || status=$?
    if ((status == 0)); then ok "$claim"; else fail "$claim" "exit status $status of: $*" "$output"; fi
}

# same CLAIM EXPECTED COMMAND…: the command succeeds, and prints just this to stdout.
same() {
    local claim=$1 expected=$2 status=0 output
    shift 2
    output=$("$@" 2>"$work/stderr") || status=$?
    if ((status == 0)) && [[ $output == "$expected" ]]; then
        ok "$claim"
    else
        fail "$claim" "exit status $status of: $*" "expected: $expected" "printed:  $output" "$(<"$work/stderr")"
    fi
}

# title TEXT: the checks that follow are about this.
title() { printf '\n%s\n' "$1"; }

# verdict: the last line, and the exit status.
verdict() {
    printf '\n%d passed, %d failed\n' "$passed" "$failed"
    ((failed == 0))
}

# shared NAME: makes the directory $work, which is /srv/$here to the peers, with a container storage of its own.
# `inside CMD…` then runs a peer in that directory.
shared() {
    work=$(mktemp -d "$("$peers" path)/srv/$1.XXXXXX")
    here=$(basename "$work")
    chmod 755 "$work"
    printf '[storage]\ndriver = "overlay"\ngraphroot = "/srv/%s/storage"\nrunroot = "/srv/%s/run"\n' \
        "$here" "$here" >"$work/storage.conf"
    export PEERS_ENV=CONTAINERS_STORAGE_CONF=/srv/$here/storage.conf
}

inside() { "$peers" bash -c 'cd "$1" && shift && exec "$@"' inside "/srv/$here" "$@"; }

# versions: the peers, one a line.
versions() {
    local package
    for package in podman buildah skopeo crane oras umoci docker-buildx docker-cli docker-registry; do
        printf '%-16s %s\n' "$package" "$(inside dpkg-query --show --showformat '${Version}' "$package")"
    done
}

# release_directory: where `cargo build --release` leaves programs.
release_directory() {
    echo "$(cargo metadata --no-deps --format-version 1 | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')/release"
}
