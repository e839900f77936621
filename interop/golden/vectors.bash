# shellcheck shell=bash
# The cases of golden/make: each from `new TOOL NAME` to the `keep…` that ends it.

oci=oci:/srv/golden/oci
docker=dir:/srv/golden/docker
result=dir:/srv/golden/result

# annotated PAIR…: sets `annotations` to flags for the tool at hand; buildah reads each value as a line of CSV.
annotated() {
    annotations=()
    local pair
    for pair; do
        [[ $tool == podman ]] || pair="\"${pair//\"/\"\"}\""
        annotations+=(--annotation "$pair")
    done
}

fresh_lists() {
    new "$1" empty
    manifest create list
    keep_record

    new "$1" empty-annotated
    manifest create --annotation a=b --annotation c= list
    keep_record

    new "$1" one
    manifest create list
    manifest add list $oci:amd64
    keep_record

    new "$1" one-created
    manifest create list $oci:amd64
    keep_record

    new "$1" index-annotations
    manifest create list
    manifest add list $oci:amd64
    manifest annotate --index --annotation org.opencontainers.image.version=1.2 --annotation a=b list
    keep_record
}

entries() {
    local tag
    new "$1" platforms
    manifest create list
    for tag in amd64 386 arm arm-v5 arm-v6 arm-v7 arm64 arm64-v8 ppc64le riscv64 s390x windows-2019 windows-2022; do
        manifest add list $oci:$tag
    done
    keep_record

    new "$1" platform-overridden
    manifest create list
    manifest add --os plan9 --arch mips --variant r6 --os-version 4 list $oci:amd64
    keep_record

    new "$1" platform-annotated
    manifest create list
    manifest add list $oci:amd64
    manifest add list $oci:arm-v7
    manifest annotate --os windows --os-version 10.0.17763.6414 --os-features win32k,other list "$(digest amd64)"
    manifest annotate --arch arm64 list "$(digest arm-v7)" # podman clears the variant, buildah leaves it
    keep_record

    new "$1" added-twice # the second time it moves to the end and its annotations go
    manifest create list
    manifest add --annotation a=b list $oci:amd64
    manifest add list $oci:arm64-v8
    manifest add list $oci:amd64
    keep_record

    new "$1" add-all # keeps urls and annotations of entries, not their data nor the index's annotations
    manifest create list
    manifest add --all list $oci:full
    keep_record

    new "$1" add-all-bare # platforms are read from the images' configs
    manifest create list
    manifest add --all list $oci:bare
    keep_record

    new "$1" add-all-artifacts
    manifest create list
    manifest add --all list $oci:artifacts
    keep_record
}

odd_annotations() {
    local tool=$1 separators=$'\xe2\x80\xa8 \xe2\x80\xa9' emoji=$'\xf0\x9f\xa6\x80' umlaut=$'\xc3\xa4'
    local controls=$'\x01\x08\x09\x0a\x0b\x0c\x0d\x1b\x1f\x7f'

    new "$tool" entry-annotations-escaped
    manifest create list
    manifest add list $oci:amd64
    annotated 'html=<a href="x">&amp;</a>' "separators=$separators" "controls=$controls" 'backslash=C:\n\' "emoji=$emoji" \
        "bom="$'\xef\xbb\xbf' "c1="$'\xc2\x85' "noncharacter="$'\xef\xbf\xbf' 'commas=a,b,,c' 'equals=a=b=c' 'slash=a/b' 'empty='
    manifest annotate "${annotations[@]}" list "$(digest amd64)"
    keep_record

    new "$tool" entry-annotations-sorted
    manifest create list
    annotated z=1 a=2 Z=3 A=4 a.b=5 a/b=6 a-b=7 a_b=8 aa=9 "a b=10" 10=11 9=12 "$umlaut=13" "$emoji=14" \
        $'\xef\xbd\x81=15' '<k>=16' $'quote"=17' '=18'
    manifest add "${annotations[@]}" list $oci:amd64
    keep_record

    new "$tool" index-annotations-escaped
    manifest create list
    annotated 'html=<&>' "separators=$separators" "controls=$controls" "emoji=$emoji" "$emoji=key" "$umlaut=key"
    manifest annotate --index "${annotations[@]}" list
    keep_record
}

# Entries with CPU features and nothing that only the OCI form can say: then, and only then, the Docker form is stored.
docker_form() {
    local amd64 docker_amd64
    amd64=$(digest amd64)
    docker_amd64=$(docker_digest amd64)

    new "$1" docker-images # all of it Docker's, and yet stored as an OCI index
    manifest create list
    manifest add list $docker/amd64
    manifest add list $docker/arm64-v8
    keep_record

    new "$1" docker-list-added
    manifest create list
    manifest add --all list $docker/multi
    keep_record

    new "$1" docker-list-urls
    manifest create list
    manifest add --all list $docker/full
    keep_record

    new "$1" features-and-urls
    manifest create list
    manifest add --all list $docker/full
    manifest annotate --features sse4 list "$docker_amd64"
    keep_record

    new "$1" features
    manifest create list
    manifest add list $docker/amd64
    manifest add list $docker/arm-v7
    manifest add list $docker/windows-2019
    manifest annotate --features sse4,avx2 list "$docker_amd64"
    keep_record

    new "$1" features-of-oci-images
    manifest create list
    manifest add --features sse4 list $oci:amd64
    manifest add list $oci:arm64-v8
    keep_record

    new "$1" features-edited # loaded from the Docker form and stored again
    manifest create list
    manifest add list $docker/amd64
    manifest annotate --features sse4 list "$docker_amd64"
    manifest annotate --os windows --os-version 10.0 --os-features win32k --variant v3 list "$docker_amd64"
    manifest add list $docker/arm64-v8
    keep_record

    new "$1" features-escaped
    manifest create list
    manifest add --features '<&>,C:\' list $oci:amd64
    keep_record

    new "$1" features-lost # an annotation makes it an OCI index, which has no features
    manifest create list
    manifest add --features sse4 list $oci:amd64
    manifest annotate --annotation a=b list "$amd64"
    keep_record

    new "$1" features-without-platform
    manifest create list
    manifest add --features sse4 list $oci:amd64
    manifest add --artifact --artifact-type= --artifact-layer-type text/plain list /srv/golden/hello.txt
    keep_record
}

removals() {
    new "$1" removed-some
    manifest create list
    manifest add --all list $oci:multi
    manifest remove list "$(digest arm-v7)"
    keep_record

    new "$1" removed-all # an empty array, where a fresh list has null
    manifest create list
    manifest add list $oci:amd64
    manifest remove list "$(digest amd64)"
    keep_record

    new "$1" removed-all-annotated
    manifest create --annotation a=b list
    manifest add list $oci:amd64
    manifest remove list "$(digest amd64)"
    keep_record

    new "$1" removed-all-edited # a further load and save, and it is null again
    manifest create list
    manifest add list $oci:amd64
    manifest remove list "$(digest amd64)"
    manifest annotate --index --annotation a=b list
    keep_record
}

references() {
    new "$1" subject
    manifest create list
    manifest add list $oci:amd64
    manifest annotate --index --subject $oci:arm64-v8 list
    keep_record

    new "$1" subject-empty
    manifest create list
    manifest annotate --index --subject $oci:multi list
    keep_record

    new "$1" subject-artifact # podman says the subject's artifact type, buildah does not
    manifest create list
    manifest annotate --index --subject $oci:artifact list
    keep_record

    new "$1" artifact-image
    manifest create list
    manifest add list $oci:artifact
    keep_record

    new "$1" artifact
    manifest create list
    manifest add --artifact --artifact-type application/vnd.example.thing --artifact-layer-type text/plain \
        --os linux --arch amd64 --annotation a=b list /srv/golden/hello.txt
    keep_record

    new "$1" everything
    manifest create --annotation index=1 list
    manifest add --all list $oci:full
    manifest add --artifact --artifact-type application/vnd.example.thing --artifact-layer-type text/plain list /srv/golden/hello.txt
    manifest annotate --annotation entry=1 --variant v2 list "$(digest amd64)"
    manifest annotate --index --subject $oci:arm64-v8 list
    keep_record
}

# pushed FLAG…: pushes the list that the case has made, keeps the list that arrived.
pushed() {
    run "$tool" manifest push "$@" list $result
    keep_file manifest.json
    drop_list
}

pushes() {
    new "$1" pushed-empty # an empty array again, not null
    manifest create list
    pushed

    new "$1" pushed-v2s2
    manifest create list
    manifest add --all list $oci:full
    pushed --format v2s2

    new "$1" pushed-v2s2-empty
    manifest create --annotation a=b list
    pushed --format v2s2

    new "$1" pushed-docker-images-v2s2
    manifest create list
    manifest add --all list $docker/multi
    pushed --format v2s2

    new "$1" pushed-docker-images-oci
    manifest create list
    manifest add --all list $docker/multi
    pushed --format oci

    new "$1" pushed-features
    manifest create list
    manifest add --features sse4 list $docker/amd64
    pushed

    new "$1" pushed-features-oci
    manifest create list
    manifest add --features sse4 list $docker/amd64
    pushed --format oci

    new "$1" pushed-zstd # a second image for each platform, marked, behind all others
    manifest create list
    manifest add --all list $oci:two
    run "$tool" manifest push --add-compression zstd list oci:/srv/golden/result:list
    keep_tagged
    drop_list
}

conversions() {
    new skopeo copied-v2s2
    run skopeo copy --all --format v2s2 $oci:multi $result
    keep_file manifest.json

    new skopeo copied-v2s2-urls
    run skopeo copy --all --format v2s2 $oci:full $result
    keep_file manifest.json

    new skopeo copied-v2s2-bare # no platform becomes the platform that skopeo runs on: linux/amd64
    run skopeo copy --all --format v2s2 $oci:bare $result
    keep_file manifest.json

    new skopeo copied-oci
    run skopeo copy --all --format oci $docker/multi $result
    keep_file manifest.json

    new skopeo copied-unchanged
    run skopeo copy --all $oci:artifacts $result
    keep_file manifest.json

    new skopeo copied-zstd # every entry is marked
    run skopeo copy --all --dest-compress-format zstd --dest-compress $oci:full $result
    keep_file manifest.json
}

layouts() {
    local layout=oci:/srv/golden/result
    new skopeo layout-untagged
    run skopeo copy $oci:amd64 $layout
    keep_file index.json

    new skopeo layout-tagged
    run skopeo copy $oci:amd64 $layout:v1
    keep_file index.json

    new skopeo layout-several
    run skopeo copy $oci:amd64 $layout:v1
    run skopeo copy --all $oci:multi $layout:v2
    run skopeo copy $oci:amd64 "$layout:third"
    keep_file index.json

    new umoci layout-empty
    run umoci init --layout /srv/golden/result
    keep_file index.json
}

imagetools() {
    local create=(docker buildx imagetools create --dry-run)
    new buildx oci
    keep_output "${create[@]}" $repository:amd64 $repository:arm-v7 $repository:arm64-v8 $repository:windows-2019

    new buildx one
    keep_output "${create[@]}" $repository:amd64

    new buildx docker
    keep_output "${create[@]}" $repository:docker-amd64 $repository:docker-arm-v7 $repository:docker-windows-2019

    new buildx docker-annotated # annotations are dropped without a word
    keep_output "${create[@]}" --annotation index:a=b --annotation manifest-descriptor:c=d $repository:docker-amd64

    new buildx mixed
    keep_output "${create[@]}" $repository:docker-amd64 $repository:arm64-v8

    new buildx index-annotations
    keep_output "${create[@]}" --annotation index:z=1 --annotation index:Z=2 --annotation 'index:a=<"&">' \
        --annotation index:e= $repository:amd64 $repository:arm64-v8

    new buildx entry-annotations
    keep_output "${create[@]}" --annotation 'manifest-descriptor:all=<&>' \
        --annotation 'manifest-descriptor[linux/arm64]:one='$'\xf0\x9f\xa6\x80\xe2\x80\xa8' $repository:amd64 $repository:arm64-v8

    new buildx indexes-merged
    keep_output "${create[@]}" $repository:multi $repository:windows-2019 $repository:two

    new buildx index-unchanged
    keep_output "${create[@]}" $repository:multi

    new buildx index-annotated # what annotations the index had is lost
    keep_output "${create[@]}" --annotation index:a=b $repository:multi

    new buildx platform-filtered
    keep_output "${create[@]}" --platform linux/arm64 $repository:multi

    new buildx descriptor
    keep_output "${create[@]}" --tag $repository:descriptor "{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"$(digest windows-2019)\",\"size\":403,\"annotations\":{\"a\":\"b\"},\"platform\":{\"os\":\"windows\",\"architecture\":\"amd64\",\"os.version\":\"10.0.17763.6414\",\"os.features\":[\"win32k\"]}}"

    new buildx pushed
    run docker buildx imagetools create --tag $repository:imagetools --annotation index:a=b $repository:amd64 $repository:arm64-v8
    keep_tag imagetools
}

crane_indexes() {
    new crane appended
    run crane index append -m $repository:amd64 -m $repository:arm64-v8 -m $repository:windows-2019 -t $repository:crane
    keep_tag crane

    new crane appended-docker
    run crane index append --docker-empty-base -m $repository:docker-amd64 -m $repository:docker-arm-v7 -t $repository:crane
    keep_tag crane

    new crane appended-to-index # annotations of the index stay
    run crane index append $repository:multi -m $repository:windows-2019 -t $repository:crane
    keep_tag crane

    new crane appended-nested
    run crane index append --flatten=false -m $repository:multi -t $repository:crane
    keep_tag crane

    new crane filtered-to-none
    run crane index filter $repository:multi --platform linux/s390x -t $repository:crane
    keep_tag crane
}

docker_lists() {
    local list=$repository:docker-list
    new docker created
    run docker manifest create --insecure $list $repository:docker-amd64 $repository:docker-arm64-v8 $repository:docker-windows-2019
    run docker manifest push --insecure --purge $list
    keep_tag docker-list

    new docker annotated
    run docker manifest create --insecure $list $repository:docker-amd64 $repository:docker-arm64-v8
    run docker manifest annotate --os windows --os-version 10.0.17763.6414 --os-features win32k,other $list $repository:docker-amd64
    run docker manifest annotate --variant v9 $list $repository:docker-arm64-v8
    run docker manifest push --insecure --purge $list
    keep_tag docker-list
}

oras_indexes() {
    new oras created
    run oras manifest index create --plain-http $repository:oras amd64 arm64-v8 windows-2019
    keep_tag oras

    new oras annotated
    run oras manifest index create --plain-http --artifact-type application/vnd.example.thing --annotation 'b=<&>' \
        --annotation a= $repository:oras amd64
    keep_tag oras

    new oras empty
    run oras manifest index create --plain-http $repository:oras
    keep_tag oras
}
