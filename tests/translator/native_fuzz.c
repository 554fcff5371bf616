/* Random models, sources and steps for the native engine: `fuzz FIRST_SEED NUMBER`.

   For each seed, every kernel of this processor must give the same answers; their checksum is printed. Bad requests are
   mixed in, and must be refused. */

#include "engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state;

static uint32_t next_random(void) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (uint32_t)(state >> 33);
}

static int between(int least, int most) { return least + (int)(next_random() % (uint32_t)(most - least + 1)); }

static float *random_floats(size_t number) {
    float *x = malloc(number * sizeof *x);
    for (size_t place = 0; place < number; place++) x[place] = (float)between(-64, 64) / 128.0f;
    return x;
}

static uint64_t mixed(uint64_t sum, const void *bytes, size_t number) {
    for (size_t place = 0; place < number; place++) sum = (sum ^ ((const uint8_t *)bytes)[place]) * 1099511628211ULL;
    return sum;
}

static void fail(const char *what, int result) {
    fprintf(stderr, "%s: %d\n", what, result);
    exit(1);
}

enum { MOST_WEIGHTS = 128, SENTENCES = 4 };
static const float *weights[MOST_WEIGHTS];
static int weight_count;

static void add(size_t number) { weights[weight_count++] = random_floats(number); }

static void add_norm(size_t width) { add(width), add(width); }

static void make_weights(const NtConfig *c) {
    size_t width = (size_t)c->width;
    add((size_t)c->positions * width);
    for (int layer = 0; layer < c->encoder_layers + c->decoder_layers; layer++) {
        int is_encoder = layer < c->encoder_layers;
        size_t inner = (size_t)(is_encoder ? c->encoder_feed_forward : c->decoder_feed_forward);
        for (int kind = 0; kind < (is_encoder ? 1 : 2); kind++) {
            for (size_t part = 1; part <= 3; part++) {
                size_t outputs = part == 2 ? 2 * width : width;
                add(outputs * width);
                if (c->has_attention_bias) add(outputs);
            }
            add_norm(width);
        }
        add(inner * width), add(inner), add(width * inner), add(width), add_norm(width);
    }
    if (c->is_pre_norm) add_norm(width), add_norm(width);
    add((size_t)c->vocabulary * width);
    if (c->has_logits_bias) add((size_t)c->vocabulary);
    if (c->has_target_embedding) add((size_t)c->vocabulary * width);
    if (c->has_source_embedding) add((size_t)c->vocabulary * width);
}

static uint64_t walk(const NtConfig *c, NtSession *session) {
    uint64_t sum = 14695981039346656037ULL;
    int32_t lengths[SENTENCES], first[SENTENCES], *tokens = malloc(sizeof *tokens * SENTENCES * (size_t)c->positions);
    int total = 0, beam = between(1, 5), sentences = between(1, SENTENCES), filled = (c->vocabulary + 63) / 64 * 64;
    for (int number = 0; number < sentences; number++) {
        lengths[number] = between(1, c->positions);
        for (int place = 0; place < lengths[number]; place++) tokens[total++] = between(0, c->vocabulary - 1);
    }
    int result = nt_admit(session, sentences, lengths, tokens, beam, first);
    if (result) fail("admit", result);
    tokens[0] = c->vocabulary;
    int32_t unused[SENTENCES];
    if (nt_admit(session, 1, lengths, tokens, beam, unused) != NT_BAD_TOKEN) fail("a bad token", 0);
    uint8_t *masks = malloc(3 * (size_t)filled), *ordinary = malloc((size_t)filled);
    for (int place = 0; place < 3 * filled; place++) masks[place] = next_random() % 4 > 0;
    for (int place = 0; place < filled; place++) ordinary[place] = next_random() % 8 > 0;
    int32_t row[SENTENCES * 5], parent[SENTENCES * 5], token[SENTENCES * 5], mask[SENTENCES * 5];
    for (int made = 0, goes_on = 1; goes_on && made < 12; made++) {
        /* More than one step needs all rows of each sentence. */
        int rows = 0, best = between(1, 9), steps = between(1, 4);
        for (int number = 0; number < sentences; number++)
            for (int place = 0; place < beam; place++) {
                if (steps == 1 && next_random() % 8 == 0) continue;
                row[rows] = first[number] + place;
                parent[rows] = first[number] + between(0, beam - 1);
                token[rows] = between(0, c->vocabulary - 1);
                mask[rows++] = between(-1, 2);
            }
        int32_t *candidate = malloc(sizeof *candidate * (size_t)(rows * best) + 1);
        float *value = malloc(sizeof *value * (size_t)(rows * best) + 1);
        size_t later = (size_t)(rows * (steps - 1));
        int32_t *next_token = malloc(sizeof *next_token * later + 1), *next_parent = malloc(sizeof *next_parent * later + 1);
        double *next_score = malloc(sizeof *next_score * later + 1), score[SENTENCES * 5];
        for (int place = 0; place < rows; place++) score[place] = -(double)between(0, 90) / 10;
        float *full = malloc(sizeof *full * (size_t)rows * (size_t)c->vocabulary + 1);
        float *attention = calloc((size_t)rows * (size_t)c->positions + 1, sizeof *attention);
        NtStep step = {
            .rows = rows, .row = row, .parent = parent, .token = token, .masks = masks, .mask = mask, .best = best,
            .candidate = candidate, .log_probability = value, .most_steps = steps, .ordinary = ordinary, .beam = beam,
            .score = score, .next_token = next_token, .next_parent = next_parent, .next_score = next_score, .full = full,
            .attention_layer = between(0, c->decoder_layers - 1), .attention_head = between(0, c->heads - 1),
            .attention_stride = c->positions, .attention = attention,
        };
        result = nt_step(session, &step);
        if (result < 0 && result != NT_TOO_LONG) fail("step", result);
        if (result > 0) {
            sum = mixed(sum, candidate, sizeof *candidate * (size_t)(rows * best));
            sum = mixed(sum, value, sizeof *value * (size_t)(rows * best));
            later = (size_t)(rows * (result - 1));
            sum = mixed(sum, next_token, sizeof *next_token * later);
            sum = mixed(sum, next_parent, sizeof *next_parent * later);
            sum = mixed(sum, next_score, sizeof *next_score * later);
            sum = mixed(sum, full, sizeof *full * (size_t)rows * (size_t)c->vocabulary);
            sum = mixed(sum, attention, sizeof *attention * (size_t)rows * (size_t)c->positions);
        }
        goes_on = result >= 0;
        free(candidate), free(value), free(full), free(attention), free(next_token), free(next_parent), free(next_score);
    }
    if (next_random() % 2) {
        result = nt_release(session, sentences, first);
        if (result) fail("release", result);
        if (nt_release(session, 1, first) != NT_BAD_ROW) fail("released twice", 0);
    }
    free(masks), free(ordinary), free(tokens);
    return sum;
}

static void try_model(unsigned seed) {
    state = seed;
    int heads = between(1, 5);
    NtConfig c = {
        .vocabulary = between(5, 200), .width = heads * between(1, 40), .heads = heads,
        .encoder_feed_forward = between(1, 150), .decoder_feed_forward = between(1, 150), .encoder_layers = between(1, 2), .decoder_layers = between(1, 2), .positions = between(2, 50),
        .is_pre_norm = between(0, 1), .activation = between(0, 2), .has_attention_bias = between(0, 1),
        .has_logits_bias = between(0, 1), .has_target_embedding = between(0, 1), .has_source_embedding = between(0, 1), .embedding_scale = 3.0f,
    };
    uint8_t *forbidden = calloc((size_t)c.vocabulary, 1);
    forbidden[0] = 1;
    weight_count = 0;
    make_weights(&c);
    char kernels[100];
    strcpy(kernels, nt_kernels());
    uint64_t sums = 0, walk_state = state;
    for (char *kernel = strtok(kernels, " "); kernel; kernel = strtok(NULL, " ")) {
        NtModel *model;
        NtSession *session;
        int result = nt_model_new(&c, kernel, weights, forbidden, &model);
        if (result) fail("model", result);
        if (nt_session_new(model, &session)) fail("session", 0);
        state = walk_state;
        uint64_t sum = 0;
        for (int again = 0; again < 3; again++) sum = sum * 31 + walk(&c, session);
        if (sums && sum != sums) fail("kernels differ", (int)seed);
        sums = sum;
        nt_session_free(session);
        nt_model_free(model);
    }
    for (int place = 0; place < weight_count; place++) free((void *)weights[place]);
    free(forbidden);
    printf("%u %016llx\n", seed, (unsigned long long)sums);
}

int main(int count, char **arguments) {
    if (count != 3) return 2;
    unsigned first = (unsigned)atoi(arguments[1]), number = (unsigned)atoi(arguments[2]);
    for (unsigned seed = first; seed < first + number; seed++) try_model(seed);
    return 0;
}
