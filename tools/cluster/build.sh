#!/usr/bin/env bash
# build.sh [NAME]: builds the programs of the test cluster into the user's cache, where they are missing: Kubernetes
# with kubectl and Helm 4 (one program), Helm 3, CoreDNS, a NetworkPolicy controller, and the pause program of a pod.
# Prints the folder that holds them. All of them come from the Go modules that go.mod and go.sum here pin. With a NAME
# only that program is built, such as helm3, which runs on any system.
#
# build.sh --pin writes go.mod and go.sum anew, for other versions than those below. It needs jq.
set -euo pipefail
cd "$(dirname "$0")"

kubernetes=1.36.3
helm=4.2.4  # of the same k8s.io/client-go as Kubernetes 1.36, so that everything is compiled once
helm3=3.21.4 # the last Helm 3 of that client-go
coredns=1.14.3
router=2.1.0

cache=${XDG_CACHE_HOME:-$HOME/.cache}/dcr-gateway/cluster
export CGO_ENABLED=0 GOFLAGS=-trimpath

# Kubernetes' own go.mod replaces its parts by folders of its repository: we need them by version.
pin() {
	rm -f go.mod go.sum
	go mod init github.com/dcr-gateway/dcr-gateway/tools/cluster
	local upstream part
	upstream=$(go mod download -json "k8s.io/kubernetes@v$kubernetes" | jq -r .GoMod)
	for part in $(go mod edit -json "$upstream" | jq -r '.Require[] | select(.Version == "v0.0.0") | .Path'); do
		go mod edit -replace "$part=$part@v0.${kubernetes#1.}"
	done
	# The godebug line gives Kubernetes the defaults that it has upstream.
	go mod edit -go=1.26.0 -godebug default=go1.26 \
		-require "k8s.io/kubernetes@v$kubernetes" -require "helm.sh/helm/v4@v$helm" \
		-require "github.com/coredns/coredns@v$coredns" -require "github.com/cloudnativelabs/kube-router/v2@v$router"
	go get -tool "helm.sh/helm/v3/cmd/helm@v$helm3"
	go build -mod=mod -o /dev/null ./dns
	go build -mod=mod -o /dev/null ./policy
	go list -mod=mod -deps ./... helm.sh/helm/v3/cmd/helm >/dev/null
}

# build NAME VERSION PACKAGE LINK...: the program NAME-VERSION-DIGEST and links to it. The digest is that of everything
# it is made of, and the program gets its name when it is whole, so that an interrupted build leaves nothing wrong.
build() {
	local name=$1 version=$2 package=$3 digest file began link
	[ -z "$only" ] || [ "$only" = "$name" ] || return 0
	digest=$({ echo "$flags"; cat go.mod go.sum; [ ! -d "$package" ] || cat "$package"/*.go; } | sha256sum | cut -c1-12)
	file=$name-$version-$digest
	if [ ! -x "$cache/bin/$file" ]; then
		echo "building $name $version" >&2
		began=$(date +%s)
		nice -n 5 go build -ldflags "$flags" -o "$cache/bin/.$name.part" "$package"
		mv "$cache/bin/.$name.part" "$cache/bin/$file"
		echo "built $name $version in $(($(date +%s) - began)) seconds" >&2
	fi
	for link in "${@:4}"; do
		ln -sfn "$file" "$cache/bin/$link"
	done
}

[ "${1:-}" != --pin ] || { pin; exit; }
only=${1:-}
mkdir -p "$cache/bin"

# What is compiled on the way takes 3 GB and is of no use afterwards: it gets a folder of its own, which goes at the end.
export GOCACHE=$cache/compiled
[ -n "$only" ] || [ -x "$cache/bin/kubelet" ] || echo "the test cluster is built from Go modules: 6 to 11 minutes on two cores, once" >&2
parts=k8s.io/component-base/version
flags="-s -w -X $parts.gitVersion=v$kubernetes -X $parts.gitMajor=1 -X $parts.gitMinor=36 -X $parts.gitTreeState=clean
	-X helm.sh/helm/v4/internal/version.version=v$helm -X helm.sh/helm/v3/internal/version.version=v$helm3"
build kube $kubernetes ./kube kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl helm
build dns $coredns ./dns coredns
build policy $router ./policy policy
build helm3 $helm3 helm.sh/helm/v3/cmd/helm helm3
build pause 1 ./pause pause
build pack 1 ./pack pack
rm -rf "$GOCACHE"
echo "$cache/bin"
