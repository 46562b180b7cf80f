#!/bin/sh
# Install what the service needs, and nothing else, into a folder:   deploy/install-service.sh FOLDER
# Building needs scikit-learn and scipy, which serving never loads: 160 MB that an image does without.
set -eu
root=$(dirname "$0")/..
python3 -m pip install --quiet --no-cache-dir --disable-pip-version-check --target "$1" \
  --constraint "$root/constraints.txt" "$root[serve]"
cd "$1"
rm -rf sklearn scikit_learn-* scikit_learn.libs scipy scipy-* scipy.libs joblib joblib-* threadpoolctl* narwhals*
# Tests and headers of libraries take another 10 MB.
find . -type d \( -name tests -o -name include \) -prune -exec rm -rf {} +
