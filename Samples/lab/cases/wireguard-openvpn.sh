# The main sample: a WireGuard tunnel that lasts long enough for a second handshake, OpenVPN over UDP and TCP, and
# ordinary TLS beside them.
case_tools() {
  need wireguard-go=wireguard-go wg=wireguard-tools openvpn=openvpn openssl=openssl curl=curl aiosmtpd=python3-aiosmtpd
}

case_record() {
  openvpn_keys
  certificate $WEB_NAME serverAuth
  certificate $MAIL_NAME serverAuth
  start web $SERVER openssl s_server -accept $SERVER4:443 -www -quiet \
    -cert "$work/$WEB_NAME.pem" -key "$work/$WEB_NAME.key"
  start mail $SERVER aiosmtpd -n -l $SERVER4B:25 --tlscert "$work/$MAIL_NAME.pem" --tlskey "$work/$MAIL_NAME.key" \
    -c aiosmtpd.handlers.Sink
  await_port 443
  await_port 25
  printf 'From: <a@lab.example>\r\nTo: <b@lab.example>\r\nSubject: laboratory\r\n\r\nNothing.\r\n' >"$work/message"

  capture_start "$1"
  say "WireGuard: a handshake and pings"
  wireguard_up
  local begun=$SECONDS
  ping_through 10.44.0.1 5 0.3
  say "HTTPS by curl, TLS 1.3 and TLS 1.2; SMTP with STARTTLS"
  inside $CLIENT curl -sS --cacert "$work/ca.pem" -o /dev/null https://$WEB_NAME/
  inside $CLIENT curl -sS --cacert "$work/ca.pem" --tls-max 1.2 -o /dev/null https://$WEB_NAME/
  inside $CLIENT curl -sS --cacert "$work/ca.pem" --ssl-reqd --mail-from a@lab.example --mail-rcpt b@lab.example \
    --upload-file "$work/message" smtp://$MAIL_NAME:25
  say "OpenVPN over UDP, without a further key"
  openvpn_run plain udp4 1194
  say "OpenVPN over TCP, with tls-crypt"
  openvpn_run tls-crypt tcp4 443 $SERVER4B
  # A packet after 120 s makes the initiator begin a new handshake (WireGuard, REKEY_AFTER_TIME).
  say "WireGuard: waiting for its second handshake, two minutes after the first"
  while ((SECONDS - begun < 124)); do
    ping_through 10.44.0.1 1 1
    sleep 15
  done
  ping_through 10.44.0.1 3 0.3
  wireguard_down
  capture_stop
}
