# Every mode of OpenVPN that the plugin tells apart, over UDP and TCP, IPv4 and IPv6, and static-key mode, in which
# nothing can be told apart.
case_tools() { need openvpn=openvpn openssl=openssl; }

case_record() {
  openvpn_keys
  capture_start "$1"
  local port=1194 mode
  for mode in plain tls-auth tls-crypt tls-crypt-v2; do
    say "OpenVPN $mode: UDP port $port, TCP port $port"
    openvpn_run $mode udp4 $port
    openvpn_run $mode tcp4 $port
    port=$((port + 1))
  done
  say "OpenVPN tls-auth with SHA-1 over IPv6: UDP port $port, TCP port $port"
  openvpn_run tls-auth-sha1 udp6 $port
  openvpn_run tls-auth-sha1 tcp6 $port
  port=$((port + 1))
  say "OpenVPN with a static key: UDP port $port"
  openvpn_run static udp4 $port
  capture_stop
}
