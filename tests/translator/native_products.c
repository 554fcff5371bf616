/* Products of extreme 8-bit integers: each kernel of this processor beside a loop in 64 bits. Exits with 1 at the first
   difference, and prints the name of each kernel that passed. */

#include "engine.h"
#include "kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUTPUTS = 64, MOST_ROWS = 33, MOST_INPUTS = 1030, ROOM = 1088, ROUNDS = 12 };

static uint64_t state = 1;
static int8_t q[OUTPUTS * ROOM], value[MOST_ROWS][MOST_INPUTS];
static uint8_t room[MOST_ROWS * 2 * ROOM];
static float bias[OUTPUTS], ones[OUTPUTS], scale[MOST_ROWS], x[MOST_ROWS * MOST_INPUTS], out[MOST_ROWS * OUTPUTS];
static int32_t q_sum[OUTPUTS], start[MOST_ROWS], places[LISTED_ROWS * ROOM / GROUP];

static int one_of(int number) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (int)((state >> 33) % (uint64_t)number);
}

/* Extremes in the first rounds, and any number in the later ones. */
static int8_t some_value(int round) {
    static const int8_t extremes[] = {127, -127, 127, -127, 126, -126, 64, -64, 1, -1, 0, 0};
    if (round == 0) return 127;
    if (round == 1) return -127;
    if (round < 7) return extremes[one_of(2 * round)];
    return (int8_t)(one_of(2 * 127 + 1) - 127);
}

/* Every third round is as after ReLU, with ever fewer groups that are not zero. Every second one of these also has
   negative numbers, as other activations have. */
static int8_t some_activation(int round, int row, int input) {
    if (input == 0) return 127;  /* so that the scale is 1 */
    int8_t any = some_value(round / 2 + row % 3);
    if (round % 3 != 2) return any;
    if (round % 2 && any < 0) return 0;
    return input / GROUP % (4 * round) ? 0 : any;
}

static int is_wrong(const char *name, int inputs, int rows, int round, int found, int expected) {
    if (found != expected)
        fprintf(stderr, "%s, %d inputs, %d rows, round %d: %d instead of %d\n", name, inputs, rows, round, found,
                expected);
    return found != expected;
}

static int check(const Kernel *kernel, int inputs, int rows, int round) {
    int groups = (inputs + GROUP - 1) / GROUP, filled = 0, has_negative = 0;
    Matrix weight = {.inputs = inputs, .outputs = OUTPUTS, .groups = groups, .panels = 1, .q = q, .scale = ones,
                     .bias = bias, .q_sum = q_sum};
    Quantised quantised = {.q = room, .scale = scale, .start = start, .places = places};
    memset(q, 0, sizeof q);
    memset(q_sum, 0, sizeof q_sum);
    for (int i = 0; i < inputs; i++)
        for (int o = 0; o < OUTPUTS; o++) {
            int8_t w = some_value(round);
            q[(i / GROUP * PANEL + o) * GROUP + i % GROUP] = w;
            q_sum[o] += w;
        }
    for (int r = 0; r < rows; r++)
        for (int group = 0; group < groups; group++) {
            int is_filled = 0;
            for (int i = GROUP * group; i < inputs && i < GROUP * (group + 1); i++) {
                x[r * inputs + i] = value[r][i] = some_activation(round, r, i);
                is_filled |= value[r][i] != 0;
                has_negative |= value[r][i] < 0;
            }
            filled += is_filled;
        }
    kernel->quantise(x, rows, inputs, inputs, &quantised);
    if (is_wrong(kernel->name, inputs, rows, round, quantised.filled, filled)) return 1;
    if (is_wrong(kernel->name, inputs, rows, round, quantised.has_negative, has_negative)) return 1;
    kernel->multiply(&weight, &quantised, STORE, out, OUTPUTS);
    for (int r = 0; r < rows; r++)
        for (int o = 0; o < OUTPUTS; o++) {
            int64_t sum = 0;
            for (int i = 0; i < inputs; i++)
                sum += (int64_t)value[r][i] * q[(i / GROUP * PANEL + o) * GROUP + i % GROUP];
            if (is_wrong(kernel->name, inputs, rows, round, (int)out[r * OUTPUTS + o], (int)sum)) return 1;
        }
    return 0;
}

int main(void) {
    char names[128];
    strcpy(names, nt_kernels());
    static const int widths[] = {1, 4, 5, 8, 12, 63, 64, 250, 256, 1028, MOST_INPUTS};
    static const int numbers[] = {1, 2, 4, 5, 7, 22, MOST_ROWS};
    for (int o = 0; o < OUTPUTS; o++) ones[o] = 1.0f;
    for (char *name = strtok(names, " "); name; name = strtok(NULL, " ")) {
        for (size_t width = 0; width < sizeof widths / sizeof *widths; width++)
            for (size_t rows = 0; rows < sizeof numbers / sizeof *numbers; rows++)
                for (int round = 0; round < ROUNDS; round++)
                    if (check(find_kernel(name), widths[width], numbers[rows], round)) return 1;
        puts(name);
    }
    return 0;
}
