/* Loads the test model, looks at its signature and runs it once. */

#include <stdio.h>
#include <tenon.h>

int main(int argc, char **argv) {
  tenon_model *model;
  tenon_context *context;
  tenon_tensor x;
  float zeros[4] = {0};
  int64_t dims[] = {1, 4};
  if (argc != 2 || tenon_load(argv[1], &model) != TENON_OK ||
      tenon_get_input(model, 0, &x) != TENON_OK ||
      tenon_create(model, NULL, &context) != TENON_OK ||
      tenon_bind_input(context, "x", TENON_F32, 2, dims, zeros, 16) ||
      tenon_bind_input(context, "shift", TENON_F32, 1, dims + 1, zeros, 16) ||
      tenon_run(context) != TENON_OK) {
    fprintf(stderr, "%s\n", tenon_error());
    return 1;
  }
  printf("%s: %d dims, %s is the last; ran\n", x.name, (int)x.rank,
         x.dims[x.rank - 1].formula);
  tenon_destroy(context);
  tenon_unload(model);
  return 0;
}
