#!/usr/bin/env bash
# Installs, upgrades and removes the emotion daemon and its live page. Runs from an unpacked bundle and from a checkout.
set -euo pipefail
shopt -s inherit_errexit nullglob
umask 022

usage() {
    cat <<'END'
Usage: install.sh [--root DIR] [--with-gateway] [--settings FILE]
                                                     install or upgrade
       install.sh [--root DIR] rollback              go back to the release before this one; again: forth
       install.sh gateway enable|disable             switch the live page on or off in what is installed
       install.sh light enable|disable               let the service use the pins of a light and a button, or not
       install.sh [--root DIR] uninstall [--purge]   remove; settings and log stay

  --with-gateway  also switch the live page on; without it, it stays as it is (at first: off)
  --settings FILE take the place of settings.toml; the old one stays beside it, as settings.toml.before
  --purge         remove settings, log and user as well
  --root DIR      work under DIR (to build an image): no user is made and systemd is not called
  -h, --help      this text

PYTHON names the Python to build with (default /usr/bin/python3, the one that sees apt's picamera2).
An upgrade, a rollback or settings that do not get ready go back to what ran before.
Exit status: 0 done; 1 failed, gone back, or installed but not running; 2 wrong usage or not root;
3 another install.sh is at work, and this one changed nothing.
END
}

readonly NAME=emotion-edge
readonly GATEWAY=$NAME-gateway
readonly BUSY=3
readonly PYTHON=${PYTHON:-/usr/bin/python3}

# Steps that go back or restart look here for what the steps before them did to the settings.
settings_changed=no
settings_before=''

die() {
    echo "install.sh: $*" >&2
    exit 1
}

die_usage() {
    echo "install.sh: $*" >&2
    exit 2
}

parse_arguments() {
    command=install_daemon purge=no wants_gateway=no offline=no root=''
    new_settings=''
    while (($#)); do
        case $1 in
            rollback | uninstall) command=${1}_daemon ;;
            gateway | light)
                [[ ${2:-} == enable || ${2:-} == disable ]] || die_usage "$1 needs enable or disable"
                command=${2}_$1
                shift
                ;;
            --with-gateway) wants_gateway=yes ;;
            --purge) purge=yes ;;
            --settings)
                [[ -f ${2:-} ]] || die_usage "--settings needs a file, not '${2:-}'"
                new_settings=$(realpath "$2")
                shift
                ;;
            --root)
                [[ -n ${2:-} ]] || die_usage "--root needs a folder"
                offline=yes root=$2
                shift
                ;;
            -h | --help)
                usage
                exit 0
                ;;
            *) die_usage "unknown argument '$1' (install.sh --help lists them)" ;;
        esac
        shift
    done
    [[ $purge == no || $command == uninstall_daemon ]] || die_usage "--purge goes with uninstall"
    [[ $wants_gateway == no || $command == install_daemon ]] || die_usage "--with-gateway goes with an installation"
    [[ $offline == no || $command != *_gateway ]] || die_usage "in an image: --root DIR --with-gateway"
    [[ $offline == no || $command != *_light ]] || die_usage "light is for an installed system, without --root"
    [[ -z $new_settings || $command == install_daemon ]] || die_usage "--settings goes with an installation"
}

set_paths() {
    if [[ -n $root ]]; then
        [[ -d $root ]] || die_usage "--root: no such folder: $root"
        root=$(realpath "$root")
        root=${root%/}
    fi
    opt=$root/opt/$NAME
    releases=$opt/releases
    settings_dir=$root/etc/$NAME
    state_dir=$root/var/lib/$NAME
    unit=$root/etc/systemd/system/$NAME.service
    # There while the live page is switched on: an upgrade keeps the choice by it.
    gateway_unit=$root/etc/systemd/system/$GATEWAY.service
    # There while the service may use the pins: upgrades leave it alone.
    light_conf=$unit.d/light.conf
    wrapper=$root/usr/local/bin/$NAME
    completions=$root/usr/local/share
}

require_live_system() {
    [[ $offline == no ]] || return 0
    ((EUID == 0)) || die_usage "needs root: run it with sudo"
    [[ -d /run/systemd/system ]] || die "systemd is not running here (to build an image: --root DIR)"
}

# ---- what to install

find_source() {
    local here
    here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
    source_dir=$here
    [[ -d $here/edge ]] || source_dir=$(dirname "$here")
    cd "$source_dir"
    for part in edge/locks/install.py models systemd/$NAME.service systemd/settings.toml requirements-edge.txt; do
        [[ -e $part ]] || die "incomplete: $source_dir has no $part"
    done
    parts=(edge models systemd requirements-edge.txt)
    for part in LICENSE NOTICE; do
        [[ ! -e $part ]] || parts+=("$part")
    done
}

# A checkout has neither of these, and no checksums. A release that is installed was verified before.
is_bundle() {
    [[ $source_dir != "$releases"/* ]] && [[ -e VERSION || -e install.sh || -e SHA256SUMS ]]
}

# Exactly the files that SHA256SUMS lists, each once, and nothing but files and folders.
verify_bundle() {
    is_bundle || return 0
    local strange found listed
    [[ -f SHA256SUMS && ! -L SHA256SUMS ]] || die_damaged "it has no SHA256SUMS;"
    strange=$(find . ! -type f ! -type d) || die_damaged "it cannot be read;"
    [[ -z $strange ]] || die_damaged "the above are neither files nor folders;" "$strange"
    found=$(find . -type f ! -path ./SHA256SUMS -printf '%P\n' | LC_ALL=C sort)
    listed=$(sed -E 's,^[0-9a-f]{64} [ *](\./)?,,' SHA256SUMS | LC_ALL=C sort)
    if [[ $found != "$listed" ]]; then
        die_damaged "the above are not listed in SHA256SUMS, or not there, or listed twice;" \
            "$(LC_ALL=C comm -3 <(echo "$found") <(echo "$listed") | tr -d '\t')"
    fi
    sha256sum --check --strict --quiet SHA256SUMS || die_damaged "its files are not those of SHA256SUMS;"
}

# `die_damaged REASON [LINES]`; names may hold anything.
die_damaged() {
    [[ $# -eq 1 ]] || head --lines 10 <<<"$2" | cat --show-nonprinting >&2
    die "damaged bundle, nothing was changed: $1 copy and unpack it again"
}

check_python() {
    [[ -x $PYTHON ]] || die "no $PYTHON: sudo apt install python3 python3-venv"
    python_version=$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        die "$PYTHON is $python_version, 3.11 or newer is needed: Raspberry Pi OS Bookworm and later have it (apt package python3)"
    "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null ||
        die "Python cannot make virtual environments: sudo apt install python3-venv"
}

find_picamera2() {
    has_picamera2=no
    # From /, because `-c` puts the working folder on the import path.
    if (cd / && "$PYTHON" -c 'import picamera2') 2>/dev/null; then has_picamera2=yes; fi
}

read_version() {
    if [[ -e VERSION ]]; then
        cat VERSION
    else
        sed -n 's/^__version__ = "\(.*\)"$/\1/p' edge/__init__.py
    fi
}

list_files() {
    local folders=("${parts[@]}")
    [[ ! -d wheels ]] || folders+=(wheels)
    find -L "${folders[@]}" -name __pycache__ -prune -o -type f -print0 | LC_ALL=C sort -z
}

# The hash covers all that decides what a release holds, so a changed file, a newer Python or a
# picamera2 that was installed since makes a new release.
name_release() {
    local digest
    digest=$({ list_files | xargs -0 sha256sum; echo "$python_version $has_picamera2"; } | sha256sum)
    release=$version-${digest:0:10}
}

# ---- building a release

lock() {
    mkdir -p "$releases"
    exec {lock_fd}<"$opt"
    flock --nonblock "$lock_fd" || {
        echo "install.sh: another install.sh is running; nothing was changed" >&2
        exit $BUSY
    }
}

release_works() {
    (cd "$1" 2>/dev/null && .venv/bin/python -m edge --version)
}

build_release() {
    rm -rf "$releases"/.staging.*
    staging=$(mktemp -d "$releases/.staging.XXXXXX")
    trap 'rm -rf "$staging"' EXIT
    copy_files
    make_environment
    release_works "$staging" >/dev/null || die "the new release does not start; nothing was switched"
    # A Pi often loses power: all must be on the card before the rename makes it count.
    sync --file-system "$staging"
    rm -rf "${releases:?}/$release"
    mv -T "$staging" "$releases/$release"
}

copy_files() {
    cp -RL "${parts[@]}" "$staging"
    keep_downloads
    echo "$version" >"$staging/VERSION"
    find "$staging" -name __pycache__ -prune -exec rm -rf {} +
    # The bundle's files may be private to whoever unpacked it; the daemon's user must read them.
    chmod -R u=rwX,go=rX "$staging"
    "$PYTHON" -m compileall -q "$staging/edge"
}

# `fetch-yunet` puts its file among the models, and the settings may name it.
keep_downloads() {
    local model
    for model in "$opt"/current/models/*.onnx; do
        [[ ! -f $model || -e $staging/models/${model##*/} ]] || cp "$model" "$staging/models"
    done
}

make_environment() {
    local venv=$staging/.venv venv_options=() options=()
    if [[ $has_picamera2 == yes ]]; then
        venv_options+=(--system-site-packages)
        # picamera2 breaks when pip puts another numpy over apt's.
        (cd / && "$PYTHON" -c 'import numpy; print("numpy==" + numpy.__version__)') >"$staging/constraints.txt"
        options+=(--keep-numpy)
    fi
    if [[ -d wheels ]]; then
        options+=(--no-index --find-links "$source_dir/wheels")
    fi
    "$PYTHON" -m venv "${venv_options[@]}" "$venv"
    "$venv/bin/python" edge/locks/install.py "${options[@]}" ||
        die "pip could not install requirements-edge.txt; nothing was switched"
    if [[ $wants_gateway == yes ]]; then
        install_gateway_packages "$staging" || die "pip could not install what the live page needs; nothing was switched"
    fi
    # Scripts name the staging folder in their first line and would not run after the rename.
    find "$venv/bin" -type f -delete
}

# Into the environment of the release FOLDER, which has them already where nothing is to be done. An older release knows
# no gateway.
install_gateway_packages() {
    local options=()
    [[ -f $1/systemd/$GATEWAY.service ]] || return 0
    if [[ -n ${source_dir:-} && -d $source_dir/wheels ]]; then
        options+=(--no-index --find-links "$source_dir/wheels")
    fi
    "$1/.venv/bin/python" "$1/edge/locks/install.py" --gateway "${options[@]}" || return
    install_notify_packages "$1" "${options[@]}"
}

# Where the settings have rules for notifications. The page goes on without them: `notify test` and the journal tell.
install_notify_packages() {
    local folder=$1
    shift
    grep --quiet --extended-regexp '^ *\[\[ *notify *\]\]' "$settings_dir/settings.toml" 2>/dev/null || return 0
    [[ -f $folder/edge/requirements-notify.txt ]] || return 0
    "$folder/.venv/bin/python" "$folder/edge/locks/install.py" --notify "$@" ||
        echo "install.sh: what notifications need could not be installed; later: sudo $NAME gateway enable" >&2
}

# ---- switching to it

point_link() {
    ln -sfn "$2" "$opt/.$1.new"
    mv -T "$opt/.$1.new" "$opt/$1"
}

switch_release() {
    local old
    old=$(readlink "$opt/current" || true)
    if [[ -d $opt/$old && -n $old && $old != "releases/$release" ]]; then
        before_replaced=$(readlink "$opt/previous" || true)
        point_link previous "$old"
        if service_is_active; then replaced=$old; fi
    fi
    point_link current "releases/$release"
}

restore_settings() {
    [[ -n $settings_before ]] || return 0
    echo "install.sh: going back to the settings before, too" >&2
    mv -T "$settings_before" "$settings_dir/settings.toml"
}

# Only the settings were new.
go_back_to_settings() {
    restore_settings
    start_service
    [[ $started == yes ]] || die "the service gets ready neither with the new settings nor with those before: the journal says why"
    die "the service did not get ready with the new settings; it runs again with those before"
}

# An upgrade must not end what ran before it, nor take away what one could go back to from there.
go_back() {
    echo "install.sh: $release does not get ready, the journal says why; going back to ${replaced#releases/} ..." >&2
    point_link current "$replaced"
    if [[ -n $before_replaced && -d $opt/$before_replaced && $before_replaced != "$replaced" ]]; then
        point_link previous "$before_replaced"
    else
        rm "$opt/previous"
    fi
    restore_settings
    remove_old_releases
    install_unit
    install_wrapper
    start_service
    follow_with_gateway
    [[ $started == yes ]] || die "$release did not get ready, nor does ${replaced#releases/} any more: the journal says why"
    die "$release did not get ready; ${replaced#releases/} runs again"
}

remove_old_releases() {
    local path kept
    kept=" $(readlink "$opt/current") $(readlink "$opt/previous" || true) "
    for path in "$releases"/*; do
        [[ $kept == *" releases/${path##*/} "* ]] || rm -rf "$path"
    done
}

# The unit gives the service the group of the cameras; the user is in it too, for `doctor` as that user.
create_user() {
    [[ $offline == no ]] || return 0
    getent passwd "$NAME" >/dev/null ||
        useradd --system --user-group --no-create-home --home-dir "$state_dir" --shell /usr/sbin/nologin "$NAME"
    usermod --append --groups video "$NAME"
}

install_unit() {
    unit_changed=no
    if ! cmp --silent "$opt/current/systemd/$NAME.service" "$unit"; then
        unit_changed=yes
        install -D --mode=644 "$opt/current/systemd/$NAME.service" "$unit"
    fi
}

# A file of that name that install.sh did not put there belongs to somebody else.
wrapper_is_ours() {
    [[ -f $wrapper && ! -L $wrapper ]] && grep --quiet "^# .*Installed and replaced by $NAME's install.sh" "$wrapper"
}

# A file that is the same already keeps its time.
update_file() {
    cmp --silent "$1" "$2" || install -D --mode=644 "$1" "$2"
}

# Completion of the command at a TAB, where bash and zsh look for what the system's administrator put there.
install_completions() {
    local shipped=$opt/current/edge/commands/completions
    [[ -d $shipped ]] || return 0
    update_file "$shipped/$NAME" "$completions/bash-completion/completions/$NAME"
    update_file "$shipped/_$NAME" "$completions/zsh/site-functions/_$NAME"
}

# A release from before there was a wrapper leaves the one that is there, which works with it.
install_wrapper() {
    local shipped=$opt/current/systemd/$NAME
    [[ -f $shipped ]] || return 0
    if [[ -e $wrapper || -L $wrapper ]] && ! wrapper_is_ours; then
        echo "install.sh: $wrapper is somebody else's and stays; call $shipped instead" >&2
        return 0
    fi
    cmp --silent "$shipped" "$wrapper" || install -D --mode=755 "$shipped" "$wrapper"
}

# By the new release, before anything is switched to it.
check_settings() {
    [[ -n $new_settings ]] || return 0
    (cd "$releases/$release" && .venv/bin/python -c '
import sys
from edge.errors import EdgeError
from edge.settings import load
try:
    load(sys.argv[1])
except EdgeError as error:
    sys.exit(f"install.sh: {error}")
' "$new_settings") || die "these settings would not start; nothing was switched"
}

install_settings() {
    local settings=$settings_dir/settings.toml
    if [[ -n $new_settings ]] && ! cmp --silent "$new_settings" "$settings"; then
        settings_changed=yes
        if [[ -e $settings ]]; then
            cp --preserve=mode,ownership "$settings" "$settings.before"
            if service_is_active; then settings_before=$settings.before; fi
        fi
        install -D --mode=600 "$new_settings" "$settings.new"
        protect_settings "$settings.new"
        mv -T "$settings.new" "$settings"
    fi
    [[ -e $settings_dir/settings.toml ]] ||
        install -D --mode=644 "$opt/current/systemd/settings.toml" "$settings_dir/settings.toml"
    protect_settings "$settings"
}

# The address of an rtsp:// camera holds a password: for root and the service only. Where an image has
# no such group yet, the file stays open, or the service could not read it; the next run closes it.
protect_settings() {
    local group_id
    group_id=$(sed -n "s/^$NAME:[^:]*:\([0-9]*\):.*/\1/p" "$root/etc/group" 2>/dev/null) || true
    if [[ -n $group_id ]]; then
        chgrp "$group_id" "$1"
        chmod 640 "$1"
    else
        chmod 644 "$1"
    fi
}

service_is_active() {
    [[ $offline == no ]] && systemctl is-active --quiet "$NAME"
}

# A daemon keeps the working folder of the release that it was started from.
is_running_release() {
    local pid
    pid=$(systemctl show --property MainPID --value "$1")
    [[ /proc/$pid/cwd -ef $opt/current ]]
}

start_service() {
    started=yes
    [[ $offline == no ]] || return 0
    systemctl daemon-reload
    systemctl enable --quiet "$NAME"
    if [[ $unit_changed == no && $settings_changed == no ]] && is_running_release "$NAME"; then return 0; fi
    echo "Starting; this waits for the first analyzed frame ..."
    systemctl restart "$NAME" || started=no
}

# ---- the live page

gateway_is_on() {
    [[ -e $gateway_unit ]]
}

install_gateway_unit() {
    local shipped=$opt/current/systemd/$GATEWAY.service
    gateway_changed=no
    if [[ -f $shipped ]] && ! cmp --silent "$shipped" "$gateway_unit"; then
        gateway_changed=yes
        install -D --mode=644 "$shipped" "$gateway_unit"
    fi
}

start_gateway() {
    [[ $offline == no ]] || return 0
    systemctl daemon-reload
    systemctl enable --quiet "$GATEWAY"
    systemctl restart "$GATEWAY" || die "the live page does not start: journalctl -u $GATEWAY says why"
}

# After a change of releases: the same for the page, where it is on. Its faults do not stop the camera's service.
follow_with_gateway() {
    gateway_is_on || return 0
    if ! install_gateway_packages "$opt/current"; then
        echo "install.sh: the live page's packages could not be installed; later: sudo $NAME gateway enable" >&2
    fi
    install_gateway_unit
    [[ $offline == no ]] || return 0
    systemctl daemon-reload
    if [[ $gateway_changed == no && $settings_changed == no ]] && is_running_release "$GATEWAY"; then return 0; fi
    systemctl try-restart "$GATEWAY" ||
        echo "install.sh: the live page does not start: journalctl -u $GATEWAY says why" >&2
}

# Whoever switched the page off by systemctl finds it off after an upgrade too.
install_gateway() {
    if [[ $asked_for_gateway == no ]]; then
        follow_with_gateway
        return 0
    fi
    install_gateway_packages "$opt/current" || die "installed, but pip could not install what the live page needs"
    install_gateway_unit
    start_gateway
}

enable_gateway() {
    [[ -f $opt/current/systemd/$GATEWAY.service ]] || die "$NAME is not installed, or too old for a live page"
    lock
    install_gateway_packages "$opt/current" || die "pip could not install what the live page needs; nothing was changed"
    sync --file-system "$opt"
    install_gateway_unit
    start_gateway
    echo "The live page runs, now and at every boot; its address: sudo $NAME gateway url"
}

disable_gateway() {
    stop_gateway
    rm -f "$gateway_unit"
    systemctl daemon-reload
    echo "The live page is off; on again: sudo $NAME gateway enable"
}

stop_gateway() {
    [[ $offline == no && -e $gateway_unit ]] || return 0
    systemctl disable --quiet --now "$GATEWAY"
    systemctl reset-failed "$GATEWAY" 2>/dev/null || true
}

# ---- the light and the button

enable_light() {
    [[ -e $opt/current ]] || die "$NAME is not installed"
    lock
    (cd "$opt/current" && .venv/bin/python -c 'import gpiozero, lgpio') 2>/dev/null ||
        die "the service cannot drive pins: sudo apt install python3-picamera2 python3-gpiozero python3-lgpio, then install $NAME again"
    getent group gpio >/dev/null || die "there is no group gpio, which may use the pins (Raspberry Pi OS has it)"
    install -D --mode=644 /dev/stdin "$light_conf" <<END
# Written by \`$NAME light enable\`, removed by \`$NAME light disable\`: the pins of a light and a button.
[Service]
DeviceAllow=char-gpiochip rw
SupplementaryGroups=gpio
END
    restart_for_light
    echo "The service may use the pins that [light] names in $settings_dir/settings.toml."
}

disable_light() {
    remove_light
    restart_for_light
    echo "The service may use no pin; on again: sudo $NAME light enable"
}

remove_light() {
    rm -f "$light_conf"
    rmdir --ignore-fail-on-non-empty "$unit.d" 2>/dev/null || true
}

restart_for_light() {
    systemctl daemon-reload
    systemctl try-restart "$NAME" || die "the service does not get ready: journalctl -u $NAME says why"
}

# ---- all together

print_help_lines() {
    local page="sudo $NAME gateway enable   (off; it shows what the camera sees)"
    if gateway_is_on; then page="sudo $NAME gateway url"; fi
    echo "Status:  systemctl status $NAME"
    echo "Journal: journalctl -u $NAME -f"
    echo "Command: sudo $NAME doctor   (sudo $NAME --help names the others)"
    echo "Log:     $state_dir/emotions.db   Settings: $settings_dir/settings.toml"
    echo "Page:    $page"
}

install_daemon() {
    find_source
    verify_bundle
    check_python
    find_picamera2
    version=$(read_version)
    name_release
    lock
    replaced='' before_replaced=''
    asked_for_gateway=$wants_gateway
    if gateway_is_on; then wants_gateway=yes; fi
    if [[ $(readlink "$opt/current") == "releases/$release" ]] && release_works "$releases/$release" &>/dev/null; then
        check_settings
        echo "$NAME $release is already installed."
    else
        if ! release_works "$releases/$release" &>/dev/null; then
            echo "Building $NAME $release (some minutes on a Pi) ..."
            build_release
        fi
        check_settings
        switch_release
        echo "Installed $NAME $release."
    fi
    create_user
    install_unit
    install_wrapper
    install_completions
    install_settings
    start_service
    if [[ $started == no && -n $replaced ]]; then go_back; fi
    if [[ $started == no && -n $settings_before ]]; then go_back_to_settings; fi
    install_gateway
    remove_old_releases
    print_help_lines
    [[ $started == yes ]] || die "installed, but the service did not get ready: the journal says why"
}

# ---- going back

rollback_daemon() {
    local newer older
    newer=$(readlink "$opt/current" || true)
    older=$(readlink "$opt/previous" || true)
    [[ -n $newer && -n $older && -d $opt/$older ]] || die "no release to go back to: $opt/previous is not there"
    lock
    release_works "$opt/$older" >/dev/null || die "${older#releases/} does not start; nothing was switched"
    replaced='' before_replaced=$older
    if service_is_active; then replaced=$newer; fi
    release=${older#releases/}
    point_link previous "$newer"
    point_link current "$older"
    install_unit
    install_wrapper
    start_service
    if [[ $started == no && -n $replaced ]]; then go_back; fi
    follow_with_gateway
    [[ $started == yes ]] || die "went back to $release, but the service did not get ready: the journal says why"
    echo "Went back to $NAME $release; the same command again returns to ${newer#releases/}."
}

# ---- removing it

stop_service() {
    [[ $offline == no && -e $unit ]] || return 0
    systemctl disable --quiet --now "$NAME"
    systemctl reset-failed "$NAME" 2>/dev/null || true
}

uninstall_daemon() {
    stop_gateway
    stop_service
    if wrapper_is_ours; then rm "$wrapper"; fi
    rm -rf "$gateway_unit" "$unit" "$opt"
    remove_light
    rm -f "$completions/bash-completion/completions/$NAME" "$completions/zsh/site-functions/_$NAME"
    if [[ $purge == yes ]]; then
        rm -rf "$gateway_unit.d" "$unit.d" "$settings_dir" "$state_dir"
    fi
    if [[ $offline == no ]]; then
        systemctl daemon-reload
        if [[ $purge == yes ]] && getent passwd "$NAME" >/dev/null; then userdel "$NAME"; fi
    fi
    if [[ $purge == yes ]]; then
        echo "Removed $NAME with its settings, log and user."
    else
        echo "Removed $NAME. Kept: $settings_dir and $state_dir (uninstall --purge removes them too)."
    fi
}

main() {
    parse_arguments "$@"
    set_paths
    require_live_system
    "$command"
}

main "$@"
