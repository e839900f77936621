# shellcheck shell=bash
# The tables of golden/make: what tools answer to the questions in choices.tsv and names.txt.

# choices: for each index and wanted platform in choices.tsv (`-`: no variant asked for), the entry that is chosen by
# `skopeo copy` and by `buildah manifest add`. The two must agree.
choices() {
    tool=skopeo name=choices
    mkdir "$out/choices"
    local form index wanted_os wanted_arch wanted_variant
    while IFS=$'\t' read -r form index wanted_os wanted_arch wanted_variant; do
        local source=oci:/srv/golden/oci:choose-$index fixture=choices/$form-$index.json by_skopeo by_buildah
        local raw=$root/oci/blobs/${digests[choose-$index]/://}
        if [[ $form == docker ]]; then
            source=dir:/srv/golden/docker/choose-$index raw=$root/docker/choose-$index/manifest.json
        fi
        cp "$raw" "$out/$fixture"
        by_skopeo=$(chosen_by_skopeo)
        by_buildah=$(chosen_by_buildah)
        if [[ $by_skopeo != "$by_buildah" ]]; then
            echo "make: $fixture $wanted_os/$wanted_arch/$wanted_variant: skopeo $by_skopeo, buildah $by_buildah" >&2
            exit 1
        fi
        inside jq -n --arg index "$fixture" --arg os "$wanted_os" --arg architecture "$wanted_arch" \
            --arg variant "$wanted_variant" --arg answer "$by_skopeo" '
            {index: $index, os: $os, architecture: $architecture, variant: (if $variant == "-" then null else $variant end)}
            + if $answer | startswith("sha256:") then {digest: $answer} else {error: $answer} end' >>"$out/rows"
    done <"$here/choices.tsv"
    table choices \
        "skopeo ${versions[skopeo]}: skopeo --override-os OS --override-arch ARCHITECTURE [--override-variant VARIANT] copy --preserve-digests INDEX dir:/srv/golden/result" \
        "buildah ${versions[buildah]}: buildah manifest add --os OS --arch ARCHITECTURE [--variant VARIANT] list INDEX"
}

chosen_by_skopeo() {
    local wanted=(--override-os "$wanted_os" --override-arch "$wanted_arch")
    [[ $wanted_variant == - ]] || wanted+=(--override-variant "$wanted_variant")
    rm -rf "$root/result"
    if "$peers" skopeo "${wanted[@]}" copy -q --preserve-digests "$source" dir:/srv/golden/result 2>"$out/answer" </dev/null; then
        sum "$root/result/manifest.json"
    else
        # Through a log line, its quotes escaped.
        sed -n 's/\\"/"/g; s/^.*\(no image found.*\)"$/\1/p' "$out/answer"
    fi
}

chosen_by_buildah() {
    local wanted=(--os "$wanted_os" --arch "$wanted_arch") list
    [[ $wanted_variant == - ]] || wanted+=(--variant "$wanted_variant")
    list=$(inside buildah manifest create list)
    if "$peers" buildah manifest add "${wanted[@]}" list "$source" >"$out/answer" 2>&1 </dev/null; then
        sed 's/^[^:]*: //' "$out/answer"
    else
        sed -n 's/^Error: .*\(no image found.*\)$/\1/p' "$out/answer"
    fi
    drop_list
}

# names: for each line of names.txt the name that `podman manifest create LINE` stores, or its error.
names() {
    tool=podman name=names
    local input answer
    while IFS= read -r input; do
        if answer=$("$peers" podman manifest create -- "$input" 2>&1 </dev/null); then
            list=$answer
            inside jq --arg input "$input" '{input: $input, stored: .[0].names[0]}' \
                /srv/golden/graph/vfs-images/images.json >>"$out/rows"
            drop_list
        else
            inside jq -n --arg input "$input" --arg error "${answer#Error: }" '{input: $input, error: $error}' >>"$out/rows"
        fi
    done <"$here/names.txt"
    table names "podman ${versions[podman]}: podman manifest create -- INPUT"
}

# table NAME WITNESS…: writes the rows gathered to NAME.json. A witness is `TOOL VERSION: COMMAND`.
table() {
    inside jq -s '
        {answered_by: ($ARGS.positional | map(capture("^(?<tool>[^ ]*) (?<version>[^:]*): (?<command>.*)$"))), rows: .}
    ' --args "${@:2}" <"$out/rows" >"$out/$1.json"
    rm -f "$out/rows" "$out/answer"
}
