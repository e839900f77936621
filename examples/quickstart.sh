#!/usr/bin/env bash
# quickstart: from nothing to a published multi-platform image in a minute, and every step of it checked.
#
#   examples/quickstart.sh          needs Rust, a C compiler and the crates of Cargo.lock: no root, no network besides
#   KEEP=1 examples/quickstart.sh   leaves the directory it works in, to look around
#
# What follows `$` is what you would type; what follows `ok` was checked by other means than umbel's word.
set -euo pipefail
export LC_ALL=C

repository=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
checks=0

# tell LINE…: a comment between the steps.
tell() { printf '\n'; printf '# %s\n' "$@"; }

# run COMMAND: shows the command, runs it, and keeps in $out what it printed.
run() {
    printf '$ %s\n' "$1"
    eval "$1" | tee "$work/.out"
    out=$(<"$work/.out")
}

# check CLAIM COMMAND…: goes on only if the command succeeds.
check() {
    local claim=$1
    shift
    if ! "$@"; then
        echo "FAILED: $claim" >&2
        return 1
    fi
    checks=$((checks + 1))
    echo "ok: $claim"
}

is() { [[ $1 == "$2" ]] || { printf '  expected %s\n  found    %s\n' "$2" "$1" >&2; return 1; }; }
says() { grep -qxE -- "$1" <<<"$out"; }
is_hex() { [[ $1 =~ ^[0-9a-f]{64}$ ]]; }
absent() { [[ ! -e $1 ]]; }

# blob LAYOUT DIGEST: the file in which a layout keeps the content of that digest.
blob() { echo "$1/blobs/${2/://}"; }

# intact LAYOUT DIGEST…: the files are there, and their content has the digests they are named by.
intact() {
    local layout=$1 digest
    shift
    for digest; do
        is "sha256:$(sha256sum <"$(blob "$layout" "$digest")" | cut -d ' ' -f 1)" "$digest" || return
    done
}

# digests: every digest in the output of the last command.
digests() { grep -oE 'sha256:[0-9a-f]{64}' <<<"$out"; }

server=
finish() {
    [[ -z $server ]] || kill "$server" 2>/dev/null || true
    if [[ -n ${KEEP:-} ]]; then
        echo "Everything is still there: cd $work && export UMBEL_ROOT=\$PWD/lists PATH=$binaries:\$PATH"
    else
        rm -rf "$work"
    fi
}
binaries=
trap finish EXIT

tell 'Build umbel, and seven small images: one for each platform, under a name each, in the layout `images`.'
cd "$repository"
binaries=$(cargo metadata --no-deps --format-version 1 | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')/release
run 'cargo build --release -p umbel-cli'
run "cargo run --release -p umbel --example hello_images -- $work/images"

cd "$work"
export PATH=$binaries:$PATH UMBEL_ROOT=$work/lists
unset UMBEL_FORMAT
run 'umbel --version'
check 'umbel runs' says 'umbel [0-9.]+.*'

tell 'A list is where a multi-platform image is put together. It has a name, and an ID that stays the same' \
    'whatever becomes of the list.'
run 'umbel create hello'
id=$out
check 'that is an ID' is_hex "$id"

tell 'Add images: as many as you like in one go. Their platforms are in their configs, and need not be told.'
run 'umbel add hello oci:images:amd64 oci:images:arm64 oci:images:armv7'
check 'three entries were added' is "$(digests | wc -l)" 3
check 'they are the images of the layout' intact images $(digests)
run 'umbel add hello oci:images:riscv64 oci:images:ppc64le oci:images:s390x oci:images:386'
check 'four more were added' is "$(digests | wc -l)" 4

tell 'Annotate an entry, which is named by its platform or its digest; without one, the index itself.'
run 'umbel annotate hello linux/arm64 --annotation org.example.board=any'
check 'the annotated entry is the arm64 image' grep -qF "$out" <(umbel inspect oci:images:arm64)
run 'umbel annotate hello --annotation org.opencontainers.image.title=Hello'
check 'the list has still its ID' is "$out" "$id"

tell 'Look at it.'
run 'umbel inspect hello'
digest=$(sed -n 's/^Digest: *//p' <<<"$out")
check 'there are 7 entries' says '7 entries:'
for platform in amd64 arm64 arm/v7 riscv64 ppc64le s390x 386; do
    check "one is for linux/$platform" says "linux/$platform +sha256:[0-9a-f]{64} .* image"
done
check 'the annotation of the entry is there' says ' +org.example.board: any'
check 'the annotation of the index is there' says ' +org.opencontainers.image.title: Hello'

tell 'Publish it, here to a directory in the OCI layout. The images come along; the digest is printed.'
run 'umbel push hello oci:published:v1'
check 'that is the digest `inspect` promised' is "$out" "$digest"
check 'the published index has that digest' intact published "$digest"
check 'it names 7 images' is "$(grep -o '"digest":' "$(blob published "$digest")" | wc -l)" 7
check 'all of them are there' intact published $(umbel inspect oci:published:v1 | grep '^linux/' | grep -oE 'sha256:[0-9a-f]+')
run 'umbel exists oci:published:v1 && echo yes'
check 'the name exists' is "$out" yes

tell 'What a machine would pull of it: the image of its own platform.'
case $(uname -m) in
    x86_64) native=linux/amd64 ;;
    aarch64) native=linux/arm64 ;;
    armv7l) native=linux/arm/v7 ;;
    i?86) native=linux/386 ;;
    *) native=linux/$(uname -m) ;;
esac
run "umbel inspect oci:published:v1 --platform $native"
layer=$(sed -n '/^LAYER/,$p' <<<"$out" | grep -oE 'sha256:[0-9a-f]{64}')
check 'its layer is there' intact published "$layer"
run "tar -xzf $(blob published "$layer") hello && ./hello"
check 'its program runs here and knows its platform' is "$out" "hello from $native"

tell 'Put images and indexes together without a list. Every digest comes once, entries keep their annotations.'
run 'umbel combine --tag oci:small:arm oci:images:arm64 oci:images:armv7'
arm=$out
run 'umbel combine --tag oci:combined:v1 oci:small:arm oci:published:v1 --annotation org.example.from=two'
combined=$out
run 'umbel inspect oci:combined:v1'
check 'it is what `combine` printed' says "Digest: +$combined"
check 'there are 7 entries, not 9' says '7 entries:'
check 'the arm64 image is the first now' grep -q '^linux/arm64' <(grep '^linux/' <<<"$out" | head -n 1)
check 'the annotation is there' says ' +org.example.from: two'
run 'umbel inspect --raw oci:combined:v1 | sha256sum'
check 'the bytes have the digest that was printed' is "sha256:${out%% *}" "$combined"

tell 'A single index that is not changed keeps its digest, so `combine` also renames and copies.'
run 'umbel combine --tag oci:combined:arm oci:small:arm'
check 'the digest is the same' is "$out" "$arm"
check 'the content is the same' cmp "$(blob small "$arm")" "$(blob combined "$arm")"

tell 'Publish it to a registry. This one is umbel itself, serving a directory; another is called quay.io/me/app:v1, say.'
echo '$ umbel serve registry --listen 127.0.0.1:0 &'
umbel serve registry --listen 127.0.0.1:0 >address 2>serve.log &
server=$!
for ((tries = 0; tries < 100; tries++)); do
    [[ ! -s address ]] || break
    sleep 0.1
done
cat address
check 'it serves' grep -qE '^http://127\.0\.0\.1:[0-9]+$' address
registry=$(sed 's#^http://##' address)
run "umbel push hello docker://$registry/app:v1"
check 'the digest is the same as in the layout' is "$out" "$digest"
check 'the index is there' intact registry/app "$digest"
run "umbel inspect docker://$registry/app:v1"
check 'it has that digest' says "Digest: +$digest"
check 'and 7 entries' says '7 entries:'
check 'all of them are there' intact registry/app $(digests)

tell 'Copy it on: to another repository, which sends nothing again, and back to a layout. No digest changes.'
run "umbel copy docker://$registry/app:v1 docker://$registry/mirror/app:v1"
check 'the digest is the same' is "$out" "$digest"
check 'the index is there' intact registry/mirror/app "$digest"
run "umbel copy docker://$registry/mirror/app:v1 oci:fetched:v1"
check 'the digest is the same' is "$out" "$digest"
check 'the index is there' intact fetched "$digest"
check 'all images are there' intact fetched $(umbel inspect oci:fetched:v1 | grep '^linux/' | grep -oE 'sha256:[0-9a-f]+')
run "umbel combine docker://$registry/app:v1 --platform linux/amd64,linux/arm64 --tag docker://$registry/small:v1"
check 'two entries are in the selection' \
    grep -qx '2 entries:' <(umbel inspect "docker://$registry/small:v1")

tell 'Take an entry out, and publish again: another digest, and the first is still what it was.'
run 'umbel remove hello linux/386'
check 'it was the 386 image' grep -qF "$out" <(umbel inspect oci:images:386)
run 'umbel push hello oci:published:v2'
check 'there are 6 entries now' grep -qx '6 entries:' <(umbel inspect oci:published:v2)
check 'v2 is another index' test "$out" != "$digest"
check 'v1 did not change' is "$(umbel inspect --raw oci:published:v1 | sha256sum)" "${digest#sha256:}  -"

tell 'Remove the list. What was published stays.'
run 'umbel rm hello'
check 'that list is gone' is "$out" localhost/hello:latest
run 'umbel exists hello || echo "no (exit code $?)"'
check 'it does not exist any more' is "$out" 'no (exit code 1)'
check 'v1 does' umbel exists oci:published:v1

printf '\nAll %d checks passed.\n' "$checks"
