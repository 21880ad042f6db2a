#!/bin/sh
# One machine of the lab: `machine.sh boot DIR` is process 1 of its pid namespace (when it dies, all of the
# machine dies at once); `machine.sh snmpd|sshd|stop-snmpd|stop-sshd DIR` is run inside of it later.
#
# Memory file systems lie over the daemons' own directories, so all of them use the paths that they were built
# with, and the computer's own files are neither read nor touched.
set -u
what=$1 D=$2
. "$D/machine.env"
export MIBS="" SNMPCONFPATH=/run/snmp SNMP_PERSISTENT_DIR="$D/snmp-state" # MIBS: Debian has no IETF MIBs

start_snmpd() {
  /usr/sbin/snmpd -C -c /run/snmp/snmpd.conf -Lf "$D/snmpd.log" -p /run/snmpd.pid $AGENTX
}

start_sshd() {
  mkdir -p /run/sshd
  /usr/sbin/sshd -f "$D/sshd_config" -E "$D/sshd.log"
}

stop() { # PIDFILE: ends it and waits until it is gone
  pid=$(cat "$1" 2>/dev/null) || return 0
  rm -f "$1"
  kill -9 "$pid" 2>/dev/null
  while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
}

put_files() {
  mkdir -p /run/snmp
  cp "$D/snmpd.conf" /run/snmp/
  echo "agentXSocket unix:/run/agentx/master" >/run/snmp/frr.conf # zebra and ospfd read this name
}

boot() {
  hostname "$NAME"
  mount --make-rprivate /
  mount -t proc proc /proc
  mount -t sysfs sysfs /sys 2>/dev/null
  for d in /run /var/tmp /etc/frr; do mount -t tmpfs -o mode=755,size=16m tmpfs $d || exit 1; done
  mkdir -p /run/agentx /run/frr /run/lldpd "$SNMP_PERSISTENT_DIR"
  put_files
  ip link set lo up
  [ -n "$ADDRESS" ] && ip addr replace "$ADDRESS/32" dev lo
  trap 'exit 0' TERM
  [ "$AGENT" = 1 ] && start_snmpd
  if [ "$ROUTES" = 1 ]; then
    cp "$D/frr.conf" /etc/frr/frr.conf
    echo "service integrated-vtysh-config" >/etc/frr/vtysh.conf
    chown -R frr:frr /etc/frr /run/frr && chmod 640 /etc/frr/frr.conf && chgrp frrvty /etc/frr/vtysh.conf
    /usr/lib/frr/zebra -d $FRR_SNMP -s 1048576 --log "file:$D/zebra.log"
    /usr/lib/frr/ospfd -d $FRR_SNMP --log "file:$D/ospfd.log"
    vtysh -b >"$D/vtysh.log" 2>&1 &
  fi
  if [ "$LLDP" = 1 ]; then
    chown _lldpd:_lldpd /run/lldpd
    # lldpcli may be executed by its owner only (Debian): lldpd needs one that it can run.
    install -m 755 "$LLDPCLI" /run/lldpcli
    lldpd -L /run/lldpcli -x $AGENTX_LLDP -O "$D/lldpd.conf" >"$D/lldpd.log" 2>&1
  fi
  if [ "$SSH" = 1 ]; then
    # Users that exist inside of this machine only.
    mkdir -p /run/etc
    for f in passwd group shadow; do cat "/etc/$f" "$D/$f" >/run/etc/$f 2>/dev/null; done
    install -m 644 "$D/authorized_keys" /run/etc/ # sshd reads it as the user, who may not get to $D
    [ "$ROUTES" = 1 ] && sed -i "s/^frrvty:.*/&,$VTY_USERS/; s/:,/:/" /run/etc/group
    for f in passwd group shadow; do mount --bind /run/etc/$f /etc/$f; done
    if [ -e /etc/pam.d/frr ]; then # vtysh as a login shell asks PAM for the account
      printf 'auth sufficient pam_permit.so\naccount sufficient pam_permit.so\n' >/run/etc/pam-frr
      mount --bind /run/etc/pam-frr /etc/pam.d/frr
    fi
    start_sshd
  fi
  : >"$D/booted"
  while :; do
    sleep 3600 &
    wait $!
  done
}

case $what in
boot) boot ;;
snmpd) stop /run/snmpd.pid; put_files; start_snmpd ;;
stop-snmpd) stop /run/snmpd.pid ;;
sshd) stop /run/sshd.pid; start_sshd ;;
stop-sshd) stop /run/sshd.pid ;;
*) echo "machine.sh: $what?" >&2; exit 2 ;;
esac
