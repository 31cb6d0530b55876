#!/usr/bin/env bash
# Makes this Debian 12 or 13 the hub of many devices. Again, it changes only what is missing or older. As root:
#   ./setup.sh NAME        NAME: how devices reach this machine, as in hub.local
set -euo pipefail
cd "$(dirname "$(realpath "${BASH_SOURCE[0]}")")"
umask 022

readonly PACKAGES=(mosquitto mosquitto-clients postgresql python3-venv prometheus prometheus-alertmanager prometheus-node-exporter openssl)
readonly CERTS=/etc/mosquitto/certs PROGRAM=/opt/emotion-hub SECRETS=/etc/emotion-hub USER_NAME=emotion-hub
readonly DAYS=3650 # a device must be visited for a new one, so they last ten years

die() {
    echo "setup.sh: $*" >&2
    exit 2
}

parse_arguments() {
    [[ $# == 1 && $1 != -* ]] || die "usage: setup.sh NAME, where NAME is how devices reach this machine, as in hub.local"
    name=$1
    [[ $name =~ ^[A-Za-z0-9][A-Za-z0-9.-]*$ ]] || die "NAME '$name': expected letters, digits, dots and hyphens"
    ((EUID == 0)) || die "needs root: sudo $0 $name"
}

install_packages() {
    dpkg --status "${PACKAGES[@]}" &>/dev/null || {
        apt-get update
        DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${PACKAGES[@]}"
    }
    getent passwd $USER_NAME >/dev/null ||
        useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin $USER_NAME
    install -d -m 750 -g "${SUDO_GID:-0}" $SECRETS $SECRETS/devices
}

# An authority of the hub's own: devices trust ca.crt, and nothing that anybody else signed.
make_certificates() {
    local new_key=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
    install -d $CERTS
    if [[ ! -e $CERTS/ca.crt ]]; then
        (umask 077 && openssl req -x509 "${new_key[@]}" -days $DAYS -subj "/CN=authority of $name" \
            -keyout $SECRETS/ca.key -out $SECRETS/ca.crt 2>/dev/null)
        install -m 644 $SECRETS/ca.crt $CERTS/ca.crt
    fi
    if [[ ! -e $CERTS/hub.crt ]]; then
        (umask 077 && openssl req "${new_key[@]}" -subj "/CN=$name" -keyout $SECRETS/hub.key -out $SECRETS/hub.csr 2>/dev/null)
        openssl x509 -req -in $SECRETS/hub.csr -CA $SECRETS/ca.crt -CAkey $SECRETS/ca.key -CAcreateserial -days $DAYS \
            -extfile <(echo "subjectAltName=DNS:$name,DNS:localhost") -out $CERTS/hub.crt 2>/dev/null
        install -m 640 -g mosquitto $SECRETS/hub.key $CERTS/hub.key
    fi
}

configure_broker() {
    install -m 644 mosquitto/emotion-edge.conf /etc/mosquitto/conf.d/
    [[ -e /etc/mosquitto/acl ]] || install -m 640 -g mosquitto mosquitto/acl /etc/mosquitto/acl # yours from then on
    install -D -m 644 mosquitto/limits.conf /etc/systemd/system/mosquitto.service.d/limits.conf
    [[ -e /etc/mosquitto/passwd ]] || install -m 640 -g mosquitto /dev/null /etc/mosquitto/passwd
    [[ -e $SECRETS/mqtt-password ]] || ./add-device.sh --user hub
}

as_postgres() {
    (cd / && runuser -u postgres -- "$@")
}

is_there() { # ROW, as in: pg_roles WHERE rolname = 'grafana'
    [[ $(as_postgres psql --no-psqlrc --tuples-only --no-align --command "SELECT 1 FROM $1") == 1 ]]
}

make_database() {
    for user in $USER_NAME grafana; do
        is_there "pg_roles WHERE rolname = '$user'" || as_postgres createuser "$user"
    done
    is_there "pg_database WHERE datname = 'emotion_edge'" || as_postgres createdb --owner $USER_NAME emotion_edge
    if is_there "pg_settings WHERE name = 'shared_preload_libraries' AND setting LIKE '%timescaledb%'"; then
        as_postgres psql --no-psqlrc --quiet --dbname emotion_edge --command 'CREATE EXTENSION IF NOT EXISTS timescaledb'
    fi
    runuser -u $USER_NAME -- psql --quiet --no-psqlrc --dbname emotion_edge --file - <postgresql/schema.sql
}

install_collector() {
    install -d $PROGRAM
    cp -RT emotion_hub $PROGRAM/emotion_hub
    cmp --silent requirements.txt $PROGRAM/requirements.txt || {
        python3 -m venv --clear $PROGRAM/.venv
        $PROGRAM/.venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
        cp requirements.txt $PROGRAM/
    }
    install -m 644 emotion-hub.service emotion-hub-forget.service emotion-hub-forget.timer /etc/systemd/system/
}

configure_prometheus() {
    install -m 644 prometheus/prometheus.yml prometheus/rules.yml /etc/prometheus/
    [[ -e /etc/prometheus/devices ]] || install -d /etc/prometheus/devices
    [[ -e /etc/prometheus/device-token ]] || install -m 640 -g prometheus /dev/null /etc/prometheus/device-token
    [[ -e /etc/prometheus/alertmanager.yml.debian ]] || {
        cp /etc/prometheus/alertmanager.yml /etc/prometheus/alertmanager.yml.debian
        install -m 644 prometheus/alertmanager.yml /etc/prometheus/ # yours from then on
    }
}

start_all() {
    if [[ ! -d /run/systemd/system ]]; then
        echo "systemd is not running here: nothing was started"
        return
    fi
    systemctl daemon-reload
    systemctl restart mosquitto prometheus prometheus-alertmanager emotion-hub
    systemctl enable --quiet --now emotion-hub emotion-hub-forget.timer
}

parse_arguments "$@"
install_packages
make_certificates
configure_broker
make_database
install_collector
configure_prometheus
start_all
echo "The hub is ready. Devices reach it as $name, port 8883, and trust $CERTS/ca.crt. Next: ./add-device.sh NAME..."
