/* The C API from C: CApiTest <artifact> <damaged artifact> <its copy with
   damaged weights> <the same for CUDA devices>. Says what is wrong and ends
   with 1, or says nothing. */

#include "tenon.h"

#include <stdio.h>
#include <string.h>

static int failures = 0;

#define EXPECT(condition)                                                      \
  do {                                                                         \
    if (!(condition)) {                                                        \
      fprintf(stderr, "%s:%d: %s; latest error: %s\n", __FILE__, __LINE__,     \
              #condition, tenon_error());                                      \
      ++failures;                                                              \
    }                                                                          \
  } while (0)

/* The call fails with this status and exactly this text. */
#define EXPECT_ERROR(call, status, text)                                       \
  do {                                                                         \
    EXPECT((call) == (status));                                                \
    EXPECT(strcmp(tenon_error(), text) == 0);                                  \
  } while (0)

static void testSignature(const tenon_model *model) {
  tenon_tensor tensor;
  tenon_symbol symbol;
  EXPECT(tenon_num_inputs(model) == 2);
  EXPECT(tenon_num_outputs(model) == 3);
  EXPECT(tenon_num_symbols(model) == 2);
  EXPECT(tenon_get_input(model, 0, &tensor) == TENON_OK);
  EXPECT(strcmp(tensor.name, "x") == 0);
  EXPECT(tensor.dtype == TENON_F32 && tensor.rank == 2);
  EXPECT(tensor.dims[0].value == -1);
  EXPECT(strcmp(tensor.dims[1].formula, "L") == 0);
  EXPECT(tenon_get_output(model, 2, &tensor) == TENON_OK);
  EXPECT(strcmp(tensor.name, "echo") == 0);
  EXPECT(tenon_get_symbol(model, 1, &symbol) == TENON_OK);
  EXPECT(strcmp(symbol.name, "L") == 0);
  EXPECT(symbol.min == 0 && symbol.max == 1024 && symbol.divisor == 4);
  EXPECT_ERROR(tenon_get_input(model, 2, &tensor), TENON_BAD_INPUT,
               "input 2 is asked for, the model has 2");
}

static void testFigures(const tenon_model *model) {
  int64_t dims[2] = {0, 0};
  size_t bytes = 0;
  EXPECT(tenon_max_output_shape(model, "y", 2, dims) == TENON_OK);
  EXPECT(dims[0] == 8 && dims[1] == 1024);
  EXPECT_ERROR(tenon_max_output_shape(model, "y", 1, dims), TENON_BAD_INPUT,
               "output 'y' has rank 2, but rank 1 is asked for");
  EXPECT(tenon_weights_bytes(model) == 68); /* two of 4 bytes, 64 apart */
  EXPECT(tenon_max_plan_bytes(model, &bytes) == TENON_OK);
  EXPECT(bytes == 2 * 4 * 8 * 1024);
}

/* y = layer(layer(x)), see TestModel.h. */
static void testRun(tenon_context *context) {
  const float x[2 * 4] = {1, 2, 3, 4, 5, 6, 7, 8};
  const float shift[4] = {0, 1, 2, 3};
  const int64_t xDims[] = {2, 4}, shiftDims[] = {4};
  float y[2 * 4];
  int64_t dims[2] = {0, 0};
  const void *data = NULL;
  size_t bytes = 0;
  EXPECT(tenon_bind_input(context, "x", TENON_F32, 2, xDims, x, sizeof(x)) ==
         TENON_OK);
  EXPECT_ERROR(tenon_run(context), TENON_BAD_INPUT,
               "input 'shift' is not bound");
  EXPECT(tenon_bind_input(context, "shift", TENON_F32, 1, shiftDims, shift,
                          sizeof(shift)) == TENON_OK);
  EXPECT(tenon_output_shape(context, "y", 2, dims) == TENON_OK);
  EXPECT(dims[0] == 2 && dims[1] == 4);
  EXPECT(tenon_bind_output(context, "y", y, sizeof(y)) == TENON_OK);
  EXPECT(tenon_run(context) == TENON_OK);
  for (int i = 0; i < 8; ++i) {
    float expected = x[i];
    for (int step = 0; step < 4; ++step)
      expected = expected * (step < 2 ? 2.0f : -0.5f) + shift[i % 4];
    EXPECT(y[i] == expected);
  }
  EXPECT(tenon_output(context, "y", &data, &bytes) == TENON_OK);
  EXPECT(data == y && bytes == sizeof(y));
  EXPECT(tenon_output(context, "sums", &data, &bytes) == TENON_OK);
  EXPECT(bytes == 2 * sizeof(float));
  EXPECT(((const float *)data)[1] == y[4] + y[5] + y[6] + y[7]);
  EXPECT(tenon_output(context, "echo", &data, &bytes) == TENON_OK);
  EXPECT(memcmp(data, shift, sizeof(shift)) == 0);
}

static void testContext(const tenon_model *model) {
  tenon_options options = {2, 1, NULL};
  tenon_context *context = NULL;
  tenon_memory memory;
  EXPECT(tenon_create(model, &options, &context) == TENON_OK);
  EXPECT(tenon_num_threads(context) == 2);
  testRun(context);
  tenon_get_memory(context, &memory);
  EXPECT(memory.planned_arena == 2 * 64 && memory.reserved_arena == 2 * 64);
  EXPECT(memory.scratch == 2 * 4096);
  tenon_destroy(context);
  EXPECT(tenon_create(model, NULL, &context) == TENON_OK);
  EXPECT(tenon_num_threads(context) >= 1);
  tenon_destroy(context);
}

/* On the virtual device that lies beside the library. */
static void testDevice(const tenon_model *cpu, const char *path) {
  tenon_options options = {0, 0, "vgpu:0"};
  tenon_context *context = NULL;
  tenon_model *model = NULL;
  EXPECT(tenon_create(cpu, &options, &context) == TENON_BAD_INPUT);
  EXPECT(strstr(tenon_error(),
                "is for x86-64, which is a CPU; it cannot run on 'vgpu:0'"));
  EXPECT(tenon_load(path, &model) == TENON_OK);
  EXPECT(tenon_create(model, NULL, &context) == TENON_BAD_INPUT);
  EXPECT(strstr(tenon_error(),
                "is for cuda:sm_90a: run it on a device, as cuda:0 is, or "
                "vgpu"));
  EXPECT(tenon_create(model, &options, &context) == TENON_OK);
  if (context) {
    EXPECT(tenon_num_threads(context) == 1);
    testRun(context);
  }
  tenon_destroy(context);
  tenon_unload(model);
}

static void testWrongCalls(const tenon_model *model) {
  tenon_context *context = NULL;
  tenon_model *none = NULL;
  const int64_t dims[] = {2, 4};
  const float x[8] = {0};
  EXPECT_ERROR(tenon_load(NULL, &none), TENON_BAD_INPUT,
               "argument 'path' is null");
  EXPECT_ERROR(tenon_verify(NULL), TENON_BAD_INPUT, "argument 'model' is null");
  EXPECT_ERROR(tenon_run(NULL), TENON_BAD_INPUT, "argument 'context' is null");
  EXPECT(tenon_create(model, NULL, &context) == TENON_OK);
  EXPECT_ERROR(tenon_bind_input(context, "z", TENON_F32, 2, dims, x, sizeof(x)),
               TENON_BAD_INPUT,
               "the model has no input 'z'; it has 'x', 'shift'");
  EXPECT_ERROR(tenon_bind_input(context, "x", 99, 2, dims, x, sizeof(x)),
               TENON_BAD_INPUT, "dtype 99 is not known");
  EXPECT_ERROR(tenon_bind_input(context, "x", TENON_F32, 2, NULL, x, sizeof(x)),
               TENON_BAD_INPUT, "argument 'dims' is null");
  EXPECT_ERROR(tenon_bind_input(context, "x", TENON_F32, 2, dims, x, 31),
               TENON_BAD_INPUT,
               "input 'x' of shape 2x4 has 31 bytes, expected 32");
  tenon_destroy(context);
  tenon_destroy(NULL);
  tenon_unload(NULL);
}

static void testFiles(const char *damaged, const char *damagedWeights) {
  tenon_model *model = NULL;
  EXPECT(tenon_load("/nowhere/m.tenon", &model) == TENON_BAD_INPUT);
  EXPECT(tenon_load(damaged, &model) == TENON_BAD_ARTIFACT);
  EXPECT(model == NULL);
  EXPECT(tenon_load(damagedWeights, &model) == TENON_OK);
  EXPECT(tenon_verify(model) == TENON_BAD_ARTIFACT);
  EXPECT(strstr(tenon_error(), "weight 'second' is damaged") != NULL);
  tenon_unload(model);
}

int main(int argc, char **argv) {
  tenon_model *model = NULL;
  if (argc != 5)
    return 1;
  EXPECT(strcmp(tenon_version(), TENON_VERSION) == 0);
  EXPECT(tenon_load(argv[1], &model) == TENON_OK);
  if (!model)
    return 1;
  EXPECT(tenon_verify(model) == TENON_OK);
  testSignature(model);
  testFigures(model);
  testContext(model);
  testWrongCalls(model);
  testFiles(argv[2], argv[3]);
  testDevice(model, argv[4]);
  tenon_unload(model);
  return failures != 0;
}
