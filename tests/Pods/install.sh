#!/bin/sh
# What the tests of the pods need, from Debian's packages. As root.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get -q -o DPkg::Lock::Timeout=300 update
apt-get -q -o DPkg::Lock::Timeout=300 install -y --no-install-recommends podman runc netavark aardvark-dns conmon iptables docker-registry skopeo
