#!/bin/sh
# What the tests need beyond Python: libdmtx and dmtxread, pdftoppm, Ghostscript, openssl, Chromium, a C compiler, age,
# strace, faketime, LibreOffice Calc, a ZPL renderer.
# Installs it where it may, else says how.
set -eu
packages=""
command -v dmtxread >/dev/null 2>&1 || packages="$packages dmtx-utils"
ldconfig -p 2>/dev/null | grep -q libdmtx || packages="$packages libdmtx0b"
command -v pdftoppm >/dev/null 2>&1 || packages="$packages poppler-utils"
command -v openssl >/dev/null 2>&1 || packages="$packages openssl"
command -v gs >/dev/null 2>&1 || packages="$packages ghostscript"
command -v chromium >/dev/null 2>&1 || packages="$packages chromium"
command -v chromedriver >/dev/null 2>&1 || packages="$packages chromium-driver"
command -v npm >/dev/null 2>&1 || packages="$packages nodejs npm ca-certificates"
command -v cc >/dev/null 2>&1 || packages="$packages gcc libc6-dev"
command -v age >/dev/null 2>&1 || packages="$packages age"
command -v strace >/dev/null 2>&1 || packages="$packages strace"
command -v soffice >/dev/null 2>&1 || packages="$packages libreoffice-calc"
command -v faketime >/dev/null 2>&1 || packages="$packages faketime"
renderer() { # zpl-renderer-js draws our ZPL; nobody here wrote it
    [ -d tests/independent/zpl/node_modules/zpl-renderer-js ] && return 0
    echo "The tests need zpl-renderer-js; installing it with npm"
    npm install --prefix tests/independent/zpl --no-package-lock --no-audit --no-fund --loglevel error && return 0
    echo "Install it with: npm install --prefix tests/independent/zpl --no-package-lock" >&2
    exit 6
}
if [ -z "$packages" ]; then
    renderer
    exit 0
fi
echo "The tests need:$packages"
run=""
[ "$(id -u)" = 0 ] || run="sudo -n"
if command -v apt-get >/dev/null 2>&1; then
    # shellcheck disable=SC2086
    $run apt-get update -qq && DEBIAN_FRONTEND=noninteractive $run apt-get install -y -qq --no-install-recommends $packages >/dev/null && { renderer; exit 0; }
fi
echo "Install it with: sudo apt-get install$packages" >&2
exit 6
