/* load-peak [<model> <size>]: loads the model, reads all of its weights, runs
   it once with zeros for inputs and `size` for every dim that is not fixed, and
   prints what memory it planned, what it has, and the most that this process
   ever had. Without a model: what a process has that does nothing. */

#include "tenon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(void) {
  fprintf(stderr, "%s\n", tenon_error());
  return 1;
}

/* VmHWM, which Linux keeps in kilobytes. */
static void printPeak(void) {
  char line[256];
  FILE *status = fopen("/proc/self/status", "r");
  while (status && fgets(line, sizeof(line), status))
    if (strncmp(line, "VmHWM:", 6) == 0)
      printf("peak %lld\n", 1024 * atoll(line + 6));
  if (status)
    fclose(status);
}

static size_t bytesOfElement(tenon_dtype dtype) {
  switch (dtype) {
  case TENON_I64:
  case TENON_F64:
    return 8;
  case TENON_I32:
  case TENON_F32:
    return 4;
  default:
    return 1;
  }
}

/* Binds zeros to each input; returns their bytes, or 0 after an error. */
static size_t bindZeros(const tenon_model *model, tenon_context *context,
                        int64_t size) {
  size_t total = 0;
  for (size_t i = 0; i < tenon_num_inputs(model); ++i) {
    tenon_tensor input;
    int64_t dims[16];
    if (tenon_get_input(model, i, &input) != TENON_OK)
      return 0;
    size_t bytes = bytesOfElement(input.dtype);
    for (size_t d = 0; d < input.rank; ++d) {
      dims[d] = input.dims[d].value >= 0 ? input.dims[d].value : size;
      bytes *= (size_t)dims[d];
    }
    void *zeros = calloc(bytes, 1); /* lives as long as the process */
    if (!zeros || tenon_bind_input(context, input.name, input.dtype, input.rank,
                                   dims, zeros, bytes) != TENON_OK)
      return 0;
    total += bytes;
  }
  return total;
}

int main(int argc, char **argv) {
  tenon_model *model;
  tenon_context *context;
  tenon_options options = {2, 0, NULL};
  tenon_memory memory;
  if (argc == 1) {
    printPeak();
    return 0;
  }
  if (argc != 3) {
    fprintf(stderr, "usage: load-peak [<model> <size>]\n");
    return 1;
  }
  if (tenon_load(argv[1], &model) != TENON_OK ||
      tenon_verify(model) != TENON_OK ||
      tenon_create(model, &options, &context) != TENON_OK)
    return fail();
  size_t inputs = bindZeros(model, context, atoll(argv[2]));
  if (inputs == 0 || tenon_run(context) != TENON_OK)
    return fail();
  tenon_get_memory(context, &memory);
  printf("weights %zu\ninputs %zu\noutputs %zu\nscratch %zu\n",
         tenon_weights_bytes(model), inputs, memory.outputs, memory.scratch);
  printf("planned %zu\nreserved %zu\n", memory.planned_arena,
         memory.reserved_arena);
  printPeak();
  tenon_destroy(context);
  tenon_unload(model);
  return 0;
}
