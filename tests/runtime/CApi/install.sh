# install.sh <build folder> <consumer's source> <C compiler> <write-test-artifact> <folder> <CApi.md>
# Installs the runtime and builds a C program against it: through the CMake
# package, shared and static, and through pkg-config, shared and static. Builds the
# program in CApi.md too.
set -eu
build=$1 source=$2 cc=$3 write_artifact=$4 files=$5 page=$6
rm -rf "$files" && mkdir -p "$files"
cmake --install "$build" --component runtime --prefix "$files/prefix" > "$files/install.log"
"$write_artifact" "$files/m.tenon"

# The installation may be moved.
mv "$files/prefix" "$files/moved"
prefix=$files/moved
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
expected="x: 2 dims, L is the last; ran"

check() { # <what> <program...>
  what=$1; shift
  got=$("$@" "$files/m.tenon")
  [ "$got" = "$expected" ] || { echo "$what: expected '$expected', got '$got'"; exit 1; }
}

cmake -S "$source" -B "$files/cmake" -DCMAKE_C_COMPILER="$cc" \
  -DCMAKE_PREFIX_PATH="$prefix" > "$files/cmake.log"
cmake --build "$files/cmake" >> "$files/cmake.log"
check "CMake, shared" "$files/cmake/consumer"
check "CMake, static" "$files/cmake/consumer-static"

"$cc" -std=c99 "$source/main.c" $(pkg-config --cflags --libs tenon) \
  -Wl,-rpath,"$prefix/lib" -o "$files/by-pkg-config"
check "pkg-config, shared" "$files/by-pkg-config"
"$cc" -std=c99 "$source/main.c" $(pkg-config --cflags tenon) \
  "$prefix/lib/libtenon_runtime.a" $(pkg-config --static --libs-only-l tenon | sed 's/-ltenon_runtime//') \
  -o "$files/by-pkg-config-static"
check "pkg-config, static" "$files/by-pkg-config-static"

sed -n '/^```c$/,/^```$/p' "$page" | sed '/^```/d' > "$files/page.c"
"$cc" -std=c99 -Wall -Werror "$files/page.c" $(pkg-config --cflags --libs tenon) \
  -Wl,-rpath,"$prefix/lib" -o "$files/page"
expected="y: 64 bytes
sums: 16 bytes
echo: 16 bytes"
got=$("$files/page" "$files/m.tenon" 4)
[ "$got" = "$expected" ] || { echo "the program of CApi.md printed '$got'"; exit 1; }

library=$(readlink -f "$prefix/lib/libtenon_runtime.so")
bytes=$(stat -c %s "$library")
[ "$bytes" -lt 2000000 ] || { echo "$library has $bytes bytes, the limit is 2 MB"; exit 1; }
foreign=$(nm -D --defined-only "$library" | awk '{print $3}' | grep -v '^tenon_' || true)
[ -z "$foreign" ] || { echo "$library exports: $foreign"; exit 1; }
readelf -d "$library" | grep -q 'SONAME.*libtenon_runtime.so.0.1' || { echo "$library has no versioned name"; exit 1; }
