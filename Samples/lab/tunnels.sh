# The tunnels of the laboratory: WireGuard in user space, and OpenVPN in its modes. Sourced by make.sh.

# --- WireGuard (wireguard-go): 10.44.0.0/24 inside, UDP 51820 outside

# Starts both ends; the first packet through makes the handshake.
wireguard_up() {
  local end
  for end in client server; do
    (umask 077 && wg genkey >"$work/wg-$end.key")
    wg pubkey <"$work/wg-$end.key" >"$work/wg-$end.pub"
  done
  start wireguard-server $SERVER env WG_PROCESS_FOREGROUND=1 LOG_LEVEL=error wireguard-go vswgs0
  start wireguard-client $CLIENT env WG_PROCESS_FOREGROUND=1 LOG_LEVEL=error wireguard-go vswgc0
  await_interface $SERVER vswgs0
  await_interface $CLIENT vswgc0
  inside $SERVER wg set vswgs0 listen-port 51820 private-key "$work/wg-server.key" \
    peer "$(cat "$work/wg-client.pub")" allowed-ips 10.44.0.2/32
  inside $CLIENT wg set vswgc0 private-key "$work/wg-client.key" \
    peer "$(cat "$work/wg-server.pub")" endpoint $SERVER4:51820 allowed-ips 10.44.0.1/32
  ip -n $SERVER address add 10.44.0.1/24 dev vswgs0
  ip -n $CLIENT address add 10.44.0.2/24 dev vswgc0
  ip -n $SERVER link set vswgs0 up mtu 1420
  ip -n $CLIENT link set vswgc0 up mtu 1420
  # Router solicitations would make the handshake at a moment of their own.
  ip -n $SERVER -6 address flush dev vswgs0
  ip -n $CLIENT -6 address flush dev vswgc0
}

wireguard_down() { stop wireguard-client wireguard-server; }

# Arguments: namespace interface.
await_interface() {
  local tries
  for ((tries = 0; tries < 100; tries++)); do
    ip -n "$1" link show "$2" >/dev/null 2>&1 && wg_answers "$1" "$2" && return 0
    sleep 0.1
  done
  fail "interface $2 did not come up"
}

wg_answers() { inside "$1" wg show "$2" >/dev/null 2>&1; }

# Pings through a tunnel. Arguments: address count seconds-between.
ping_through() { inside $CLIENT ping -q -n -c "$2" -i "$3" -W 3 "$1" >/dev/null || fail "no answer from $1"; }

# --- OpenVPN

# Keys for tls-auth, tls-crypt and tls-crypt-v2.
openvpn_keys() {
  authority
  certificate vpn.lab.example serverAuth
  certificate user.lab.example clientAuth
  openvpn --genkey secret "$work/shared.key"
  openvpn --genkey tls-crypt-v2-server "$work/v2-server.key"
  openvpn --tls-crypt-v2 "$work/v2-server.key" --genkey tls-crypt-v2-client "$work/v2-client.key"
}

# Starts both ends of one OpenVPN connection and waits for the tunnel: 10.45.0.1 at the server, 10.45.0.2 at the client.
# Arguments: mode (plain tls-auth tls-auth-sha1 tls-crypt tls-crypt-v2 static), transport (udp4 tcp4 udp6 tcp6), port,
# and the server's address where it is another than its first.
openvpn_up() {
  local mode=$1 transport=$2 port=$3 address=$SERVER4 here=() there=()
  [[ $transport != *6 ]] || address=$SERVER6
  address=${4:-$address}
  case $mode in
    plain | static) ;;
    tls-auth) there=(--tls-auth "$work/shared.key" 0 --auth SHA256) here=(--tls-auth "$work/shared.key" 1 --auth SHA256) ;;
    tls-auth-sha1) there=(--tls-auth "$work/shared.key" 0 --auth SHA1) here=(--tls-auth "$work/shared.key" 1 --auth SHA1) ;;
    tls-crypt) there=(--tls-crypt "$work/shared.key") here=(--tls-crypt "$work/shared.key") ;;
    tls-crypt-v2) there=(--tls-crypt-v2 "$work/v2-server.key") here=(--tls-crypt-v2 "$work/v2-client.key") ;;
    *) fail "no OpenVPN mode $mode" ;;
  esac
  there+=(--dev vsovs0 --dev-type tun --verb 3 --disable-dco --proto "${transport/tcp?/&-server}" --local "$address"
    --port "$port")
  here+=(--dev vsovc0 --dev-type tun --verb 3 --disable-dco --proto "${transport/tcp?/&-client}" --nobind
    --remote "$address" "$port")
  if [ "$mode" = static ]; then
    there+=(--secret "$work/shared.key" --cipher AES-256-CBC --ifconfig 10.45.0.1 10.45.0.2)
    here+=(--secret "$work/shared.key" --cipher AES-256-CBC --ifconfig 10.45.0.2 10.45.0.1)
  else
    there+=(--server 10.45.0.0 255.255.255.0 --topology subnet --dh none --keepalive 10 60
      --ca "$work/ca.pem" --cert "$work/vpn.lab.example.pem" --key "$work/vpn.lab.example.key")
    here+=(--client --remote-cert-tls server
      --ca "$work/ca.pem" --cert "$work/user.lab.example.pem" --key "$work/user.lab.example.key")
  fi
  start openvpn-server $SERVER openvpn "${there[@]}"
  if [ "$mode" = static ]; then
    await openvpn-server "link remote"
  else
    await openvpn-server "Initialization Sequence Completed"
  fi
  start openvpn-client $CLIENT openvpn "${here[@]}"
  await openvpn-client "Initialization Sequence Completed"
}

openvpn_down() { stop openvpn-client openvpn-server; }

# One whole OpenVPN connection: handshake, three pings through the tunnel, end. Arguments: as openvpn_up.
openvpn_run() {
  openvpn_up "$@"
  ping_through 10.45.0.1 3 0.3
  openvpn_down
}
