# run.sh <c-api program> <write-test-artifact> <folder for files>
# Writes an artifact, one with a damaged plan and one with a damaged weight.
set -eu
rm -rf "$3" && mkdir -p "$3"
"$2" "$3/m.tenon"
cp "$3/m.tenon" "$3/damaged.tenon"
cp "$3/m.tenon" "$3/weights.tenon"
# The plan begins on the page after the code, the second weight 64 bytes after
# the first; both places as readelf would show them.
printf 'X' | dd of="$3/damaged.tenon" bs=1 seek=12300 conv=notrunc status=none
# The footer, the last 128 bytes, says at 32 where weights begin; the second one
# lies 64 bytes behind the first.
weights=$(tail -c 128 "$3/weights.tenon" | od -An -j32 -N8 -t u8)
printf 'X' | dd of="$3/weights.tenon" bs=1 seek=$((weights + 64)) conv=notrunc status=none
"$1" "$3/m.tenon" "$3/damaged.tenon" "$3/weights.tenon"
