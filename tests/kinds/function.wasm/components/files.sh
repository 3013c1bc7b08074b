#!/bin/sh
# Builds files.wasm from files.c and files.wit. Needs zig (PyPI: ziglang) and a folder with jco (npm: @bytecodealliance/jco) as $1.
set -e
here="$(cd "$(dirname "$0")" && pwd)"
core="$(mktemp)"
zig cc -target wasm32-wasi -mexec-model=reactor -Os -s -o "$core" "$here/files.c"
cd "$1"
node --input-type=module -e '
import { readFileSync, writeFileSync } from "node:fs";
import { componentEmbed, componentNew, preview1AdapterReactorPath } from "@bytecodealliance/jco";
const [core, here] = process.argv.slice(1);
const witSource = readFileSync(`${here}/files.wit`, "utf8");
const embedded = await componentEmbed({ binary: readFileSync(core), witSource, worldName: "files" });
const adapter = readFileSync(preview1AdapterReactorPath());
writeFileSync(`${here}/files.wasm`, await componentNew(embedded, [["wasi_snapshot_preview1", adapter]]));
' "$core" "$here"
rm "$core"
