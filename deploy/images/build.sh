#!/bin/sh
# build.sh FOLDER [PROJECT...]: the images as archives in FOLDER (`podman load -i`, `docker load -i`, `skopeo copy oci-archive:`), without a registry, a container engine or the Internet:
# the base is made here (base.sh) and served to the SDK by a registry on loopback that ends with this script. With MERPATI_BASE_IMAGE the base is taken from where it lies instead.
set -eu
folder=$(mkdir -p "$1" && cd "$1" && pwd); shift
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- services/SmtpIngress/Host services/OutboundRelay/Host services/Delivery/Host services/ImapGateway/Host services/Pop3Gateway/Host services/UserDirectory/Host services/Standalone services/Cli
export DOTNET_NOLOGO=1

if [ -z "${MERPATI_BASE_IMAGE:-}" ]; then
  missing=; for command in docker-registry skopeo; do command -v $command > /dev/null || missing="$missing $command"; done
  [ -z "$missing" ] || { apt-get -q update; DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends -o DPkg::Lock::Timeout=300 $missing; } > /dev/null
  work=$(mktemp -d)
  port=${MERPATI_IMAGES_PORT:-5599}
  printf 'version: 0.1\nlog: { level: warn }\nstorage: { filesystem: { rootdirectory: %s/registry } }\nhttp: { addr: "127.0.0.1:%s" }\n' "$work" "$port" > "$work/registry.yaml"
  docker-registry serve "$work/registry.yaml" > "$work/registry.log" 2>&1 & registry=$!
  trap 'kill $registry 2> /dev/null; rm -rf "$work"' EXIT
  base=/var/cache/merpati/images/base-$(sha256sum deploy/images/base.sh | cut -c1-12)-$(dotnet --version)
  [ -e "$base/index.json" ] || { rm -rf "$base"; sh deploy/images/base.sh "$base"; }
  tries=0
  until skopeo copy -q --dest-tls-verify=false "oci:$base:10.0" "docker://127.0.0.1:$port/merpati/base:10.0" 2> "$work/copy.log"; do
    tries=$((tries + 1)); [ $tries -lt 40 ] && kill -0 $registry || { cat "$work/copy.log" "$work/registry.log"; exit 1; }
    sleep 0.25
  done
  MERPATI_BASE_IMAGE=127.0.0.1:$port/merpati/base:10.0
  export DOTNET_CONTAINER_INSECURE_REGISTRIES=127.0.0.1:$port
fi

# The newest tag v1.2.3 and the commits since; 0.1.0-alpha.0.N as long as there is no tag.
version=${MERPATI_VERSION:-$(dotnet minver --tag-prefix v --minimum-major-minor 0.1 --verbosity error)}
for project; do
  name=$(dotnet msbuild "$project" -getProperty:ImageName)
  dotnet CycloneDX "$(ls "$project"/*.csproj)" -o "$folder" -fn "$name.cdx.json" -sn "merpati/$name" -sv "$version" -F Json -ipr -ed -dpr -ns -biop artifacts/obj > "$folder/$name.sbom.log" 2>&1 || { cat "$folder/$name.sbom.log"; exit 1; }
  rm "$folder/$name.sbom.log"
  # Restored without a platform: with one, the lock files of the libraries would be written anew.
  dotnet restore "$project" -v q -p:PublishReadyToRun=true
  dotnet publish "$project" --no-restore -c Release -r linux-x64 -t:PublishContainer -v q -clp:NoSummary -p:RunAnalyzers=false -p:Version="$version" \
    -p:ContainerBaseImage="$MERPATI_BASE_IMAGE" -p:ImageSbom="$folder/$name.cdx.json" -p:ContainerArchiveOutputPath="$folder/$name.tar.gz"
  printf '%s  merpati/%s:%s\n' "$(du -h "$folder/$name.tar.gz" | cut -f1)" "$name" "$version"
done
