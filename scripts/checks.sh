# The checks of ./dev check, which sources this file; it builds and runs tests by dev's functions.

check_format() { cpp_files | xargs -r clang-format-22 --dry-run --Werror; }

# check_tidy [SECONDS]: clang-tidy on each file whose inputs changed since it last passed.
check_tidy() {
  build release && /usr/bin/python3 scripts/tidy.py build/release "$@"
}

# MLIR's own libraries are not instrumented: a vector that they grow, and an arena of
# ours from which they allocate, look to ASan as if they were overrun. Every other
# check of ASan and UBSan is on.
check_asan() {
  build asan || return
  ASAN_OPTIONS=detect_container_overflow=0:allow_user_poisoning=0 UBSAN_OPTIONS=print_stacktrace=1 \
    ASAN_SYMBOLIZER_PATH=/usr/lib/llvm-22/bin/llvm-symbolizer run_tests asan "$@"
}

# Runs the tests that are marked THREADS.
check_tsan() {
  build tsan tenonThreadTests || return
  [[ -n $(ctest --test-dir build/tsan --label-regex '^threads$' --show-only | grep 'Test *#') ]] || return $skip
  ctest --test-dir build/tsan --label-regex '^threads$' --no-tests=error --output-on-failure
}

check_gcc() { build gcc && run_tests gcc --filter-out "$slowTests"; }

readonly skip=77 # what a check returns that had nothing to check

# step NAME COMMAND...: runs one check, and counts and says how it ended.
step() {
  local name=$1 start=$SECONDS code=0 outcome
  say "check: $name"
  "${@:2}" || code=$?
  case $code in 0) outcome=passed ;; "$skip") outcome=skipped ;; *) outcome=failed ;; esac
  printf -v "$outcome" %d $((${!outcome} + 1))
  say "check: $name $outcome after $((SECONDS - start)) s"
}

# step_within MINUTES NAME COMMAND...: the same, unless so much time has gone already.
step_within() {
  if ((SECONDS < $1 * 60)); then
    step "${@:2}"
  else
    skipped=$((skipped + 1))
    say "check: $2 not run, $((SECONDS / 60)) of $1 minutes have gone"
  fi
}

# The house checks read sources and the models take long: neither is the
# compiler's or the sanitizer's business.
readonly slowTests='house/|models/|conformance/|bench/'

# Ends with the counts of what ran: true when nothing failed.
run_checks() {
  local passed=0 failed=0 skipped=0 name
  if [[ ${1:-} == --budget ]]; then
    step format check_format
    step tsan check_tsan
    step asan check_asan --filter-out "$slowTests"
    step_within 30 gcc check_gcc
    step_within 40 tidy check_tidy 60
  else
    for name in "$@"; do step "$name" "check_$name"; done
  fi
  printf 'check: %d passed, %d failed, %d skipped\n' $passed $failed $skipped
  ((failed == 0))
}

# check_all [--budget | NAME...]: every check, if none is named.
check_all() {
  local name
  [[ $# -gt 0 ]] || set -- format tsan asan tidy gcc
  for name in "$@"; do
    [[ " --budget format tsan asan tidy gcc " == *" $name "* ]] ||
      die "there is no check '$name'; expected format, tsan, asan, tidy or gcc"
  done
  setup
  run_checks "$@"
}
