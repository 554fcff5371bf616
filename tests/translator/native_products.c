/* Products of extreme 8-bit integers: each kernel of this processor beside a loop in 64 bits. Exits with 1 at the first
   difference, and prints the number of products otherwise. */

#include "engine.h"
#include "kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUTPUTS = 64, ROWS = 33, MOST_INPUTS = 1030, ROOM = 1088 };

static uint64_t state = 1;

static int one_of(int number) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (int)((state >> 33) % (uint64_t)number);
}

/* Mostly the extremes in the first rounds, and any number in the later ones. */
static int8_t some_value(int round) {
    static const int8_t extremes[] = {127, -127, 127, -127, 126, -126, 64, -64, 1, -1, 0, 0};
    if (round == 0) return 127;
    if (round == 1) return -127;
    if (round < 6) return extremes[one_of(2 * round)];
    return (int8_t)(one_of(2 * 127 + 1) - 127);
}

int main(void) {
    const Kernel *kernels[] = {
        &kernel_portable,
#if defined(__x86_64__)
        &kernel_avx2, &kernel_avxvnni, &kernel_avx512vnni, &kernel_amx,
#elif defined(__aarch64__)
        &kernel_dotprod,
#endif
    };
    static const int widths[] = {1, 4, 5, 8, 12, 63, 64, 250, 256, 1028, MOST_INPUTS};
    static int8_t q[OUTPUTS * ROOM], value[ROWS][MOST_INPUTS];
    static uint8_t room[ROWS * 2 * ROOM];
    static float bias[OUTPUTS], ones[OUTPUTS], scale[ROWS], x[ROWS * MOST_INPUTS], out[ROWS * OUTPUTS];
    static int32_t q_sum[OUTPUTS], start[ROWS], places[ROOM];
    long products = 0;
    for (int o = 0; o < OUTPUTS; o++) ones[o] = 1.0f;
    for (size_t number = 0; number < sizeof kernels / sizeof *kernels; number++) {
        const Kernel *kernel = kernels[number];
        if (!strstr(nt_kernels(), kernel->name)) continue;
        for (size_t width = 0; width < sizeof widths / sizeof *widths; width++)
            for (int round = 0; round < 12; round++) {
                int inputs = widths[width];
                Matrix weight = {.inputs = inputs, .outputs = OUTPUTS, .groups = (inputs + GROUP - 1) / GROUP,
                                 .panels = 1, .q = q, .scale = ones, .bias = bias, .q_sum = q_sum};
                Quantised quantised = {.q = room, .scale = scale, .start = start, .places = places};
                memset(q, 0, sizeof q);
                memset(q_sum, 0, sizeof q_sum);
                for (int i = 0; i < inputs; i++)
                    for (int o = 0; o < OUTPUTS; o++) {
                        int8_t w = some_value(round);
                        q[(i / GROUP * PANEL + o) * GROUP + i % GROUP] = w;
                        q_sum[o] += w;
                    }
                for (int r = 0; r < ROWS; r++)
                    for (int i = 0; i < inputs; i++) {
                        value[r][i] = i ? some_value(round / 2 + r % 3) : 127;  /* so that the scale is 1 */
                        /* As after ReLU, with ever fewer groups that are not zero. */
                        if (i && round % 3 == 2 && (value[r][i] < 0 || i / GROUP % (4 * round))) value[r][i] = 0;
                        x[r * inputs + i] = value[r][i];
                    }
                kernel->quantise(x, ROWS, inputs, inputs, &quantised);
                kernel->multiply(&weight, &quantised, STORE, out, OUTPUTS);
                for (int r = 0; r < ROWS; r++)
                    for (int o = 0; o < OUTPUTS; o++, products++) {
                        int64_t sum = 0;
                        for (int i = 0; i < inputs; i++)
                            sum += (int64_t)value[r][i] * q[(i / GROUP * PANEL + o) * GROUP + i % GROUP];
                        if ((float)sum == out[r * OUTPUTS + o]) continue;
                        fprintf(stderr, "%s, %d inputs, round %d: %g instead of %lld\n", kernel->name, inputs, round,
                                (double)out[r * OUTPUTS + o], (long long)sum);
                        return 1;
                    }
            }
    }
    printf("%ld\n", products);
    return 0;
}
