#!/bin/sh
# Installs the scanners that tests/Integration/Scanners drives, and those who judge senders beside us, from Debian's packages, as root. Nothing of it is started, and no signatures are fetched.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt="apt-get -qq -o DPkg::Lock::Timeout=300"

# The packages would start instances of their own: the tests start theirs.
if ! [ -e /usr/sbin/policy-rc.d ]; then
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
    chmod +x /usr/sbin/policy-rc.d
fi
$apt update
$apt install -y --no-install-recommends rspamd clamav-daemon opendkim opendmarc \
    libmail-dkim-perl libmail-spf-perl libmail-dmarc-perl python3-dkim python3-spf python3-dnspython python3-nacl
