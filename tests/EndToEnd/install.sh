#!/bin/sh
# Installs what the end-to-end tests drive, from Debian's packages, as root. Nothing of it is started.
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
$apt install -y --no-install-recommends \
    curl swaks msmtp isync offlineimap3 getmail6 fetchmail mutt neomutt aerc thunderbird libnet-ssleay-perl libio-socket-ssl-perl libauthen-sasl-perl ca-certificates \
    python3-dkim python3-nacl opendkim-tools libfaketime \
    postfix dovecot-imapd dovecot-lmtpd postgrey libgnutls-dane0 libidn12 libnsl2 libdb5.3

# Exim cannot be installed beside Postfix: its packages are unpacked where nothing else looks, and it gets the user that it insists on.
getent passwd Debian-exim > /dev/null || useradd --system --user-group --no-create-home --home-dir /var/spool/exim4 --shell /usr/sbin/nologin Debian-exim
folder=/var/cache/merpati/exim
mkdir -p $folder/debs
(cd $folder/debs && $apt -o APT::Sandbox::User=root download exim4-base exim4-daemon-light)
for package in $folder/debs/*.deb; do dpkg-deb -x "$package" $folder; done
