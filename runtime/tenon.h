/*===- tenon.h - run models that Tenon compiled ---------------------------===*\
|
|   tenon_model *model;
|   tenon_context *context;
|   if (tenon_load("model.tenon", &model) != TENON_OK ||
|       tenon_create(model, NULL, &context) != TENON_OK)
|     return fail(tenon_error());
|   int64_t dims[] = {1, 128};
|   tenon_bind_input(context, "ids", TENON_I64, 2, dims, ids, sizeof(ids));
|   if (tenon_run(context) != TENON_OK)
|     return fail(tenon_error());
|   tenon_output(context, "embedding", &data, &bytes);
|
| A model is immutable: threads may share it. A context has the memory and the
| threads of one run at a time: give each thread of yours its own. Strings and
| tensors that functions return stay valid as long as their model or context,
| unless said otherwise.
|
| Each function that can fail returns a tenon_status, and after a failure
| tenon_error() of the same thread says what was wrong. What a function returns
| through pointers is written only on success.
|
\*===----------------------------------------------------------------------===*/

#ifndef TENON_H
#define TENON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TENON_VERSION "0.1.0"
#define TENON_API __attribute__((visibility("default")))

typedef struct tenon_model tenon_model;
typedef struct tenon_context tenon_context;

/* Who can act on a failure. */
typedef enum tenon_status {
  TENON_OK = 0,
  TENON_BAD_ARTIFACT, /* the file is damaged or of another version */
  TENON_BAD_INPUT,    /* an argument of the call is wrong */
  TENON_NO_MEMORY,    /* the plan does not fit */
  TENON_NO_KERNEL,    /* the file was built for another CPU or GPU */
  TENON_INTERNAL      /* a defect of this library */
} tenon_status;

/* A number and no enum: another number than these is an error, not undefined.
 */
typedef uint32_t tenon_dtype;
enum {
  TENON_BOOL = 0,
  TENON_I8,
  TENON_U8,
  TENON_I16,
  TENON_U16,
  TENON_I32,
  TENON_U32,
  TENON_I64,
  TENON_U64,
  TENON_F16,
  TENON_BF16,
  TENON_F32,
  TENON_F64,
  TENON_F8E4M3,
  TENON_F8E5M2,
  TENON_I4, /* two in a byte */
  TENON_U4
};

/* The library's version: the program may have been built with another header.
 */
TENON_API const char *tenon_version(void);

/* What the latest failure in this thread was. Valid until the next one. */
TENON_API const char *tenon_error(void);

/*===--- Models -----------------------------------------------------------===*/

/* Maps the file and checks it; weights are read when they are first used. */
TENON_API tenon_status tenon_load(const char *path, tenon_model **model);

/* Contexts of the model stay usable; its names and dims do not. NULL is fine.
 */
TENON_API void tenon_unload(tenon_model *model);

/* Reads all weights and compares their checksums. */
TENON_API tenon_status tenon_verify(const tenon_model *model);

/* One dimension of the signature. */
typedef struct tenon_dim {
  int64_t value;       /* -1 when it depends on the inputs */
  const char *formula; /* "384", "B", "2*L" */
} tenon_dim;

typedef struct tenon_tensor {
  const char *name;
  tenon_dtype dtype;
  size_t rank;
  const tenon_dim *dims;
} tenon_tensor;

/* A name in formulas: it has one value in a run, the same in all inputs. */
typedef struct tenon_symbol {
  const char *name;
  int64_t min;
  int64_t max; /* INT64_MAX: no limit */
  int64_t divisor;
} tenon_symbol;

TENON_API size_t tenon_num_inputs(const tenon_model *model);
TENON_API size_t tenon_num_outputs(const tenon_model *model);
TENON_API size_t tenon_num_symbols(const tenon_model *model);

/* Index from 0; beyond the end: TENON_BAD_INPUT. */
TENON_API tenon_status tenon_get_input(const tenon_model *model, size_t index,
                                       tenon_tensor *tensor);
TENON_API tenon_status tenon_get_output(const tenon_model *model, size_t index,
                                        tenon_tensor *tensor);
TENON_API tenon_status tenon_get_symbol(const tenon_model *model, size_t index,
                                        tenon_symbol *symbol);

/* The shape of an output when every symbol has its maximum. `rank` is what
   `dims` holds and must be the output's. */
TENON_API tenon_status tenon_max_output_shape(const tenon_model *model,
                                              const char *name, size_t rank,
                                              int64_t *dims);

/* Bytes of weights in the file: pages that processes share. */
TENON_API size_t tenon_weights_bytes(const tenon_model *model);

/* Bytes of memory that a context plans when every symbol has its maximum. */
TENON_API tenon_status tenon_max_plan_bytes(const tenon_model *model,
                                            size_t *bytes);

/*===--- Contexts ---------------------------------------------------------===*/

/* All zero is the default. */
typedef struct tenon_options {
  unsigned num_threads; /* 0: TENON_NUM_THREADS if set, else one per core */
  int no_pin;           /* 1: never bind threads to cores */
  const char *device; /* "cpu", "cuda:0", "vgpu"; NULL: cpu. The artifact is for
                         one of them */
} tenon_options;

/* `options` may be NULL. */
TENON_API tenon_status tenon_create(const tenon_model *model,
                                    const tenon_options *options,
                                    tenon_context **context);
/* NULL is fine. */
TENON_API void tenon_destroy(tenon_context *context);

TENON_API unsigned tenon_num_threads(const tenon_context *context);

/* The data is row-major and contiguous, is not copied, and must stay until the
   runs that use it are over. `bytes` must be what dtype and dims give. */
TENON_API tenon_status tenon_bind_input(tenon_context *context,
                                        const char *name, tenon_dtype dtype,
                                        size_t rank, const int64_t *dims,
                                        const void *data, size_t bytes);

/* The shape of an output for the bound inputs. `rank` must be the output's. */
TENON_API tenon_status tenon_output_shape(tenon_context *context,
                                          const char *name, size_t rank,
                                          int64_t *dims);

/* Lets the output be written to `data`, which holds at least its bytes and
   overlaps no input and no other output. NULL: memory of the context. */
TENON_API tenon_status tenon_bind_output(tenon_context *context,
                                         const char *name, void *data,
                                         size_t bytes);

TENON_API tenon_status tenon_run(tenon_context *context);

/* Where the output is after a run. Memory of the context is valid until the
   next binding or run. */
TENON_API tenon_status tenon_output(const tenon_context *context,
                                    const char *name, const void **data,
                                    size_t *bytes);

/* Bytes that a context holds; the model's weights are not among them. */
typedef struct tenon_memory {
  size_t planned_arena;  /* the plan's formula for the latest shapes */
  size_t reserved_arena; /* the same, or more after a run of larger shapes */
  size_t scratch;        /* of all threads */
  size_t outputs;        /* outputs in memory of the context */
} tenon_memory;

TENON_API void tenon_get_memory(const tenon_context *context,
                                tenon_memory *memory);

#ifdef __cplusplus
}
#endif

#endif /* TENON_H */
