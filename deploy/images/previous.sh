#!/bin/sh
# previous.sh FOLDER [REVISION]: the images and the chart of an earlier version, FOLDER/images and FOLDER/chart: those of the newest tag v1.2.3 before this commit,
# and as long as there is none those of the newest commit that is half a day older.
set -eu
folder=$(mkdir -p "$1" && cd "$1" && pwd)
cd "$(dirname "$0")/../.."
revision=${2:-$(git describe --tags --match 'v[0-9]*' --abbrev=0 HEAD~1 2> /dev/null || git rev-list -1 --before=$(($(git log -1 --format=%ct) - 43200)) HEAD)}
revision=$(git rev-parse --short=12 --verify "$revision^{commit}")
[ "$(cat "$folder/revision" 2> /dev/null)" != "$revision" ] || exit 0
rm -rf "$folder/images" "$folder/chart" "$folder/revision"
tree=$(mktemp -d)
trap 'git worktree remove --force "$tree"' EXIT
git worktree add -q --detach "$tree" "$revision"
(cd "$tree" && dotnet tool restore -v q && sh deploy/images/build.sh "$folder/images")
cp -R "$tree/charts/merpati" "$folder/chart"
echo "$revision" > "$folder/revision"
