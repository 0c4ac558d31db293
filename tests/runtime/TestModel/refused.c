/* Code that the loader must refuse; compiled once with each of the macros. */

#ifdef USES_A_FUNCTION
float expf(float);
float kernel(float x) { return expf(x); }
#endif

#ifdef HAS_A_CONSTRUCTOR
static volatile int ready;
__attribute__((constructor)) static void prepare(void) { ready = 1; }
int kernel(void) { return ready; }
#endif

#ifdef HAS_THREAD_LOCALS
static _Thread_local int counter = 1;
int *kernel(void) { return &counter; }
#endif

#ifdef NEEDS_A_LIBRARY
int kernel(void) { return 0; }
#endif
