# in_chroot.sh <folder> <program in it> [argument...]: runs the program with the
# folder as its root. Puts the libraries there that the program names, and fails
# when they are others than those of C and C++.
set -eu
root=$1 program=$2
shift 2
ldd "$root/$program" | while read -r library arrow path _; do
  case $library in
  linux-vdso.so.1) continue ;; # the kernel's own
  libc.so.6 | libm.so.6 | libgcc_s.so.1 | libstdc++.so.6) ;;
  /lib64/ld-linux-x86-64.so.2) path=$library ;;
  *)
    echo "$program needs $library"
    exit 1
    ;;
  esac
  mkdir -p "$root$(dirname "$path")" && cp -L "$path" "$root$path"
done
# unshare gives the right to change the root to who has it not.
[ "$(id -u)" = 0 ] || exec unshare -r chroot "$root" "/$program" "$@"
exec chroot "$root" "/$program" "$@"
