#!/bin/sh
# Installs retaind as a systemd service, or upgrades it. Safe to repeat: what is as it should be stays untouched, and a
# configuration is never overwritten. Running daemons go on with the old version until they are restarted.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
root=
python=python3
package=$source
extras=
environment=yes

usage() {
    cat <<END
usage: install.sh [--root DIR] [--python PYTHON] [--package WHEEL_OR_NAME] [--extras LIST] [--units-only]

  --root DIR       install below DIR instead of /, for building packages and images; needs --units-only
  --python PYTHON  the Python >= 3.11 that makes the environment in /opt/retaind (python3)
  --package WHAT   what pip installs: a wheel, a folder or a name with a version (this source tree)
  --extras LIST    optional parts of retaind, with commas between: avro, protobuf, ...; an upgrade keeps what is there
  --units-only     leave /opt/retaind alone: you put a retaind into /opt/retaind/bin yourself

pip is configured as usual, by PIP_INDEX_URL and the like. torch comes in builds with and without CUDA: name an index
of those for the CPU unless this machine has a GPU.
END
}

while [ $# -gt 0 ]; do
    case $1 in
        --root) root=${2:?--root needs a folder}; shift 2 ;;
        --python) python=${2:?--python needs an interpreter}; shift 2 ;;
        --package) package=${2:?--package needs a name}; shift 2 ;;
        --extras) extras=${2:?--extras needs a list}; shift 2 ;;
        --units-only) environment=no; shift ;;
        -h | --help) usage; exit 0 ;;
        *) echo "install.sh: unknown option $1" >&2; usage >&2; exit 64 ;;
    esac
done
[ -z "$root" ] || [ $environment = no ] || { echo "install.sh: --root needs --units-only" >&2; exit 64; }
[ -n "$root" ] || [ "$(id -u)" = 0 ] || { echo "install.sh: run it as root, or with --root" >&2; exit 77; }

install_environment() {
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
        || { echo "install.sh: $python is older than 3.11" >&2; exit 69; }
    [ -x /opt/retaind/bin/pip ] || "$python" -m venv /opt/retaind
    set -- "$package${extras:+[$extras]}"
    # The lock's hashes are those of one index: torch has other builds for the CPU, and this source tree has no hash at
    # all. To have pip check them, first: /opt/retaind/bin/pip install --require-hashes -r requirements.lock
    versions=$(mktemp)
    [ ! -f "$source/requirements.lock" ] || sed -e '/^ *--hash=/d' -e 's/ *\\$//' "$source/requirements.lock" > "$versions"
    /opt/retaind/bin/pip install --upgrade --quiet --constraint "$versions" "$@"
    rm -f "$versions"
}

# Copies a file, unless the same is there already; says what it did.
put() {
    if ! cmp -s "$1" "$2"; then
        install -D -m 0644 "$1" "$2"
        echo "installed $2"
        changed=yes
    fi
}

changed=no
if [ $environment = yes ]; then
    install_environment
fi
install -d -m 0755 "$root/etc/retaind"
install -d -m 0700 "$root/etc/retaind/secrets"
put "$here/retaind@.service" "$root/etc/systemd/system/retaind@.service"
for example in gpu.conf kafka-secret.conf reload.conf; do
    put "$here/$example" "$root/usr/local/share/doc/retaind/systemd/$example"
done
if [ -z "$root" ] && [ $changed = yes ] && [ -d /run/systemd/system ]; then
    systemctl daemon-reload
fi
if [ $changed = no ]; then
    echo "nothing has changed"
fi
