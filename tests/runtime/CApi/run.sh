# run.sh <c-api program> <write-test-artifact> <folder for files>
set -eu
rm -rf "$3" && mkdir -p "$3"
"$2" "$3/m.tenon"
"$2" "$3/damaged.tenon" plan
"$2" "$3/weights.tenon" weights
"$2" "$3/cuda.tenon" cuda
"$1" "$3/m.tenon" "$3/damaged.tenon" "$3/weights.tenon" "$3/cuda.tenon"
