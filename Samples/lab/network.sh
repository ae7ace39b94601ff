# The laboratory's network and its tools, for the scripts in cases/: sourced by make.sh, never run by itself.
#
#   client 198.18.0.2, fd00:18::2  --  router  --  server 198.19.0.2 and .3, fd00:19::2
#
# Three network namespaces without a default route: no packet can leave the machine. Each has its own hosts file,
# and no resolver.

readonly CLIENT=vs-client ROUTER=vs-router SERVER=vs-server
readonly CLIENT4=198.18.0.2 SERVER4=198.19.0.2 SERVER4B=198.19.0.3
readonly CLIENT6=fd00:18::2 SERVER6=fd00:19::2
readonly WEB_NAME=www.lab.example MAIL_NAME=mail.lab.example

services=()   # process groups of the services that run, as "pid name"
capture_group=

say() { printf '  %s\n' "$*"; }
fail() { printf 'lab: %s\n' "$*" >&2; exit 1; }

# --- What has to be there

# Names every missing Debian package at once. Arguments: tool=package ...
need() {
  local pair missing=()
  for pair in "$@"; do
    command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
  done
  [ ${#missing[@]} -eq 0 ] || fail "missing packages; install them with: apt-get install ${missing[*]}"
  [ -c /dev/net/tun ] || fail "/dev/net/tun is not there: load the kernel module tun"
}

# --- The network

# Deletes the namespaces, and with them every link and whatever still runs inside.
network_down() {
  local namespace pids
  for namespace in $CLIENT $ROUTER $SERVER; do
    [ -e "/run/netns/$namespace" ] || continue
    pids=$(ip netns pids "$namespace")
    [ -z "$pids" ] || kill $pids 2>/dev/null || true
    ip netns delete "$namespace"
  done
}

# A veth pair between two namespaces. Arguments: namespace interface namespace interface.
link() {
  ip link add "$2" netns "$1" type veth peer name "$4" netns "$3"
  local end
  for end in "$1 $2" "$3 $4"; do
    set -- $end
    # With offloads on, a capture holds 64 KiB frames whose checksums were never computed.
    ip netns exec "$1" ethtool -K "$2" tso off gso off gro off tx off rx off >/dev/null 2>&1
    ip netns exec "$1" sysctl -qw "net.ipv6.conf.$2.accept_dad=0" "net.ipv6.conf.$2.router_solicitations=0"
  done
}

network_up() {
  local namespace
  for namespace in $CLIENT $ROUTER $SERVER; do
    ip netns add "$namespace"
    ip -n "$namespace" link set lo up
  done
  link $CLIENT eth0 $ROUTER eth0
  link $SERVER eth0 $ROUTER eth1
  ip -n $CLIENT address add $CLIENT4/24 dev eth0
  ip -n $CLIENT address add $CLIENT6/64 dev eth0 nodad
  ip -n $SERVER address add $SERVER4/24 dev eth0
  ip -n $SERVER address add $SERVER4B/24 dev eth0
  ip -n $SERVER address add $SERVER6/64 dev eth0 nodad
  ip -n $ROUTER address add 198.18.0.1/24 dev eth0
  ip -n $ROUTER address add fd00:18::1/64 dev eth0 nodad
  ip -n $ROUTER address add 198.19.0.1/24 dev eth1
  ip -n $ROUTER address add fd00:19::1/64 dev eth1 nodad
  ip -n $CLIENT link set eth0 up
  ip -n $SERVER link set eth0 up
  ip -n $ROUTER link set eth0 up
  ip -n $ROUTER link set eth1 up
  ip netns exec $ROUTER sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
  ip -n $CLIENT route add 198.19.0.0/24 via 198.18.0.1
  ip -n $CLIENT route add fd00:19::/64 via fd00:18::1
  ip -n $SERVER route add 198.18.0.0/24 via 198.19.0.1
  ip -n $SERVER route add fd00:18::/64 via fd00:19::1
  printf '127.0.0.1 localhost\n%s %s\n%s %s\n' $SERVER4 $WEB_NAME $SERVER4B $MAIL_NAME >"$work/hosts"
  : >"$work/resolv.conf"
}

# Runs a command in a namespace, with the laboratory's hosts file and no resolver. Arguments: namespace command ...
inside() {
  local namespace=$1
  shift
  ip netns exec "$namespace" sh -c '
    mount --bind "$1/hosts" /etc/hosts && mount --bind "$1/resolv.conf" /etc/resolv.conf && shift && exec "$@"
  ' inside "$work" "$@"
}

# --- Services: each its own process group

# Arguments: name namespace command ...
start() {
  local name=$1 namespace=$2
  shift 2
  # Emptied before it runs: an earlier service of this name must not answer for it.
  : >"$work/$name.log"
  set -m
  inside "$namespace" "$@" >>"$work/$name.log" 2>&1 </dev/null &
  services+=("$! $name")
  set +m
}

# Ends the services of the given names, or all of them.
stop() {
  local entry left=() pid name
  for entry in "${services[@]}"; do
    read -r pid name <<<"$entry"
    if [ $# -eq 0 ] || [[ " $* " == *" $name "* ]]; then
      kill -TERM -- "-$pid" 2>/dev/null || true
      wait "$pid" 2>/dev/null || true
    else
      left+=("$entry")
    fi
  done
  services=("${left[@]}")
}

# Waits until a service's log holds a text, at most 20 s. Arguments: name text.
await() {
  local tries
  for ((tries = 0; tries < 200; tries++)); do
    grep -q -- "$2" "$work/$1.log" 2>/dev/null && return
    sleep 0.1
  done
  tail -5 "$work/$1.log" >&2
  fail "$1 did not say '$2' within 20 s"
}

# Waits until something listens on a TCP port of the server. Argument: port.
await_port() {
  local tries
  for ((tries = 0; tries < 100; tries++)); do
    [ -z "$(ip netns exec $SERVER ss -Htln "sport = :$1")" ] || return 0
    sleep 0.1
  done
  fail "nothing listens on port $1"
}

# --- The capture: on the client's end of its link

# Argument: file.
capture_start() {
  set -m
  ip netns exec $CLIENT dumpcap -q -i eth0 -w "$1" >"$work/dumpcap.log" 2>&1 </dev/null &
  capture_group=$!
  set +m
  local tries
  for ((tries = 0; tries < 100; tries++)); do
    [ -s "$1" ] && break
    sleep 0.1
  done
  [ -s "$1" ] || { cat "$work/dumpcap.log" >&2; fail "the capture did not start"; }
  sleep 0.5
}

capture_stop() {
  sleep 0.5
  kill -INT -- "-$capture_group" 2>/dev/null || true
  wait "$capture_group" 2>/dev/null || true
  capture_group=
}

# Whatever happened: nothing of the laboratory stays.
clean_up() {
  [ -z "$capture_group" ] || kill -INT -- "-$capture_group" 2>/dev/null || true
  stop || true
  network_down
  rm -rf "$work"
}

# --- Certificates: made anew each time, kept nowhere

# A certificate authority in $work/ca.pem and ca.key.
authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -sha256 \
    -subj "/CN=Laboratory CA" -keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
}

# A certificate for a name, in $work/NAME.pem and NAME.key. Arguments: name extended-key-usage.
certificate() {
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" \
    -keyout "$work/$1.key" -out "$work/$1.csr" 2>/dev/null
  openssl x509 -req -in "$work/$1.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 30 -sha256 \
    -extfile <(printf 'subjectAltName=DNS:%s\nkeyUsage=digitalSignature\nextendedKeyUsage=%s\n' "$1" "$2") \
    -out "$work/$1.pem" 2>/dev/null
}
