/* What the native engine's kernels can do at best, on one thread: a line for each that this processor has.

   NAME BYTES OPERATIONS: bytes a second of weights of the size of the package's decoder that are read for one row, and
   operations a second of a product with 48 rows whose weights stay in the first-level cache. */

#define _POSIX_C_SOURCE 199309L

#include "engine.h"
#include "kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { INPUTS = 256, SMALL = 64, LARGE = 18 * 1024, ROWS = 48, ROUNDS = 30 };

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static double best_seconds(const Kernel *kernel, const Matrix *weight, const Quantised *x, float *out, int repeats) {
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double started = now();
        for (int time = 0; time < repeats; time++) kernel->multiply(weight, x, STORE, out, weight->outputs);
        double seconds = (now() - started) / repeats;
        if (seconds < best) best = seconds;
    }
    return best;
}

int main(void) {
    char names[128];
    strcpy(names, nt_kernels());
    Matrix weight = {.inputs = INPUTS, .groups = INPUTS / GROUP};
    weight.q = aligned_alloc(64, (size_t)INPUTS * LARGE);
    memset(weight.q, 1, (size_t)INPUTS * LARGE);
    weight.scale = calloc(LARGE, sizeof(float));
    weight.bias = calloc(LARGE, sizeof(float));
    weight.q_sum = calloc(LARGE, sizeof(int32_t));
    float *x = calloc((size_t)ROWS * INPUTS, sizeof *x), *out = calloc((size_t)ROWS * LARGE, sizeof *out);
    Quantised q = {.q = aligned_alloc(64, 2 * (size_t)ROWS * INPUTS), .scale = calloc(ROWS, sizeof(float)),
                   .start = calloc(ROWS, sizeof(int32_t)),
                   .places = calloc(LISTED_ROWS * INPUTS / GROUP, sizeof(int32_t))};
    /* No group is all zeros, which would be skipped, and the sums of two groups always fit in 16 bits. */
    for (size_t place = 0; place < (size_t)ROWS * INPUTS; place++)
        x[place] = place % 64 ? 0.3f - 0.3f * (float)(place % 3) : 1.0f;
    for (char *name = strtok(names, " "); name; name = strtok(NULL, " ")) {
        const Kernel *kernel = find_kernel(name);
        kernel->quantise(x, 1, INPUTS, INPUTS, &q);
        weight.outputs = LARGE;
        weight.panels = LARGE / PANEL;
        double reading = best_seconds(kernel, &weight, &q, out, 3);
        kernel->quantise(x, ROWS, INPUTS, INPUTS, &q);
        weight.outputs = SMALL;
        weight.panels = SMALL / PANEL;
        double computing = best_seconds(kernel, &weight, &q, out, 100);
        printf("%s %.0f %.0f\n", name, (double)INPUTS * LARGE / reading,
               2.0 * ROWS * INPUTS * SMALL / computing);
    }
    return 0;
}
