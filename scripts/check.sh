#!/bin/sh
# Everything that can be judged without running the program: types, style, the rules of the tree.
# All three are looked at, so that one run shows all there is to mend.
cd "$(dirname "$0")/.." || exit 1
node() { sh bin/node "$@"; }
failed=""

check() {
  name=$1
  shift
  echo "== $name"
  "$@" || failed="$failed $name"
}

check types node node_modules/typescript/bin/tsc -p .
check style node node_modules/@biomejs/biome/bin/biome check .
check tidy node node_modules/vitest/vitest.mjs run test/tidy.test.ts

if [ -n "$failed" ]; then
  echo "== check failed:$failed" >&2
  exit 1
fi
echo "== check passed"
