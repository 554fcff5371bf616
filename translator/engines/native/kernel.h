/* The interface of a kernel: the inner loops, compiled once for each instruction set.

   Every kernel gives bit-identical results. Products of 8-bit integers are summed exactly in 32 bits. Floating-point
   sums have the same order on all processors: sixteen partial sums, where lane i adds the elements i, i + 16, i + 32,
   …, and then the two halves of the rest are added repeatedly: (0..7) + (8..15), and so on. exp, log and erf are
   polynomials implemented here, and multiplications are never fused with additions. */

#ifndef TRANSLATOR_KERNEL_H
#define TRANSLATOR_KERNEL_H

#include <stddef.h>
#include <stdint.h>

enum { LANES = 16, PANEL = 64, GROUP = 4, LISTED_ROWS = 16 };

/* A matrix of `outputs` x `inputs` weights, quantised: weight[o][i] ~ scale[o] * q, q in -127..127.

   `q` is stored in panels of PANEL outputs. In a panel, GROUP inputs of one output are adjacent, followed by the same
   inputs of the next output: q[output / PANEL][input / GROUP][output % PANEL][input % GROUP]. Outputs and inputs are
   padded with zeros to whole panels and groups. */
typedef struct {
    int inputs, outputs;
    int groups, panels;
    int8_t *q;
    float *scale;      /* [panels * PANEL] */
    float *bias;       /* [panels * PANEL], zeros if the layer has none */
    int32_t *q_sum;    /* [panels * PANEL] the sum of q over the inputs */
} Matrix;

/* Rows of activations, quantised: x[r][i] ~ scale[r] * q, q in -127..127. Each kernel has its own layout of q. */
typedef struct {
    int rows;
    int stride;        /* bytes from one row to the next */
    uint8_t *q;
    float *scale;      /* [rows] */
    int32_t *start;    /* [rows] the first value of each sum; 0 except with AVX2 */
    int32_t *places;   /* [LISTED_ROWS][groups] scratch memory of `multiply`: the groups with a q other than 0 */
    int filled;        /* the number of such groups in all rows together */
    int has_negative;  /* whether any q is negative */
} Quantised;

typedef enum { STORE, STORE_RELU, STORE_GELU, STORE_SWISH, ADD } Epilogue;

typedef struct {
    const char *name;

    /* Quantise `rows` rows of `width` floats that are `stride` floats apart. */
    void (*quantise)(const float *x, int rows, int width, int stride, Quantised *out);

    /* out[r][o] = epilogue(sum_i x[r][i] * weight[o][i] + bias[o]); ADD adds the result to `out`. */
    void (*multiply)(const Matrix *weight, const Quantised *x, Epilogue epilogue, float *out, int stride);

    /* out[r] = (x[r] - mean) / sqrt(variance + 1e-5) * gain + bias, over `width` elements. */
    void (*normalise)(const float *x, int rows, int width, int stride, const float *gain, const float *bias,
                      float *out);

    /* Several queries of one head over the same `length` keys. `key_T` is [head_width][length padded to LANES], `value`
       [length][value_stride]; writes softmax(q . k) to `weight` [queries][length padded to LANES]. */
    void (*attend_columns)(const float *query, int query_stride, int queries, const float *key_T, const float *value,
                           int value_stride, int length, int head_width, float *weight, float *out, int out_stride);

    /* One query over scattered keys and values, slot[t] * stride floats after `key` and `value`. */
    void (*attend_slots)(const float *query, const float *key, const float *value, const int32_t *slot,
                         size_t stride, int length, int head_width, float *weight, float *out);

    /* log(sum(exp(x))) over `width` numbers, a multiple of LANES. */
    float (*log_sum_exp)(const float *x, int width);

    /* The `most` largest numbers where `mask` is not 0 (anywhere if it is NULL), largest first; ties go to the first.
       Returns how many it found. Skips -infinity and NaN. */
    int (*largest)(const float *x, const uint8_t *mask, int width, int most, int32_t *place, float *value);
} Kernel;

/* The kernel of this name (see `nt_kernels`), or NULL if this processor does not have it. */
const Kernel *find_kernel(const char *name);

extern const Kernel kernel_portable;
#if defined(__x86_64__)
extern const Kernel kernel_avx2;
extern const Kernel kernel_avxvnni;
extern const Kernel kernel_avx512vnni;
extern const Kernel kernel_amx;
#elif defined(__aarch64__)
extern const Kernel kernel_dotprod;
#endif

#endif
