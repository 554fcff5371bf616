/* The model, its caches and its steps; see engine.h. The arithmetic is in kernel.c. */

#define _DEFAULT_SOURCE  /* for syscall() */

#include "engine.h"

#include <stdlib.h>
#include <string.h>

#include "kernel.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

#define ALIGNMENT 64
#define ENCODED_AT_ONCE 128  /* tokens whose activations fit in the L2 cache */
#define ROWS_AT_ONCE 64      /* whose logits are computed together; those of a large batch would take 50 KB a row */
#define ROUND_UP(x, to) (((x) + (to) - 1) / (to) * (to))

/* ---- memory ---- */

static void *new_zeros(size_t bytes) {
    bytes = ROUND_UP(bytes ? bytes : 1, (size_t)ALIGNMENT);
    void *memory = aligned_alloc(ALIGNMENT, bytes);
    if (memory) memset(memory, 0, bytes);
    return memory;
}

typedef struct { void *memory; size_t room; } Buffer;

/* Makes room for this many bytes; the old contents are lost. Returns 0 if there is not enough memory. */
static int room_for(Buffer *buffer, size_t bytes) {
    if (buffer->room >= bytes) return 1;
    size_t more = bytes + bytes / 2;
    void *larger = new_zeros(more);
    if (!larger) return 0;
    free(buffer->memory);
    *buffer = (Buffer){larger, more};
    return 1;
}

/* ---- the model ---- */

typedef struct { float *gain, *bias; } Norm;

typedef struct { Norm before_attention, before_feed_forward; Matrix query_key_value, output, inner, outer; } EncoderLayer;

typedef struct {
    Norm before_self, before_cross, before_feed_forward;
    Matrix query_key_value, self_output, cross_query, cross_key_value, cross_output, inner, outer;
} DecoderLayer;

struct NtModel {
    NtConfig config;
    const Kernel *kernel;
    int head_width, head_room, memory_width; /* floats in a cache per head, and for all heads */
    float *position;                         /* [positions][width] */
    Matrix logits;
    Matrix own_target_embedding, own_source_embedding;  /* empty if the embedding is the matrix of the logits */
    const Matrix *target_embedding, *source_embedding;  /* an output for each token */
    EncoderLayer *encoder;
    DecoderLayer *decoder;
    Norm encoder_end, decoder_end;
};

static int new_matrix(Matrix *matrix, int outputs, int inputs) {
    matrix->inputs = inputs;
    matrix->outputs = outputs;
    matrix->groups = (inputs + GROUP - 1) / GROUP;
    matrix->panels = (outputs + PANEL - 1) / PANEL;
    size_t filled = (size_t)matrix->panels * PANEL;
    matrix->q = new_zeros(filled * (size_t)matrix->groups * GROUP);
    matrix->scale = new_zeros(filled * sizeof(float));
    matrix->bias = new_zeros(filled * sizeof(float));
    matrix->q_sum = new_zeros(filled * sizeof(int32_t));
    return matrix->q && matrix->scale && matrix->bias && matrix->q_sum;
}

static void free_matrix(Matrix *matrix) {
    free(matrix->q);
    free(matrix->scale);
    free(matrix->bias);
    free(matrix->q_sum);
}

/* Where the weights of an output begin. That of input i is place_of(i) further on. */
static int8_t *weights_of(const Matrix *matrix, int output) {
    return matrix->q + (size_t)(output / PANEL) * (size_t)matrix->groups * PANEL * GROUP +
           (size_t)(output % PANEL) * GROUP;
}

static size_t place_of(int input) { return (size_t)(input / GROUP) * PANEL * GROUP + (size_t)(input % GROUP); }

static int is_finite(float x) { return x - x == 0.0f; }

/* Quantises `outputs` rows of weights, times `factor`, into the matrix, starting at output `first`. */
static int fill_matrix(Matrix *matrix, int first, const float *weight, int outputs, float factor) {
    for (int o = 0; o < outputs; o++, weight += matrix->inputs) {
        float most = 0.0f;
        for (int i = 0; i < matrix->inputs; i++) {
            if (!is_finite(weight[i])) return NT_NOT_FINITE;
            float size = weight[i] < 0 ? -weight[i] : weight[i];
            if (size > most) most = size;
        }
        int out = first + o;
        int8_t *q = weights_of(matrix, out);
        matrix->scale[out] = most * factor / 127.0f;
        for (int i = 0; i < matrix->inputs; i++) {
            float steps = most > 0 ? weight[i] * (127.0f / most) : 0.0f;
            int32_t whole = (int32_t)(steps + (steps < 0 ? -0.5f : 0.5f));
            whole = whole > 127 ? 127 : whole < -127 ? -127 : whole;
            q[place_of(i)] = (int8_t)whole;
            matrix->q_sum[out] += whole;
        }
    }
    return 0;
}

static int copy_floats(float **to, const float *from, size_t number) {
    *to = new_zeros(number * sizeof(float));
    if (!*to) return NT_OUT_OF_MEMORY;
    for (size_t place = 0; place < number; place++)
        if (!is_finite(from[place])) return NT_NOT_FINITE;
    memcpy(*to, from, number * sizeof(float));
    return 0;
}

/* Reads the weights in order; keeps the first error. */
typedef struct { const float *const *next; int error; const NtConfig *config; } Reader;

static const float *next(Reader *reader) { return *reader->next++; }

static void read_norm(Reader *reader, Norm *norm) {
    const float *gain = next(reader), *bias = next(reader);
    if (!reader->error) reader->error = copy_floats(&norm->gain, gain, (size_t)reader->config->width);
    if (!reader->error) reader->error = copy_floats(&norm->bias, bias, (size_t)reader->config->width);
}

static void read_positions(Reader *reader, float **table) {
    const float *from = next(reader);
    size_t number = (size_t)reader->config->positions * (size_t)reader->config->width;
    if (!reader->error) reader->error = copy_floats(table, from, number);
}

static void read_part(Reader *reader, Matrix *matrix, int first, int outputs, float factor) {
    const float *weight = next(reader);
    if (!reader->error) reader->error = fill_matrix(matrix, first, weight, outputs, factor);
}

/* Reads the bias of outputs `first` and following. */
static void read_bias(Reader *reader, Matrix *matrix, int first, int outputs, float factor) {
    const float *bias = next(reader);
    for (int o = 0; o < outputs && !reader->error; o++) {
        if (!is_finite(bias[o])) reader->error = NT_NOT_FINITE;
        matrix->bias[first + o] = bias[o] * factor;
    }
}

static void read_matrix(Reader *reader, Matrix *matrix, int outputs, int inputs, int has_bias, float factor) {
    if (!new_matrix(matrix, outputs, inputs) && !reader->error) reader->error = NT_OUT_OF_MEMORY;
    read_part(reader, matrix, 0, outputs, factor);
    if (has_bias) read_bias(reader, matrix, 0, outputs, factor);
}

/* Reads W^Q / sqrt(d_k), then W^K and W^V, into one matrix, each with its bias. */
static void read_query_key_value(Reader *reader, Matrix *matrix, float query_factor) {
    int width = reader->config->width;
    if (!new_matrix(matrix, 3 * width, width) && !reader->error) reader->error = NT_OUT_OF_MEMORY;
    read_part(reader, matrix, 0, width, query_factor);
    if (reader->config->has_attention_bias) read_bias(reader, matrix, 0, width, query_factor);
    read_part(reader, matrix, width, 2 * width, 1.0f);
    if (reader->config->has_attention_bias) read_bias(reader, matrix, width, 2 * width, 1.0f);
}

/* Reads an embedding of its own, or uses the matrix of the logits. */
static const Matrix *read_embedding(Reader *reader, int is_own, Matrix *own, const Matrix *logits) {
    if (!is_own) return logits;
    read_matrix(reader, own, reader->config->vocabulary, reader->config->width, 0, 1.0f);
    return own;
}

static int read_weights(NtModel *model, const float *const *weights) {
    const NtConfig *config = &model->config;
    int width = config->width, has_bias = config->has_attention_bias;
    float query_factor = 1.0f / __builtin_sqrtf((float)model->head_width);
    Reader reader = {weights, 0, config};
    read_positions(&reader, &model->position);
    for (int number = 0; number < config->encoder_layers; number++) {
        EncoderLayer *layer = &model->encoder[number];
        read_query_key_value(&reader, &layer->query_key_value, query_factor);
        read_matrix(&reader, &layer->output, width, width, has_bias, 1.0f);
        read_norm(&reader, &layer->before_attention);
        read_matrix(&reader, &layer->inner, config->encoder_feed_forward, width, 1, 1.0f);
        read_matrix(&reader, &layer->outer, width, config->encoder_feed_forward, 1, 1.0f);
        read_norm(&reader, &layer->before_feed_forward);
    }
    for (int number = 0; number < config->decoder_layers; number++) {
        DecoderLayer *layer = &model->decoder[number];
        read_query_key_value(&reader, &layer->query_key_value, query_factor);
        read_matrix(&reader, &layer->self_output, width, width, has_bias, 1.0f);
        read_norm(&reader, &layer->before_self);
        read_matrix(&reader, &layer->cross_query, width, width, has_bias, query_factor);
        read_matrix(&reader, &layer->cross_key_value, 2 * width, width, has_bias, 1.0f);
        read_matrix(&reader, &layer->cross_output, width, width, has_bias, 1.0f);
        read_norm(&reader, &layer->before_cross);
        read_matrix(&reader, &layer->inner, config->decoder_feed_forward, width, 1, 1.0f);
        read_matrix(&reader, &layer->outer, width, config->decoder_feed_forward, 1, 1.0f);
        read_norm(&reader, &layer->before_feed_forward);
    }
    if (config->is_pre_norm) {
        read_norm(&reader, &model->encoder_end);
        read_norm(&reader, &model->decoder_end);
    }
    Matrix *logits = &model->logits;
    read_matrix(&reader, logits, config->vocabulary, width, config->has_logits_bias, 1.0f);
    model->target_embedding =
        read_embedding(&reader, config->has_target_embedding, &model->own_target_embedding, logits);
    model->source_embedding =
        read_embedding(&reader, config->has_source_embedding, &model->own_source_embedding, logits);
    return reader.error;
}

const Kernel *find_kernel(const char *name) {
    const char *known = nt_kernels();
    size_t length = strlen(name);
    for (const char *at = known; (at = strstr(at, name)); at++) {
        if ((at != known && at[-1] != ' ') || (at[length] != ' ' && at[length])) continue;
        const Kernel *const kernels[] = {
            &kernel_portable,
#if defined(__x86_64__)
            &kernel_avx2, &kernel_avxvnni, &kernel_avx512vnni, &kernel_amx,
#elif defined(__aarch64__)
            &kernel_dotprod,
#endif
        };
        for (size_t number = 0; number < sizeof kernels / sizeof *kernels; number++)
            if (!strcmp(kernels[number]->name, name)) return kernels[number];
    }
    return NULL;
}

#if defined(__x86_64__)
/* Whether the OS saves the registers of these state components (XCR0) when it switches threads. */
static int saves(unsigned components) {
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (low & components) == components;
}

/* Asks Linux for the use of AMX's tiles in this process; returns whether it agrees. */
static int may_use_tiles(void) {
    enum { REQUEST = 0x1023, TILES = 18 };  /* ARCH_REQ_XCOMP_PERM, and the state component of the tiles */
    return saves(3u << 17) && syscall(SYS_arch_prctl, REQUEST, TILES) == 0;
}
#endif

const char *nt_kernels(void) {
#if defined(__x86_64__)
    unsigned a, b, c, d, leaf_7_b = 0, leaf_7_c = 0, leaf_7_d = 0, leaf_7_1_a = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE) || !saves(0x6)) return "portable";
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
        leaf_7_b = b;
        leaf_7_c = c;
        leaf_7_d = d;
        if (a >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d)) leaf_7_1_a = a;
    }
    int has_avx2 = (leaf_7_b & bit_AVX2) != 0;
    int has_avxvnni = has_avx2 && (leaf_7_1_a & (1u << 4));
    unsigned needed = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL | bit_AVX512CD;
    int has_avx512 = (leaf_7_b & needed) == needed && (leaf_7_c & bit_AVX512VNNI) && saves(0xe6);
    int has_amx = has_avx512 && (leaf_7_d & (3u << 24)) == 3u << 24 && may_use_tiles();  /* AMX-TILE, AMX-INT8 */
    if (has_amx) return has_avxvnni ? "amx avx512vnni avxvnni avx2 portable" : "amx avx512vnni avx2 portable";
    if (has_avx512) return has_avxvnni ? "avx512vnni avxvnni avx2 portable" : "avx512vnni avx2 portable";
    if (has_avxvnni) return "avxvnni avx2 portable";
    if (has_avx2) return "avx2 portable";
#elif defined(__aarch64__)
    if (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) return "dotprod portable";
#endif
    return "portable";
}

int nt_model_new(const NtConfig *config, const char *kernel, const float *const *weights, const uint8_t *forbidden,
                 NtModel **model) {
    *model = NULL;
    if (config->vocabulary < 1 || config->width < 1 || config->heads < 1 || config->width % config->heads ||
        config->encoder_feed_forward < 1 || config->decoder_feed_forward < 1 || config->activation < 0 ||
        config->activation > 2 || config->encoder_layers < 1 || config->decoder_layers < 1 || config->positions < 1 ||
        config->width > 1 << 14 || config->encoder_feed_forward > 1 << 16 || config->decoder_feed_forward > 1 << 16 ||
        config->vocabulary > 1 << 22)
        return NT_BAD_SHAPE;
    const Kernel *found = find_kernel(kernel);
    if (!found) return NT_NO_KERNEL;
    NtModel *made = new_zeros(sizeof *made);
    if (!made) return NT_OUT_OF_MEMORY;
    made->config = *config;
    made->kernel = found;
    made->head_width = config->width / config->heads;
    made->head_room = ROUND_UP(made->head_width, LANES);
    made->memory_width = config->heads * made->head_room;
    made->encoder = new_zeros((size_t)config->encoder_layers * sizeof *made->encoder);
    made->decoder = new_zeros((size_t)config->decoder_layers * sizeof *made->decoder);
    int error = made->encoder && made->decoder ? read_weights(made, weights) : NT_OUT_OF_MEMORY;
    if (error) {
        nt_model_free(made);
        return error;
    }
    /* A bias of minus infinity gives a token probability zero. The padding of the last panel gets one, too. */
    for (int token = 0; token < made->logits.panels * PANEL; token++)
        if (token >= config->vocabulary || forbidden[token]) made->logits.bias[token] = -__builtin_inff();
    made->logits.outputs = made->logits.panels * PANEL;
    *model = made;
    return 0;
}

static void free_norm(Norm *norm) {
    free(norm->gain);
    free(norm->bias);
}

void nt_model_free(NtModel *model) {
    if (!model) return;
    for (int number = 0; model->encoder && number < model->config.encoder_layers; number++) {
        EncoderLayer *layer = &model->encoder[number];
        Matrix *matrices[] = {&layer->query_key_value, &layer->output, &layer->inner, &layer->outer};
        for (size_t place = 0; place < sizeof matrices / sizeof *matrices; place++) free_matrix(matrices[place]);
        free_norm(&layer->before_attention);
        free_norm(&layer->before_feed_forward);
    }
    for (int number = 0; model->decoder && number < model->config.decoder_layers; number++) {
        DecoderLayer *layer = &model->decoder[number];
        Matrix *matrices[] = {&layer->query_key_value, &layer->self_output, &layer->cross_query, &layer->cross_key_value,
                              &layer->cross_output,    &layer->inner,       &layer->outer};
        for (size_t place = 0; place < sizeof matrices / sizeof *matrices; place++) free_matrix(matrices[place]);
        free_norm(&layer->before_self);
        free_norm(&layer->before_cross);
        free_norm(&layer->before_feed_forward);
    }
    free_norm(&model->encoder_end);
    free_norm(&model->decoder_end);
    free_matrix(&model->logits);
    free_matrix(&model->own_target_embedding);
    free_matrix(&model->own_source_embedding);
    free(model->position);
    free(model->encoder);
    free(model->decoder);
    free(model);
}

/* ---- sessions ---- */

/* Keys and values of past tokens are stored in slots, each written once. A row's history lists its slots, so a beam
   search moves indices instead of keys. */
typedef struct {
    int32_t length;            /* tokens so far; 0 before the first step */
    int32_t *slot, *next_slot; /* [positions] the history, and the one after the current step */
} Row;

typedef struct {
    int32_t first_row, beam; /* beam 0: free */
    int32_t source_length;
    Buffer memory;           /* [layer][key columns: width x padded length, values: length x width] */
    float *past;             /* [slot][layer][key, value][memory_width] */
    int32_t slots, slot_room;
    int32_t stepping;        /* rows of the current step */
    Row *rows;
    int32_t *slot_numbers;   /* the histories of all rows */
    int32_t positions;       /* room in a row's history */
} Sentence;

struct NtSession {
    const NtModel *model;
    Sentence *sentences;
    int32_t sentence_room;
    int32_t *sentence_of_row; /* [row_room] the sentence number, or -1 if the row is free */
    int32_t row_room;
    Buffer x, y, wide, attended, weight, logits, quantised, scale, start, places, fed, rows;
};

int nt_session_new(const NtModel *model, NtSession **session) {
    *session = new_zeros(sizeof **session);
    if (!*session) return NT_OUT_OF_MEMORY;
    (*session)->model = model;
    return 0;
}

static void free_sentence(Sentence *sentence) {
    free(sentence->memory.memory);
    free(sentence->past);
    free(sentence->rows);
    free(sentence->slot_numbers);
    *sentence = (Sentence){0};
}

void nt_session_free(NtSession *session) {
    if (!session) return;
    for (int32_t number = 0; number < session->sentence_room; number++) free_sentence(&session->sentences[number]);
    Buffer *buffers[] = {&session->x,      &session->y,         &session->wide,  &session->attended, &session->weight,
                         &session->logits, &session->quantised, &session->scale, &session->start,    &session->places,
                         &session->fed,    &session->rows};
    for (size_t place = 0; place < sizeof buffers / sizeof *buffers; place++) free(buffers[place]->memory);
    free(session->sentences);
    free(session->sentence_of_row);
    free(session);
}

static int make_scratch(NtSession *session, int rows, int longest, int with_logits) {
    const NtModel *model = session->model;
    int32_t wide = 3 * model->config.width;
    if (model->config.encoder_feed_forward > wide) wide = model->config.encoder_feed_forward;
    if (model->config.decoder_feed_forward > wide) wide = model->config.decoder_feed_forward;
    size_t widest = (size_t)ROUND_UP(wide, 64);
    size_t number = (size_t)rows;
    return room_for(&session->x, number * (size_t)model->config.width * sizeof(float)) &&
           room_for(&session->y, number * (size_t)model->config.width * sizeof(float)) &&
           room_for(&session->attended, number * (size_t)model->config.width * sizeof(float)) &&
           room_for(&session->wide, number * widest * sizeof(float)) &&
           room_for(&session->weight, number * ROUND_UP((size_t)longest, LANES) * sizeof(float)) &&
           room_for(&session->quantised, number * 2 * widest) && room_for(&session->scale, number * sizeof(float)) &&
           room_for(&session->start, number * sizeof(int32_t)) &&
           room_for(&session->places, LISTED_ROWS * (widest / GROUP) * sizeof(int32_t)) &&
           (!with_logits || room_for(&session->logits, (size_t)(rows < ROWS_AT_ONCE ? rows : ROWS_AT_ONCE) *
                                                           (size_t)model->logits.outputs * sizeof(float)));
}

static Quantised quantise(NtSession *session, const float *x, int rows, int width) {
    Quantised q = {
        .q = session->quantised.memory,
        .scale = session->scale.memory,
        .start = session->start.memory,
        .places = session->places.memory,
    };
    session->model->kernel->quantise(x, rows, width, width, &q);
    return q;
}

static void multiply(NtSession *session, const Matrix *weight, const float *x, int rows, Epilogue epilogue, float *out) {
    Quantised q = quantise(session, x, rows, weight->inputs);
    session->model->kernel->multiply(weight, &q, epilogue, out, weight->outputs);
}

/* The input of a sub-layer: normalised if the model is pre-norm. */
static const float *before(NtSession *session, const float *x, int rows, const Norm *norm) {
    const NtModel *model = session->model;
    int width = model->config.width;
    if (!model->config.is_pre_norm) return x;
    model->kernel->normalise(x, rows, width, width, norm->gain, norm->bias, session->y.memory);
    return session->y.memory;
}

/* After the residual sum: normalises if the model is post-norm. */
static void after(NtSession *session, float *x, int rows, const Norm *norm) {
    const NtModel *model = session->model;
    int width = model->config.width;
    if (!model->config.is_pre_norm) model->kernel->normalise(x, rows, width, width, norm->gain, norm->bias, x);
}

static void feed_forward(NtSession *session, float *x, int rows, const Norm *norm, const Matrix *inner,
                         const Matrix *outer) {
    float *hidden = session->wide.memory;
    static const Epilogue activations[] = {STORE_RELU, STORE_GELU, STORE_SWISH};
    Epilogue activation = activations[session->model->config.activation];
    multiply(session, inner, before(session, x, rows, norm), rows, activation, hidden);
    multiply(session, outer, hidden, rows, ADD, x);
    after(session, x, rows, norm);
}

static void embed(const NtModel *model, const Matrix *embedding, int32_t token, int32_t position, float *out) {
    int width = model->config.width;
    const int8_t *q = weights_of(embedding, token);
    const float *place = model->position + (size_t)position * (size_t)width;
    float scale = embedding->scale[token] * model->config.embedding_scale;
    for (int i = 0; i < width; i++) out[i] = (float)q[place_of(i)] * scale + place[i];
}

/* ---- the encoder ---- */

/* Writes a head's keys as columns, key_T[k][position], padded with zeros to whole LANES. */
static void transpose(const float *key, int stride, int length, int head_width, float *key_T) {
    int filled = ROUND_UP(length, LANES);
    for (int k = 0; k < head_width; k++, key_T += filled) {
        for (int t = 0; t < length; t++) key_T[t] = key[(size_t)t * (size_t)stride + k];
        for (int t = length; t < filled; t++) key_T[t] = 0.0f;
    }
}

static void encoder_attention(NtSession *session, const float *projected, const int32_t *lengths, int sentences,
                              float *key_T, float *out) {
    const NtModel *model = session->model;
    int width = model->config.width, stride = 3 * width, head_width = model->head_width;
    for (int number = 0; number < sentences; number++) {
        int length = lengths[number];
        for (int first = 0; first < width; first += head_width) {
            transpose(projected + width + first, stride, length, head_width, key_T);
            model->kernel->attend_columns(projected + first, stride, length, key_T, projected + 2 * width + first,
                                          stride, length, head_width, session->weight.memory, out + first, width);
        }
        projected += (size_t)length * (size_t)stride;
        out += (size_t)length * (size_t)width;
    }
}

static size_t memory_floats(const NtModel *model, int length) {
    size_t width = (size_t)model->config.width;
    return width * ((size_t)ROUND_UP(length, LANES) + (size_t)length);
}

static int encode(NtSession *session, int sentences, const int32_t *lengths, const int32_t *tokens, Sentence **into) {
    const NtModel *model = session->model;
    int width = model->config.width, rows = 0, longest = 0;
    for (int number = 0; number < sentences; number++) {
        rows += lengths[number];
        if (lengths[number] > longest) longest = lengths[number];
    }
    if (!make_scratch(session, rows, longest, 0) ||
        !room_for(&session->logits, (size_t)model->head_width * ROUND_UP((size_t)longest, LANES) * sizeof(float)))
        return NT_OUT_OF_MEMORY;
    float *x = session->x.memory, *wide = session->wide.memory, *key_T = session->logits.memory;
    for (int number = 0, row = 0; number < sentences; number++)
        for (int place = 0; place < lengths[number]; place++, row++)
            embed(model, model->source_embedding, tokens[row], place, x + (size_t)row * (size_t)width);
    for (int number = 0; number < model->config.encoder_layers; number++) {
        const EncoderLayer *layer = &model->encoder[number];
        multiply(session, &layer->query_key_value, before(session, x, rows, &layer->before_attention), rows, STORE, wide);
        encoder_attention(session, wide, lengths, sentences, key_T, session->attended.memory);
        multiply(session, &layer->output, session->attended.memory, rows, ADD, x);
        after(session, x, rows, &layer->before_attention);
        feed_forward(session, x, rows, &layer->before_feed_forward, &layer->inner, &layer->outer);
    }
    const float *memory = before(session, x, rows, &model->encoder_end);
    Quantised q = quantise(session, memory, rows, width);
    for (int number = 0; number < model->config.decoder_layers; number++) {
        model->kernel->multiply(&model->decoder[number].cross_key_value, &q, STORE, wide, 2 * width);
        const float *projected = wide;
        for (int sentence = 0; sentence < sentences; sentence++) {
            int length = lengths[sentence], filled = ROUND_UP(length, LANES);
            float *key_T = (float *)into[sentence]->memory.memory + (size_t)number * memory_floats(model, length);
            float *value = key_T + (size_t)width * (size_t)filled;
            transpose(projected, 2 * width, length, width, key_T);
            for (int t = 0; t < length; t++)
                memcpy(value + (size_t)t * (size_t)width, projected + (size_t)t * 2 * (size_t)width + width,
                       (size_t)width * sizeof(float));
            projected += (size_t)length * 2 * (size_t)width;
        }
    }
    return 0;
}

/* ---- rows ---- */

static int32_t free_rows(NtSession *session, int32_t beam) {
    int32_t run = 0;
    for (int32_t row = 0; row < session->row_room; row++) {
        run = session->sentence_of_row[row] < 0 ? run + 1 : 0;
        if (run == beam) return row - beam + 1;
    }
    int32_t first = session->row_room - run, room = first + beam + session->row_room;
    int32_t *larger = realloc(session->sentence_of_row, (size_t)room * sizeof *larger);
    if (!larger) return NT_OUT_OF_MEMORY;
    for (int32_t row = session->row_room; row < room; row++) larger[row] = -1;
    session->sentence_of_row = larger;
    session->row_room = room;
    return first;
}

static int32_t free_sentence_number(NtSession *session) {
    for (int32_t number = 0; number < session->sentence_room; number++)
        if (!session->sentences[number].beam) return number;
    int32_t number = session->sentence_room, room = number ? 2 * number : 16;
    Sentence *larger = realloc(session->sentences, (size_t)room * sizeof *larger);
    if (!larger) return NT_OUT_OF_MEMORY;
    memset(larger + number, 0, (size_t)(room - number) * sizeof *larger);
    session->sentences = larger;
    session->sentence_room = room;
    return number;
}

/* Grows the histories of all rows to at least `positions` tokens, and keeps their contents. */
static int room_for_history(Sentence *sentence, int32_t positions) {
    if (sentence->positions >= positions) return 1;
    int32_t longer = ROUND_UP(positions + positions / 2, 32);
    int32_t *numbers = new_zeros((size_t)sentence->beam * 2 * (size_t)longer * sizeof *numbers);
    if (!numbers) return 0;
    for (int32_t beam = 0; beam < sentence->beam; beam++) {
        Row *row = &sentence->rows[beam];
        int32_t *slot = numbers + (size_t)beam * 2 * (size_t)longer;
        if (row->length) memcpy(slot, row->slot, (size_t)row->length * sizeof *slot);
        row->slot = slot;
        row->next_slot = slot + longer;
    }
    free(sentence->slot_numbers);
    sentence->slot_numbers = numbers;
    sentence->positions = longer;
    return 1;
}

static int room_for_slots(const NtModel *model, Sentence *sentence, int32_t slots) {
    if (sentence->slot_room >= slots) return 1;
    int32_t room = ROUND_UP(slots + slots / 2, 16 * sentence->beam);
    size_t bytes = (size_t)model->config.decoder_layers * 2 * (size_t)model->memory_width * sizeof(float);
    float *larger = new_zeros((size_t)room * bytes);
    if (!larger) return 0;
    if (sentence->slots) memcpy(larger, sentence->past, (size_t)sentence->slots * bytes);
    free(sentence->past);
    sentence->past = larger;
    sentence->slot_room = room;
    return 1;
}

static int begin_sentence(NtSession *session, int32_t length, int32_t beam, int32_t *number) {
    const NtModel *model = session->model;
    *number = free_sentence_number(session);
    if (*number < 0) return NT_OUT_OF_MEMORY;
    Sentence *sentence = &session->sentences[*number];
    int32_t first = free_rows(session, beam);
    if (first < 0) return NT_OUT_OF_MEMORY;
    size_t bytes = (size_t)model->config.decoder_layers * memory_floats(model, length) * sizeof(float);
    sentence->rows = new_zeros((size_t)beam * sizeof *sentence->rows);
    if (!sentence->rows || !room_for(&sentence->memory, bytes)) {
        free_sentence(sentence);
        return NT_OUT_OF_MEMORY;
    }
    sentence->beam = beam;
    sentence->first_row = first;
    sentence->source_length = length;
    for (int32_t row = first; row < first + beam; row++) session->sentence_of_row[row] = *number;
    return 0;
}

static void end_sentence(NtSession *session, int32_t number) {
    Sentence *sentence = &session->sentences[number];
    for (int32_t row = 0; row < sentence->beam; row++) session->sentence_of_row[sentence->first_row + row] = -1;
    free_sentence(sentence); /* keys and values of a large batch are too much for an idle session */
}

static int admit_some(NtSession *session, int32_t sentences, const int32_t *lengths, const int32_t *tokens, int32_t beam,
                      int32_t *first_row) {
    int32_t numbers[ENCODED_AT_ONCE];
    Sentence *into[ENCODED_AT_ONCE];
    int error = 0, begun = 0;
    for (; begun < sentences && !error; begun++) error = begin_sentence(session, lengths[begun], beam, &numbers[begun]);
    begun -= error != 0;
    for (int number = 0; number < begun; number++) {
        into[number] = &session->sentences[numbers[number]];
        first_row[number] = into[number]->first_row;
    }
    if (!error) error = encode(session, sentences, lengths, tokens, into);
    for (int number = 0; error && number < begun; number++) end_sentence(session, numbers[number]);
    return error;
}

int nt_admit(NtSession *session, int32_t sentences, const int32_t *lengths, const int32_t *tokens, int32_t beam,
             int32_t *first_row) {
    const NtConfig *config = &session->model->config;
    if (beam < 1 || sentences < 0) return NT_BAD_ROW;
    const int32_t *token = tokens;
    for (int32_t number = 0; number < sentences; number++) {
        if (lengths[number] < 1 || lengths[number] > config->positions) return NT_TOO_LONG;
        for (int32_t place = 0; place < lengths[number]; place++, token++)
            if (*token < 0 || *token >= config->vocabulary) return NT_BAD_TOKEN;
    }
    for (int32_t first = 0; first < sentences;) {
        int32_t some = 0, total = 0;
        while (first + some < sentences && some < ENCODED_AT_ONCE &&
               (!some || total + lengths[first + some] <= ENCODED_AT_ONCE))
            total += lengths[first + some++];
        int error = admit_some(session, some, lengths + first, tokens, beam, first_row + first);
        if (error) {
            nt_release(session, first, first_row);
            return error;
        }
        first += some;
        tokens += total;
    }
    return 0;
}

int nt_release(NtSession *session, int32_t sentences, const int32_t *first_row) {
    for (int32_t place = 0; place < sentences; place++) {
        int32_t row = first_row[place];
        if (row < 0 || row >= session->row_room || session->sentence_of_row[row] < 0) return NT_BAD_ROW;
        int32_t number = session->sentence_of_row[row];
        if (session->sentences[number].first_row != row) return NT_BAD_ROW;
        end_sentence(session, number);
    }
    return 0;
}

/* ---- the decoder ---- */

typedef struct { Sentence *sentence; Row *row; int32_t newest; /* slot */ } Live;

static int check_rows(NtSession *session, const NtStep *step) {
    for (int32_t place = 0; place < step->rows; place++) {
        int32_t row = step->row[place], parent = step->parent[place], token = step->token[place];
        if (row < 0 || row >= session->row_room || parent < 0 || parent >= session->row_room) return NT_BAD_ROW;
        int32_t number = session->sentence_of_row[row];
        if (number < 0 || session->sentence_of_row[parent] != number) return NT_BAD_ROW;
        if (token < 0 || token >= session->model->config.vocabulary) return NT_BAD_TOKEN;
        Sentence *sentence = &session->sentences[number];
        if (sentence->rows[parent - sentence->first_row].length >= session->model->config.positions) return NT_TOO_LONG;
    }
    return 0;
}

static Sentence *sentence_of(NtSession *session, const NtStep *step, int32_t place) {
    return &session->sentences[session->sentence_of_row[step->row[place]]];
}

/* Gives each row the history of its parent and a new slot. */
static int extend_rows(NtSession *session, const NtStep *step, Live *live) {
    for (int32_t place = 0; place < step->rows; place++) sentence_of(session, step, place)->stepping = 0;
    for (int32_t place = 0; place < step->rows; place++) {
        Sentence *sentence = sentence_of(session, step, place);
        const Row *parent = &sentence->rows[step->parent[place] - sentence->first_row];
        if (!room_for_history(sentence, parent->length + 1) ||
            !room_for_slots(session->model, sentence, sentence->slots + ++sentence->stepping))
            return NT_OUT_OF_MEMORY;
    }
    for (int32_t place = 0; place < step->rows; place++) {
        Sentence *sentence = sentence_of(session, step, place);
        const Row *parent = &sentence->rows[step->parent[place] - sentence->first_row];
        Row *row = &sentence->rows[step->row[place] - sentence->first_row];
        if (row != parent) memcpy(row->next_slot, parent->slot, (size_t)parent->length * sizeof *row->slot);
        live[place] = (Live){sentence, row, parent->length};
    }
    for (int32_t place = 0; place < step->rows; place++) {
        Row *row = live[place].row;
        if (step->row[place] != step->parent[place]) {
            int32_t *former = row->slot;
            row->slot = row->next_slot;
            row->next_slot = former;
        }
        row->length = live[place].newest + 1;
        live[place].newest = live[place].sentence->slots++;
        row->slot[row->length - 1] = live[place].newest;
    }
    return 0;
}

/* Copies a row head by head, with each head padded to its room in a cache. */
static void spread_heads(const NtModel *model, const float *x, float *out) {
    for (int head = 0; head < model->config.heads; head++)
        memcpy(out + head * model->head_room, x + head * model->head_width, (size_t)model->head_width * sizeof(float));
}

static void self_attention(NtSession *session, int layer, const float *projected, const Live *live, int rows,
                           float *out) {
    const NtModel *model = session->model;
    int width = model->config.width, room = model->memory_width;
    size_t slot_floats = (size_t)model->config.decoder_layers * 2 * (size_t)room;
    for (int place = 0; place < rows; place++, projected += 3 * width, out += width) {
        float *key = live[place].sentence->past + (size_t)layer * 2 * (size_t)room, *value = key + room;
        size_t newest = (size_t)live[place].newest * slot_floats;
        spread_heads(model, projected + width, key + newest);
        spread_heads(model, projected + 2 * width, value + newest);
        for (int head = 0; head < model->config.heads; head++)
            model->kernel->attend_slots(projected + head * model->head_width, key + head * model->head_room,
                                        value + head * model->head_room, live[place].row->slot, slot_floats,
                                        live[place].row->length, model->head_width, session->weight.memory,
                                        out + head * model->head_width);
    }
}

static void cross_attention(NtSession *session, int layer, const float *query, const Live *live, const NtStep *step,
                            float *out) {
    const NtModel *model = session->model;
    int width = model->config.width;
    float *weight = session->weight.memory;
    for (int place = 0, queries; place < step->rows; place += queries) {
        const Sentence *sentence = live[place].sentence;
        for (queries = 1; place + queries < step->rows && live[place + queries].sentence == sentence;) queries++;
        int length = sentence->source_length, filled = ROUND_UP(length, LANES);
        const float *key_T = (const float *)sentence->memory.memory + (size_t)layer * memory_floats(model, length);
        const float *value = key_T + (size_t)width * (size_t)filled;
        for (int head = 0; head < model->config.heads; head++) {
            size_t first = (size_t)head * (size_t)model->head_width, offset = (size_t)place * (size_t)width + first;
            model->kernel->attend_columns(query + offset, width, queries, key_T + first * (size_t)filled, value + first,
                                          width, length, model->head_width, weight, out + offset, width);
            if (step->attention && layer == step->attention_layer && head == step->attention_head)
                for (int q = 0; q < queries; q++)
                    memcpy(step->attention + (size_t)(place + q) * (size_t)step->attention_stride, weight + q * filled,
                           (size_t)(length < step->attention_stride ? length : step->attention_stride) * sizeof(float));
        }
    }
}

static void decode(NtSession *session, const NtStep *step, const int32_t *tokens, const Live *live) {
    const NtModel *model = session->model;
    int rows = step->rows, width = model->config.width;
    float *x = session->x.memory, *wide = session->wide.memory, *attended = session->attended.memory;
    for (int place = 0; place < rows; place++)
        embed(model, model->target_embedding, tokens[place], live[place].row->length - 1,
              x + (size_t)place * (size_t)width);
    for (int number = 0; number < model->config.decoder_layers; number++) {
        const DecoderLayer *layer = &model->decoder[number];
        multiply(session, &layer->query_key_value, before(session, x, rows, &layer->before_self), rows, STORE, wide);
        self_attention(session, number, wide, live, rows, attended);
        multiply(session, &layer->self_output, attended, rows, ADD, x);
        after(session, x, rows, &layer->before_self);
        multiply(session, &layer->cross_query, before(session, x, rows, &layer->before_cross), rows, STORE, wide);
        cross_attention(session, number, wide, live, step, attended);
        multiply(session, &layer->cross_output, attended, rows, ADD, x);
        after(session, x, rows, &layer->before_cross);
        feed_forward(session, x, rows, &layer->before_feed_forward, &layer->inner, &layer->outer);
    }
}

/* Chooses the candidates of `rows` rows, starting at row `first`. */
static void choose(const NtModel *model, const NtStep *step, int first, int rows, const float *logits) {
    int vocabulary = model->config.vocabulary, filled = model->logits.outputs;
    for (int place = first; place < first + rows; place++, logits += filled) {
        float total = model->kernel->log_sum_exp(logits, filled);
        int mask = step->mask ? step->mask[place] : -1;
        const uint8_t *allowed = mask < 0 ? NULL : step->masks + (size_t)mask * (size_t)filled;
        int32_t *chosen = step->candidate + (size_t)place * (size_t)step->best;
        float *value = step->log_probability + (size_t)place * (size_t)step->best;
        int found = model->kernel->largest(logits, allowed, filled, step->best, chosen, value);
        for (int rank = 0; rank < step->best; rank++) {
            if (rank >= found) chosen[rank] = -1;
            value[rank] = rank < found ? value[rank] - total : -__builtin_inff();
        }
        if (step->full)
            for (int token = 0; token < vocabulary; token++)
                step->full[(size_t)place * (size_t)vocabulary + token] = logits[token] - total;
    }
}

/* The logits of every row, and the candidates. */
static void predict(NtSession *session, const NtStep *step) {
    const NtModel *model = session->model;
    int width = model->config.width;
    const float *x = before(session, session->x.memory, step->rows, &model->decoder_end);
    for (int first = 0; first < step->rows; first += ROWS_AT_ONCE) {
        int rows = step->rows - first < ROWS_AT_ONCE ? step->rows - first : ROWS_AT_ONCE;
        multiply(session, &model->logits, x + (size_t)first * (size_t)width, rows, STORE, session->logits.memory);
        choose(model, step, first, rows, session->logits.memory);
    }
}

/* The `beam` best extensions of each sentence, best first; ties go to the first row, then to its first candidate.
   Returns 0 if a sentence has too few, or if one of the tokens is not ordinary. */
static int extend_beams(const NtStep *step, const double *score, int32_t *token, int32_t *parent, double *total) {
    int beam = step->beam;
    for (int first = 0; first < step->rows; first += beam, token += beam, parent += beam, total += beam) {
        int found = 0;
        for (int row = 0; row < beam; row++) {
            const int32_t *candidate = step->candidate + (size_t)(first + row) * (size_t)step->best;
            const float *log_probability = step->log_probability + (size_t)(first + row) * (size_t)step->best;
            for (int place = 0; place < step->best && candidate[place] >= 0; place++) {
                double sum = score[first + row] + (double)log_probability[place];
                if (found == beam && !(sum > total[beam - 1])) break;
                int rank = found < beam ? found++ : beam - 1;
                for (; rank > 0 && total[rank - 1] < sum; rank--) {
                    token[rank] = token[rank - 1];
                    parent[rank] = parent[rank - 1];
                    total[rank] = total[rank - 1];
                }
                token[rank] = candidate[place];
                parent[rank] = row;
                total[rank] = sum;
            }
        }
        if (found < beam) return 0;
        for (int rank = 0; rank < beam; rank++)
            if (!step->ordinary[token[rank]]) return 0;
    }
    return 1;
}

/* Makes `now` the step that feeds the extensions. Its rows get the masks of the rows that they continue. */
static void feed_extensions(const NtStep *step, const int32_t *next_parent, int32_t *parent, int32_t *mask,
                            NtStep *now) {
    for (int row = 0; row < step->rows; row++) {
        int continued = row - row % step->beam + next_parent[row];
        parent[row] = step->row[continued];
        if (now->mask) mask[row] = now->mask[continued];
    }
    now->parent = parent;
    if (now->mask) now->mask = mask;
}

int nt_step(NtSession *session, const NtStep *step) {
    if (step->rows < 1) return 0;
    int error = check_rows(session, step);
    if (error) return error;
    size_t rows = (size_t)step->rows;
    if (!room_for(&session->rows, rows * sizeof(Live)) || !room_for(&session->fed, 3 * rows * sizeof(int32_t)))
        return NT_OUT_OF_MEMORY;
    Live *live = session->rows.memory;
    int32_t *fed = session->fed.memory;
    NtStep now = *step;
    int made = 0;
    for (; made < step->most_steps; made++) {
        if (made) {
            size_t next = (size_t)(made - 1) * rows;
            const double *score = made > 1 ? step->next_score + next - rows : step->score;
            if (!extend_beams(step, score, step->next_token + next, step->next_parent + next, step->next_score + next))
                break;
            feed_extensions(step, step->next_parent + next, fed, fed + (size_t)(1 + made % 2) * rows, &now);
            now.token = step->next_token + next;
            if (check_rows(session, &now)) break;
        }
        error = extend_rows(session, &now, live);
        if (error) return error;
        int longest = 1;
        for (int place = 0; place < step->rows; place++) {
            if (live[place].row->length > longest) longest = live[place].row->length;
            if (live[place].sentence->source_length > longest) longest = live[place].sentence->source_length;
        }
        if (!make_scratch(session, step->rows, longest, 1)) return NT_OUT_OF_MEMORY;
        decode(session, &now, now.token, live);
        predict(session, &now);
    }
    return made;
}
