#!/usr/bin/env bash
# Gives devices a user of the hub's broker each. As root:
#   ./add-device.sh NAME...          a password for each, in /etc/emotion-hub/devices/NAME; a known name keeps its own
#   ./add-device.sh --user NAME      for a program that reads along (hub, viewer, homeassistant; /etc/mosquitto/acl)
#   ./add-device.sh --remove NAME... it is refused from now on
set -euo pipefail
umask 077

readonly PASSWORDS=/etc/mosquitto/passwd SECRETS=/etc/emotion-hub

die() {
    echo "add-device.sh: $*" >&2
    exit 2
}

secret_of() {
    if [[ $1 == hub ]]; then echo $SECRETS/mqtt-password; else echo "$SECRETS/$kind/$1"; fi
}

check_name() {
    [[ $1 =~ ^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$ ]] || die "'$1': expected letters, digits, - and _, 63 at most, as in a host name"
    [[ $kind == users || ! $1 =~ ^(hub|viewer|homeassistant)$ ]] || die "'$1' is the name of a program; with --user it is made one"
}

# The password goes through a file of root's: on a command line every user of the machine could read it.
add() {
    local secret line
    secret=$(secret_of "$1")
    [[ ! -s $secret ]] || return 0
    install -d -m 750 -g "${SUDO_GID:-0}" "${secret%/*}"
    line=$(mktemp)
    openssl rand -hex 24 >"$secret"
    chmod 640 "$secret"
    chgrp "${SUDO_GID:-0}" "$secret"
    echo "$1:$(<"$secret")" >"$line"
    mosquitto_passwd -U "$line"
    sed -i "/^$1:/d" $PASSWORDS
    cat "$line" >>$PASSWORDS
    rm "$line"
    echo "$1: its password is in $secret"
}

remove() {
    sed -i "/^$1:/d" $PASSWORDS
    rm -f "$(secret_of "$1")"
    echo "$1 is refused from now on"
}

command=add kind=devices
case ${1:-} in
    --user) kind=users && shift ;;
    --remove) command=remove && shift ;;
    -*) die "unknown option '$1': add-device.sh [--user | --remove] NAME..." ;;
esac
(($#)) || die "usage: add-device.sh [--user | --remove] NAME..."
((EUID == 0)) || die "needs root: sudo $0"
for name in "$@"; do check_name "$name"; done
for name in "$@"; do $command "$name"; done
[[ ! -d /run/systemd/system ]] || systemctl reload mosquitto
