/* The kernels of the test model, compiled as the compiler's code would be: a
   shared object that needs nothing. */

#include <stdint.h>

/* out[b, :] = in[b, :] * scale[0] + shift; buffers in, scale, shift, out;
   scalars L; one instance per row. */
void scale_shift(void *const *buffers, const int64_t *scalars, int64_t begin,
                 int64_t end, void *scratch) {
  const float *in = buffers[0], *scale = buffers[1], *shift = buffers[2];
  float *out = buffers[3];
  int64_t length = scalars[0];
  (void)scratch;
  for (int64_t b = begin; b < end; ++b)
    for (int64_t i = 0; i < length; ++i)
      out[b * length + i] = in[b * length + i] * scale[0] + shift[i];
}

/* A table of addresses, so that the loader has something to relocate. */
static const int64_t kOne = 1, kTwo = 2;
static const int64_t *const volatile kSteps[] = {&kOne, &kTwo};

/* sums[b] = in[b, 0] + in[b, 1] + ...; buffers in, sums; scalars L; one
   instance per row. Copies the row to its scratch first. */
void row_sum(void *const *buffers, const int64_t *scalars, int64_t begin,
             int64_t end, void *scratch) {
  const float *in = buffers[0];
  float *sums = buffers[1], *row = scratch;
  int64_t length = scalars[0], step = *kSteps[0];
  for (int64_t b = begin; b < end; b += step) {
    for (int64_t i = 0; i < length; i += step)
      row[i] = in[b * length + i];
    float sum = 0;
    for (int64_t i = 0; i < length; i += step)
      sum += row[i];
    sums[b] = sum;
  }
}
