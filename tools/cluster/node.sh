#!/usr/bin/env bash
# A Kubernetes cluster of one node, in mount, network and PID namespaces of its own. The machine is not changed, and
# everything ends with one process. It needs root, Linux, and the packages that test/chart/run installs.
#
#   node.sh DIR up IMAGE.tar...   starts it, with these images; its logs are in DIR/log
#   node.sh DIR in COMMAND...     runs a command on the node
#   node.sh DIR out COMMAND...    runs a command on a machine outside the cluster, 10.89.0.50, that reaches the node
#   node.sh DIR down              ends it; the logs stay
#
# PROGRAMS names the folder of its programs: build.sh prints it.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
dir=$(realpath "$1")
verb=$2
shift 2
programs=${PROGRAMS:-${XDG_CACHE_HOME:-$HOME/.cache}/dcr-gateway/cluster/bin}
group=dcr-cluster-$(cksum <<<"$dir" | cut -d' ' -f1) # the cgroup of everything in its pods

export PATH=$programs:/usr/sbin:/sbin:$PATH KUBECONFIG=$dir/admin.conf
export CONTAINERD_ADDRESS=/run/containerd/containerd.sock CONTAINERD_NAMESPACE=k8s.io

# running prints the process id of the node's first process, as this machine sees it.
running() {
	local outer
	outer=$(cat "$dir/outer.pid" 2>/dev/null) || return 1
	# The id may be another process's by now.
	tr '\0' ' ' <"/proc/$outer/cmdline" 2>/dev/null | grep -q "inside.sh $dir " || return 1
	cut -d' ' -f1 "/proc/$outer/task/$outer/children" | grep .
}

up() {
	down
	rm -rf "$dir/log"
	mkdir -p "$dir/log"
	setsid nohup unshare --mount --net --pid --fork --kill-child --mount-proc \
		bash "$here/inside.sh" "$dir" "$group" "$@" >"$dir/log/start.log" 2>&1 &
	echo $! >"$dir/outer.pid"
	for _ in $(seq 1200); do
		[ ! -f "$dir/ready" ] || { cat "$dir/log/start.log"; return; }
		kill -0 "$(cat "$dir/outer.pid")" 2>/dev/null || break
		sleep 0.1
	done
	echo "the cluster did not start; the ends of its logs:" >&2
	tail -n 20 "$dir"/log/*.log >&2
	down
	return 1
}

# down ends the first process of the PID namespace, and with it all others. Mounts and interfaces end with them.
down() {
	local first hierarchy
	if first=$(running); then
		kill -9 "$(cat "$dir/outer.pid")"
		for _ in $(seq 200); do kill -0 "$first" 2>/dev/null || break; sleep 0.05; done
	fi
	rm -rf "$dir"/{ready,outer.pid,containerd,kubelet,etcd,pki}
	for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*; do
		[ ! -d "$hierarchy/$group" ] || find "$hierarchy/$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
	done
}

enter() {
	local first
	first=$(running) || { echo "no cluster runs in $dir" >&2; exit 1; }
	exec nsenter --target "$first" --mount --net --pid --wd="$PWD" "$@"
}

case $verb in
up) up "$@" ;;
in) enter "$@" ;;
out) enter ip netns exec outside "$@" ;;
down) down ;;
*) echo "no such command: $verb" >&2; exit 2 ;;
esac
