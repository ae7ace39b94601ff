# Tunnels that were up before the capture began: WireGuard, OpenVPN over UDP and over TCP.
case_tools() { need wireguard-go=wireguard-go wg=wireguard-tools openvpn=openvpn openssl=openssl; }

case_record() {
  openvpn_keys
  say "WireGuard and OpenVPN over UDP come up before the capture"
  wireguard_up
  ping_through 10.44.0.1 3 0.2
  openvpn_up tls-auth udp4 1194
  ping_through 10.45.0.1 3 0.2
  capture_start "$1"
  say "Traffic through both"
  ping_through 10.44.0.1 6 0.2
  ping_through 10.45.0.1 6 0.2
  capture_stop
  openvpn_down
  mv "$1" "$work/first.pcapng"
  say "OpenVPN over TCP comes up before the capture goes on"
  openvpn_up plain tcp4 1195
  ping_through 10.45.0.1 3 0.2
  capture_start "$work/second.pcapng"
  ping_through 10.45.0.1 6 0.2
  capture_stop
  openvpn_down
  wireguard_down
  mergecap -w "$1" "$work/first.pcapng" "$work/second.pcapng"
}
