#!/bin/sh
# base.sh FOLDER: a base for images where no registry can be reached, as an OCI layout in FOLDER, tag 10.0.
# What Microsoft's chiseled image has, from other sources: libc and what .NET needs from Debian's packages, the runtime of the SDK that builds, an account, no shell.
set -eu
folder=$1
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$work/debs" "$root/etc" "$root/tmp" "$root/usr/share/dotnet/shared" "$root/home/app"
chmod 1777 "$root/tmp"

cd "$work/debs"
apt-get -q download base-files netbase tzdata ca-certificates libc6 libgcc-s1 libstdc++6 libssl3 zlib1g > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }
for deb in *.deb; do dpkg-deb -x "$deb" "$root"; done
# Debian's own bill of materials: what scanners look for in an image without dpkg.
mkdir -p "$root/var/lib/dpkg/status.d"
for deb in *.deb; do dpkg-deb -f "$deb" > "$root/var/lib/dpkg/status.d/$(dpkg-deb -f "$deb" Package)"; done
cd - > /dev/null

# No programs, no documentation.
rm -rf "$root/bin" "$root/sbin" "$root/usr/bin" "$root/usr/sbin" "$root/usr/share/doc" "$root/usr/share/man" "$root/usr/share/lintian" "$root/usr/share/bug" "$root/usr/lib/x86_64-linux-gnu/gconv" "$root/lib/systemd" "$root/usr/lib/systemd" "$root/boot" "$root/media" "$root/mnt" "$root/opt" "$root/srv"
mkdir -p "$root/etc/ssl/certs"
cat "$root"/usr/share/ca-certificates/mozilla/*.crt > "$root/etc/ssl/certs/ca-certificates.crt"
printf 'root:x:0:0::/:/nologin\napp:x:10001:10001::/home/app:/nologin\n' > "$root/etc/passwd"
printf 'root:x:0:\napp:x:10001:\n' > "$root/etc/group"
printf 'hosts: files dns\n' > "$root/etc/nsswitch.conf"

sdk=$(dirname "$(readlink -f "$(command -v dotnet)")")
version=$(dotnet --list-runtimes | sed -n 's/^Microsoft.AspNetCore.App \(10\.0\.[^ ]*\).*/\1/p' | tail -1)
cp -r "$sdk/dotnet" "$sdk/host" "$root/usr/share/dotnet/"
for framework in Microsoft.NETCore.App Microsoft.AspNetCore.App; do
  mkdir -p "$root/usr/share/dotnet/shared/$framework"
  cp -r "$sdk/shared/$framework/$version" "$root/usr/share/dotnet/shared/$framework/"
done
chown -R 0:0 "$root" && chown 10001:10001 "$root/home/app"
find "$root" -newermt 1970-01-02 -exec touch -h -d @0 {} +

# One layer, written as the OCI image layout says; nothing in it that differs between two runs.
mkdir -p "$folder/blobs/sha256"
put() { digest=$(sha256sum "$1" | cut -d' ' -f1); mv "$1" "$folder/blobs/sha256/$digest"; }
tar --sort=name --numeric-owner -C "$root" -cf "$work/layer" .
diff=$(sha256sum "$work/layer" | cut -d' ' -f1)
gzip -n "$work/layer"; put "$work/layer.gz"; layer=$digest; size=$(stat -c %s "$folder/blobs/sha256/$layer")
printf '{"created":"1970-01-01T00:00:00Z","architecture":"amd64","os":"linux","config":{"User":"10001","Env":["PATH=/usr/share/dotnet","DOTNET_ROOT=/usr/share/dotnet","DOTNET_RUNNING_IN_CONTAINER=true","DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=true"],"WorkingDir":"/home/app"},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]},"history":[{"created":"1970-01-01T00:00:00Z","created_by":"deploy/images/base.sh"}]}' "$diff" > "$work/config"
put "$work/config"; config=$digest
printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:%s","size":%s},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"sha256:%s","size":%s}]}' \
  "$config" "$(stat -c %s "$folder/blobs/sha256/$config")" "$layer" "$size" > "$work/manifest"
put "$work/manifest"; manifest=$digest
printf '{"imageLayoutVersion":"1.0.0"}' > "$folder/oci-layout"
printf '{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":%s,"annotations":{"org.opencontainers.image.ref.name":"10.0"}}]}' "$manifest" "$(stat -c %s "$folder/blobs/sha256/$manifest")" > "$folder/index.json"
