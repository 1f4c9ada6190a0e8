#!/bin/bash -eu
# Builds the targets, and puts each with its corpus and its dictionary where OSS-Fuzz looks for it.
cd "$SRC/tower-bearer"
cargo fuzz build -O
for target in $(cargo fuzz list); do
    cp "fuzz/target/x86_64-unknown-linux-gnu/release/$target" "$OUT/"
    zip -qrj "$OUT/${target}_seed_corpus.zip" "fuzz/corpus/$target"
    if [ -e "fuzz/dictionaries/$target.dict" ]; then
        cp "fuzz/dictionaries/$target.dict" "$OUT/"
    fi
done
