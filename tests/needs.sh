#!/bin/sh
# What the tests need beyond Python: libdmtx and dmtxread, pdftoppm, openssl. Installs it where it may, else says how.
set -eu
packages=""
command -v dmtxread >/dev/null 2>&1 || packages="$packages dmtx-utils"
ldconfig -p 2>/dev/null | grep -q libdmtx || packages="$packages libdmtx0b"
command -v pdftoppm >/dev/null 2>&1 || packages="$packages poppler-utils"
command -v openssl >/dev/null 2>&1 || packages="$packages openssl"
command -v gs >/dev/null 2>&1 || packages="$packages ghostscript"
command -v chromium >/dev/null 2>&1 || packages="$packages chromium"
command -v chromedriver >/dev/null 2>&1 || packages="$packages chromium-driver"
command -v node >/dev/null 2>&1 || packages="$packages nodejs npm"
[ -z "$packages" ] && exit 0
echo "The tests need:$packages"
run=""
[ "$(id -u)" = 0 ] || run="sudo -n"
if command -v apt-get >/dev/null 2>&1; then
    # shellcheck disable=SC2086
    $run apt-get update -qq && DEBIAN_FRONTEND=noninteractive $run apt-get install -y -qq $packages >/dev/null && exit 0
fi
echo "Install it with: sudo apt-get install$packages" >&2
exit 6
