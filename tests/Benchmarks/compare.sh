#!/usr/bin/env bash
# Merpati Standalone and Postfix + Dovecot (Debian) under the same load, side by side; needs root for Postfix and Dovecot.
# usage: tests/Benchmarks/compare.sh [options of `merpati-bench compare`]
set -euo pipefail
cd "$(dirname "$0")/../.."
if ! [ -x /usr/lib/postfix/sbin/master ] || ! [ -x /usr/lib/dovecot/lmtp ]; then
    # The packages would start their own instances: those are not what is measured.
    [ -e /usr/sbin/policy-rc.d ] || { printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d; trap 'rm -f /usr/sbin/policy-rc.d' EXIT; }
    apt-get update -q >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends postfix dovecot-imapd dovecot-pop3d dovecot-lmtpd >&2
fi
ulimit -n 20000
dotnet run --project tests/Benchmarks/Merpati.Benchmarks.csproj -c Release -- compare "$@"
