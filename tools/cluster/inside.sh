#!/usr/bin/env bash
# inside.sh DIR CGROUP IMAGE.tar...: the node's first process, in the namespaces that node.sh has made. It starts the
# parts of Kubernetes, says in DIR/ready that all of them serve, and then only waits to be ended.
set -euo pipefail
dir=$1 group=$2
shift 2
address=10.89.0.1

began=$(date +%s%N)
reached() { printf '%6d ms  %s\n' $((($(date +%s%N) - began) / 1000000)) "$*"; }

# start NAME COMMAND...: a part that runs as long as the node does.
start() {
	local name=$1
	shift
	"$@" >"$dir/log/$name.log" 2>&1 &
}

own_folders() {
	mount --make-rshared /
	mkdir -p "$dir"/{log,kubelet,containerd,etcd,pki,volumes}
	mount -t tmpfs tmpfs /run
	mkdir -p /run/lock /run/lib/upper /run/lib/work /run/sysctl /run/cni/net.d
	mount --bind "$dir/log" /var/log
	mount -t overlay overlay -o lowerdir=/var/lib,upperdir=/run/lib/upper,workdir=/run/lib/work /var/lib
	# The kubelet sets these for the whole machine, unless they have the values that it wants: it is shown files that do.
	local setting file
	for setting in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 \
		kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
		file=/run/sysctl/$(tr / _ <<<"${setting%=*}")
		echo "${setting#*=}" >"$file"
		mount --bind "$file" "/proc/sys/${setting%=*}"
	done
}

# A network without a way out, and one machine beside the node. A default route must exist all the same: without one
# the kubelet finds no address, and the node reaches no Service.
own_network() {
	ip link set lo up
	ip link add node0 type bridge
	ip address add $address/24 dev node0
	ip link set node0 up
	ip route add default via 10.89.0.254 dev node0
	echo 1 >/proc/sys/net/ipv4/ip_forward
	ip netns add outside
	ip link add outside0 type veth peer name eth0 netns outside
	ip link set outside0 master node0 up
	ip -n outside link set lo up
	ip -n outside address add 10.89.0.50/24 dev eth0
	ip -n outside link set eth0 up
	ip -n outside route add default via $address
	echo nameserver $address >/run/resolv.conf
	mount --bind /run/resolv.conf /etc/resolv.conf
	: >/run/pods-resolv.conf # no upstream: a name that the cluster does not know is unknown at once
}

# The parent of all pods' cgroups, in each hierarchy of version 1; version 2 has one.
own_cgroups() {
	local hierarchy file
	for hierarchy in $(awk '$3 == "cgroup" { print $2 }' /proc/mounts); do
		mkdir -p "$hierarchy/$group"
	done
	# A group counts as much as one process outside it. Pods go before what else this machine does, or their probes fail.
	[ ! -f "/sys/fs/cgroup/cpu/$group/cpu.shares" ] || echo 8192 >"/sys/fs/cgroup/cpu/$group/cpu.shares"
	if [ -d "/sys/fs/cgroup/cpuset/$group" ]; then
		for file in cpus mems; do
			cat "/sys/fs/cgroup/cpuset/cpuset.$file" >"/sys/fs/cgroup/cpuset/$group/cpuset.$file"
		done
	elif [ -f /sys/fs/cgroup/cgroup.controllers ]; then
		mkdir -p "/sys/fs/cgroup/$group"
		echo 8192 >"/sys/fs/cgroup/$group/cpu.weight" 2>/dev/null || true
	fi
}

# user NAME USER [GROUP]: a user of the API, with a kubeconfig of its own.
user() {
	echo "$1-token,$2,$1,\"${3:-}\"" >>"$dir/pki/tokens.csv"
	cat >"$dir/$1.conf" <<-END
		{apiVersion: v1, kind: Config, current-context: test,
		 contexts: [{name: test, context: {cluster: test, user: test}}], users: [{name: test, user: {token: $1-token}}],
		 clusters: [{name: test, cluster: {server: "https://$address:6443", certificate-authority: $dir/pki/ca.crt}}]}
	END
}

identities() {
	cd "$dir/pki"
	: >tokens.csv
	openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 30 -subj /CN=test-cluster-ca
	openssl req -newkey rsa:2048 -nodes -keyout apiserver.key -out apiserver.csr -subj /CN=kube-apiserver
	openssl x509 -req -in apiserver.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out apiserver.crt -days 30 \
		-extfile <(echo "subjectAltName=IP:$address,IP:10.96.0.1,DNS:kubernetes.default.svc")
	openssl genrsa -out accounts.key 2048
	user admin admin system:masters
	user manager system:kube-controller-manager
	user scheduler system:kube-scheduler
	user kubelet system:node:n1 system:nodes
	user proxy system:kube-proxy
	user dns dns system:masters
}

api() {
	# A test cluster need not survive a power cut: without fsync it is twice as fast.
	start etcd etcd --data-dir "$dir/etcd" --unsafe-no-fsync --listen-client-urls http://127.0.0.1:2379 \
		--advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380
	start apiserver kube-apiserver --etcd-servers=http://127.0.0.1:2379 --bind-address=$address --advertise-address=$address \
		--tls-cert-file="$dir/pki/apiserver.crt" --tls-private-key-file="$dir/pki/apiserver.key" \
		--service-account-key-file="$dir/pki/accounts.key" --service-account-signing-key-file="$dir/pki/accounts.key" \
		--service-account-issuer=https://kubernetes.default.svc.cluster.local --service-cluster-ip-range=10.96.0.0/16 \
		--token-auth-file="$dir/pki/tokens.csv" --authorization-mode=Node,RBAC \
		--enable-admission-plugins=NodeRestriction --kubelet-preferred-address-types=InternalIP
	until kubectl get --raw=/readyz >/dev/null 2>&1; do sleep 0.1; done
	start manager kube-controller-manager --kubeconfig="$dir/manager.conf" --root-ca-file="$dir/pki/ca.crt" \
		--service-account-private-key-file="$dir/pki/accounts.key" --use-service-account-credentials --leader-elect=false
	start scheduler kube-scheduler --kubeconfig="$dir/scheduler.conf" --leader-elect=false
}

# restrict_oom_score_adj and oomScoreAdj: 0 are for machines without CAP_SYS_RESOURCE, where nobody may lower a score.
containers() {
	cat >/run/cni/net.d/10-pods.conflist <<-END
		{"cniVersion": "1.0.0", "name": "pods", "plugins": [{"type": "bridge", "bridge": "cni0", "isDefaultGateway": true,
		 "hairpinMode": true, "ipam": {"type": "host-local", "dataDir": "/run/cni/ipam", "ranges": [[{"subnet": "10.244.0.0/24"}]]}}]}
	END
	cat >"$dir/containerd.toml" <<-END
		version = 2
		[plugins."io.containerd.grpc.v1.cri"]
		  sandbox_image = "test.local/pause:1"
		  restrict_oom_score_adj = true
		  disable_apparmor = true
		[plugins."io.containerd.grpc.v1.cri".cni]
		  bin_dir = "/usr/lib/cni"
		  conf_dir = "/run/cni/net.d"
		[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
		  runtime_type = "io.containerd.runc.v2"
		[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
		  BinaryName = "$(command -v runc)"
	END
	start containerd containerd -c "$dir/containerd.toml" --root "$dir/containerd" --state /run/containerd \
		--address "$CONTAINERD_ADDRESS"
	until ctr version >/dev/null 2>&1; do sleep 0.1; done
	local image
	for image in "$@"; do ctr images import "$image" >/dev/null; done
}

# syncFrequency is a minute by default: so long may an edit of a ConfigMap take to reach a pod. Tests that measure the
# default say SYNC=1m.
node() {
	cat >"$dir/kubelet.yaml" <<-END
		apiVersion: kubelet.config.k8s.io/v1beta1
		kind: KubeletConfiguration
		address: $address
		authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
		authorization: {mode: AlwaysAllow}
		cgroupDriver: cgroupfs
		cgroupRoot: /$group
		failCgroupV1: false
		failSwapOn: false
		oomScoreAdj: 0
		containerRuntimeEndpoint: unix://$CONTAINERD_ADDRESS
		volumePluginDir: $dir/volumes
		resolvConf: /run/pods-resolv.conf
		clusterDNS: [$address]
		clusterDomain: cluster.local
		makeIPTablesUtilChains: false
		seccompDefault: true
		evictionHard: {nodefs.available: 1%, imagefs.available: 1%, memory.available: 100Mi}
		imageGCHighThresholdPercent: 100
		syncFrequency: ${SYNC:-1s}
	END
	cat >"$dir/proxy.yaml" <<-END
		apiVersion: kubeproxy.config.k8s.io/v1alpha1
		kind: KubeProxyConfiguration
		mode: nftables
		clientConnection: {kubeconfig: $dir/proxy.conf}
		clusterCIDR: 10.244.0.0/16
		conntrack: {maxPerCore: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
		oomScoreAdj: 0
	END
	cat >"$dir/Corefile" <<-END
		.:53 {
		  bind $address
		  errors
		  kubernetes cluster.local 10.96.0.0/16 10.244.0.0/16 {
		    kubeconfig $dir/dns.conf test
		    ttl 5
		  }
		  cache 5
		}
	END
	start kubelet kubelet --config="$dir/kubelet.yaml" --kubeconfig="$dir/kubelet.conf" --root-dir="$dir/kubelet" \
		--hostname-override=n1 --node-ip=$address
	start proxy kube-proxy --config="$dir/proxy.yaml" --hostname-override=n1
	start dns coredns -conf "$dir/Corefile"
	until kubectl wait --for=condition=Ready node/n1 --timeout=60s && kubectl -n default get serviceaccount default; do
		sleep 0.1
	done >/dev/null 2>&1
	# The controller wants its Node to be there.
	start policy policy --kubeconfig="$dir/admin.conf" --hostname-override=n1 --service-cluster-ip-range=10.96.0.0/16
}

# Some volumes of the default storage class, made by hand: nobody provisions any here. They are in memory, like all of
# /run, so that no test waits for a slow disk.
volumes() {
	local number
	kubectl apply -f - <<-END
		{apiVersion: storage.k8s.io/v1, kind: StorageClass, provisioner: kubernetes.io/no-provisioner, volumeBindingMode: WaitForFirstConsumer,
		 metadata: {name: local, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}}
	END
	for number in 1 2 3 4; do
		mkdir -p "/run/disks/$number"
		kubectl apply -f - <<-END
			apiVersion: v1
			kind: PersistentVolume
			metadata: {name: disk-$number}
			spec:
			  capacity: {storage: 1Gi}
			  accessModes: [ReadWriteOnce]
			  storageClassName: local
			  local: {path: /run/disks/$number}
			  nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [n1]}]}]}}
		END
	done
}

own_folders
own_network
own_cgroups
identities >"$dir/log/identities.log" 2>&1
api
reached "the API serves"
containers "$@"
reached "the images are there"
node
volumes >"$dir/log/volumes.log" 2>&1
reached "the node is ready"
touch "$dir/ready"
trap 'exit 0' TERM
while :; do
	sleep 3600 &
	wait $!
done
