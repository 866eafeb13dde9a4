#!/bin/sh
# Writes what kubectl makes of each manifest here: FILE.json beside FILE.yaml, an array of its documents. Made with
# kubectl 1.32.4. The label is there because `kubectl label --local` is what prints a manifest without a cluster, and
# is taken out again.
set -eu
cd "$(dirname "$0")"
for file in *.yaml; do
    printed=$(kubectl label --local -o json -f "$file" golden=yes)
    printf '%s' "$printed" | python3 -c '
import json, sys
text, decoder, documents, at = sys.stdin.read(), json.JSONDecoder(), [], 0
while text[at:].strip():
    at += len(text[at:]) - len(text[at:].lstrip())
    document, at = decoder.raw_decode(text, at)
    labels = document["metadata"]["labels"]
    del labels["golden"]
    if not labels:
        del document["metadata"]["labels"]
    documents.append(document)
json.dump(documents, sys.stdout, indent=2, ensure_ascii=False, sort_keys=True)
print()
' >"${file%.yaml}.json"
done
