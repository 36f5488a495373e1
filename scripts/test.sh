#!/bin/sh
# The whole test suite, on freshly built programs.
set -e
cd "$(dirname "$0")/.."
sh bin/node scripts/build.mjs
exec sh bin/node node_modules/vitest/vitest.mjs run "$@"
