/* The inner loops; see kernel.h. Compiled once for each instruction set, with -DKERNEL=its name. */

#include "kernel.h"

#include <string.h>

#if defined(__x86_64__) && (defined(__AVX2__) || defined(__AVX512VNNI__))
#include <immintrin.h>
#elif defined(__ARM_FEATURE_DOTPROD)
#include <arm_neon.h>
#endif

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define TEXT_(a) #a
#define TEXT(a) TEXT_(a)
#define INLINE static inline __attribute__((always_inline))
#define MIN(a, b) ((a) < (b) ? (a) : (b))

enum { MOST_SUMS = 4 };  /* per dimension of a block of sums kept in registers */

/* How many vectors of keys or values four queries take at once, so that their sums stay in registers. */
#if defined(__AVX512F__)
enum { KEYS_AT_ONCE = 2, VALUES_AT_ONCE = 4 };
#else
enum { KEYS_AT_ONCE = 1, VALUES_AT_ONCE = 1 };
#endif

/* Sixteen lanes, regardless of the register width: the compiler splits them. */
typedef float Floats __attribute__((vector_size(64)));
typedef int32_t Ints __attribute__((vector_size(64)));
typedef int8_t Bytes __attribute__((vector_size(LANES)));
typedef int32_t Groups __attribute__((vector_size(LANES)));  /* GROUP bytes each */
typedef float Floats8 __attribute__((vector_size(32)));
typedef float Floats4 __attribute__((vector_size(16)));
typedef float Floats2 __attribute__((vector_size(8)));

INLINE Floats load(const float *x) {
    Floats y;
    memcpy(&y, x, sizeof y);
    return y;
}

INLINE void store(float *x, Floats y) { memcpy(x, &y, sizeof y); }

INLINE Ints load_ints(const int32_t *x) {
    Ints y;
    memcpy(&y, x, sizeof y);
    return y;
}

INLINE Floats load_some(const float *x, int number, float other) {
    Floats y = (Floats){0} + other;
    memcpy(&y, x, (size_t)number * sizeof *x);
    return y;
}

INLINE Floats choose(Ints condition, Floats yes, Floats no) {
    return (Floats)((condition & (Ints)yes) | (~condition & (Ints)no));
}

INLINE Floats larger(Floats a, Floats b) { return choose(a > b, a, b); }

INLINE Floats absolute(Floats a) { return (Floats)((Ints)a & 0x7fffffff); }

INLINE float sum(Floats x) {
    Floats8 eight = __builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7) +
                    __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15);
    Floats4 four = __builtin_shufflevector(eight, eight, 0, 1, 2, 3) + __builtin_shufflevector(eight, eight, 4, 5, 6, 7);
    Floats2 two = __builtin_shufflevector(four, four, 0, 1) + __builtin_shufflevector(four, four, 2, 3);
    return two[0] + two[1];
}

INLINE float largest_lane(Floats x) {
    x = larger(__builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15), x);
    x = larger(__builtin_shufflevector(x, x, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7), x);
    x = larger(__builtin_shufflevector(x, x, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3), x);
    return x[1] > x[0] ? x[1] : x[0];
}

INLINE int any(Ints condition) {
#if defined(__clang__)
    return __builtin_reduce_or(condition) != 0;
#else
    int found = 0;
    for (int lane = 0; lane < LANES; lane++) found |= condition[lane];
    return found != 0;
#endif
}

/* Rounds to the nearest integer, ties to even; for |x| < 2^22. */
INLINE Floats rounded(Floats x) {
    const float magic = 12582912.0f;
    return (x + magic) - magic;
}

/* exp(x) for x <= 88; 0 below -87. The error is below 2 units in the last place. */
INLINE Floats exponential(Floats x) {
    Ints is_tiny = x < -87.0f;
    Floats safe = choose(is_tiny, (Floats){0}, x);
    Floats n = rounded(safe * 1.44269504f);
    Floats r = safe - n * 0.693359375f;
    r = r - n * -2.12194440e-4f;
    Floats p = r * 1.9875691e-4f + 1.3981999e-3f;
    p = p * r + 8.3334519e-3f;
    p = p * r + 4.1665796e-2f;
    p = p * r + 1.6666665e-1f;
    p = p * r + 5.0000001e-1f;
    p = p * r * r + r + 1.0f;
    Ints power = (__builtin_convertvector(n, Ints) + 127) << 23;
    return choose(is_tiny, (Floats){0}, p * (Floats)power);
}

/* The natural logarithm of a positive, finite number. */
static float logarithm(float x) {
    union { double number; uint64_t bits; } y = {(double)x};
    int exponent = (int)(y.bits >> 52) - 1023;
    y.bits = (y.bits & 0xfffffffffffffULL) | 0x3ff0000000000000ULL;
    if (y.number > 1.4142135623730951) {
        y.number *= 0.5;
        exponent++;
    }
    double z = (y.number - 1.0) / (y.number + 1.0), square = z * z, series = 0.0;
    for (int term = 19; term >= 1; term -= 2) series = series * square + 1.0 / term;
    return (float)(2.0 * z * series + exponent * 0.6931471805599453);
}

/* erf(x) by Abramowitz and Stegun 7.1.26; the error is below 1.5e-7. */
INLINE Floats error_function(Floats x) {
    Floats size = absolute(x);
    Floats t = 1.0f / (size * 0.3275911f + 1.0f);
    Floats p = t * 1.061405429f - 1.453152027f;
    p = p * t + 1.421413741f;
    p = p * t - 0.284496736f;
    p = (p * t + 0.254829592f) * t;
    Floats y = 1.0f - p * exponential(-size * size);
    return choose(x < 0.0f, -y, y);
}

INLINE Floats gelu(Floats x) { return x * 0.5f * (error_function(x * 0.70710678f) + 1.0f); }

/* x / (1 + exp(-x)), from exp(-|x|), which never overflows. */
INLINE Floats swish(Floats x) {
    Floats y = exponential(-absolute(x));
    return x * choose(x < 0.0f, y, (Floats){0} + 1.0f) / (y + 1.0f);
}

static float square_root(float x) { return __builtin_sqrtf(x); }

/* ---- products of 8-bit integers ---- */

/* `Sums` is a vector of 32-bit sums, `VECTORS` of which hold a panel. `dot` adds to each lane the products of GROUP
   weights and GROUP activations. */

INLINE int32_t group_at(const void *q) {
    int32_t four;
    memcpy(&four, q, sizeof four);
    return four;
}

/* `activations` repeats four activations in every lane, with their offset of 128. `positive_activations` removes the
   offset; none of the four may be negative. */
#define BROADCAST_ACTIVATIONS                                                \
    typedef struct { Sums q; } Activations;                                  \
    INLINE Activations activations(const uint8_t *q, int stride) {           \
        (void)stride;                                                        \
        return (Activations){sums_of(group_at(q))};                          \
    }                                                                        \
    INLINE Activations positive_activations(const uint8_t *q, int stride) {  \
        (void)stride;                                                        \
        return (Activations){sums_of(group_at(q) ^ (int32_t)0x80808080)};    \
    }

#if defined(__AVX512VNNI__) && defined(__AVX512F__)

typedef __m512i Sums;
enum { VECTORS = 4, ROWS_AT_ONCE = 6, COPIES = 1, IS_OFFSET = 1 };
INLINE Sums sums_of(int32_t x) { return _mm512_set1_epi32(x); }
INLINE Sums load_sums(const void *q) { return _mm512_loadu_si512(q); }
BROADCAST_ACTIVATIONS
INLINE Sums dot(Sums sums, Sums weights, Activations x) { return _mm512_dpbusd_epi32(sums, x.q, weights); }

#elif defined(__AVXVNNI__)

typedef __m256i Sums;
enum { VECTORS = 8, ROWS_AT_ONCE = 1, COPIES = 1, IS_OFFSET = 1 };
INLINE Sums sums_of(int32_t x) { return _mm256_set1_epi32(x); }
INLINE Sums load_sums(const void *q) { return _mm256_loadu_si256(q); }
BROADCAST_ACTIVATIONS
INLINE Sums dot(Sums sums, Sums weights, Activations x) { return _mm256_dpbusd_avx_epi32(sums, x.q, weights); }

#elif defined(__AVX2__)

/* |x| * w if x >= 0, and |x| * ~w = x * w - |x| if x < 0. The sums begin with those |x|. |x| is at most 127, and w and ~w
   are at least -128, so the sum of two products is at least -32,512, which fits in 16 bits. Unlike VPSIGNB, XOR leaves
   the processor's units for multiplication free. */
typedef __m256i Sums;
typedef struct { __m256i sign, size; } Activations;
enum { VECTORS = 8, ROWS_AT_ONCE = 1, COPIES = 2, IS_OFFSET = 0 };
#define positive_activations activations
#define HAS_PAIRS
INLINE Sums sums_of(int32_t x) { return _mm256_set1_epi32(x); }
INLINE Sums load_sums(const void *q) { return _mm256_loadu_si256(q); }
INLINE Activations activations(const uint8_t *q, int stride) {
    return (Activations){sums_of(group_at(q)), sums_of(group_at(q + stride / 2))};
}
INLINE __m256i pairs_of(Sums weights, Activations x) {
    return _mm256_maddubs_epi16(x.size, _mm256_xor_si256(weights, x.sign));
}
INLINE Sums add_pairs(Sums sums, __m256i pairs) {
    return _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}
INLINE Sums dot(Sums sums, Sums weights, Activations x) { return add_pairs(sums, pairs_of(weights, x)); }

/* Whether the 16-bit sums of two groups can be added in 16 bits: 128 times the sum of the four |x| in a lane must fit. */
INLINE int fit_together(const uint8_t *size) {
    uint64_t x;
    memcpy(&x, size, sizeof x);
    x = (x & 0x00ff00ff00ff00ffULL) + (x >> 8 & 0x00ff00ff00ff00ffULL);
    x += x >> 32;
    return !(x & 0xff00ff00ULL);
}

#elif defined(__ARM_FEATURE_DOTPROD)

typedef int32x4_t Sums;
typedef struct { int8x16_t q; } Activations;
enum { VECTORS = 16, ROWS_AT_ONCE = 1, COPIES = 1, IS_OFFSET = 0 };
#define positive_activations activations
INLINE Sums sums_of(int32_t x) { return vdupq_n_s32(x); }
INLINE Sums load_sums(const void *q) { return vreinterpretq_s32_s8(vld1q_s8(q)); }
INLINE Activations activations(const uint8_t *q, int stride) {
    (void)stride;
    return (Activations){vreinterpretq_s8_s32(vdupq_n_s32(group_at(q)))};
}
INLINE Sums dot(Sums sums, Sums weights, Activations x) {
    return vdotq_s32(sums, vreinterpretq_s8_s32(weights), x.q);
}

#else

/* Plain C; tests compare the other kernels with it. Each 32-bit lane holds the four weights of one output. The sum of
   two products with activations is at most 32,258, which fits in 16 bits. */
typedef int32_t Sums __attribute__((vector_size(64)));
typedef int16_t Shorts __attribute__((vector_size(64)));
typedef struct { Shorts even, odd; } Activations;
enum { VECTORS = 4, ROWS_AT_ONCE = 1, COPIES = 1, IS_OFFSET = 0 };
#define positive_activations activations
INLINE Sums sums_of(int32_t x) { return (Sums){0} + x; }
INLINE Sums load_sums(const void *q) {
    Sums sums;
    memcpy(&sums, q, sizeof sums);
    return sums;
}
INLINE Activations activations(const uint8_t *q, int stride) {
    (void)stride;
    Shorts all = (Shorts)sums_of(group_at(q));
    return (Activations){all << 8 >> 8, all >> 8};
}
INLINE Sums dot(Sums sums, Sums weights, Activations x) {
    Shorts w = (Shorts)weights, pairs = (w << 8 >> 8) * x.even + (w >> 8) * x.odd;
    return sums + ((Sums)pairs << 16 >> 16) + ((Sums)pairs >> 16);
}

#endif

static void quantise(const float *x, int rows, int width, int stride, Quantised *out) {
    int room = (width + 63) / 64 * 64;
    Bytes signs = {0};
    Groups filled = {0};
    out->rows = rows;
    out->stride = COPIES * room;
    for (int row = 0; row < rows; row++, x += stride) {
        Floats most = {0};
        int place = 0;
        for (; place + LANES <= width; place += LANES) most = larger(absolute(load(x + place)), most);
        if (place < width) most = larger(absolute(load_some(x + place, width - place, 0.0f)), most);
        float size = largest_lane(most);
        float factor = size > 0.0f ? 127.0f / size : 0.0f;
        out->scale[row] = size / 127.0f;
        uint8_t *q = out->q + (size_t)row * out->stride;
        Ints start = {0};
        for (place = 0; place < room; place += LANES) {
            int left = width - place;
            Floats some = left >= LANES ? load(x + place) : load_some(x + place, left > 0 ? left : 0, 0.0f);
            Ints whole = __builtin_convertvector(rounded(some * factor), Ints);
            Bytes bytes = __builtin_convertvector(whole, Bytes);
            signs |= bytes;
            filled -= (Groups)bytes != 0;
            if (COPIES == 2) {
                Bytes sign = bytes >> 7, sizes = (bytes ^ sign) - sign;
                memcpy(q + room + place, &sizes, sizeof sizes);
                start += __builtin_convertvector(sizes & sign, Ints);
                bytes = sign;
            }
            if (IS_OFFSET) bytes ^= (int8_t)-128;
            memcpy(q + place, &bytes, sizeof bytes);
        }
        out->start[row] = 0;
        for (int lane = 0; lane < LANES; lane++) out->start[row] += start[lane];
    }
    out->filled = 0;
    out->has_negative = 0;
    for (int lane = 0; lane < LANES / GROUP; lane++) out->filled += filled[lane];
    for (int lane = 0; lane < LANES; lane++) out->has_negative |= signs[lane] < 0;
}

INLINE void finish(const Matrix *weight, int panel, const float *x_scale, const int32_t *sums, int is_offset,
                   Epilogue epilogue, float *out, int outputs) {
    const float *scale = weight->scale + panel * PANEL, *bias = weight->bias + panel * PANEL;
    for (int place = 0; place < outputs; place += LANES) {
        Ints whole = load_ints(sums + place);
        if (is_offset) whole -= load_ints(weight->q_sum + panel * PANEL + place) << 7;  /* 128 for each activation */
        Floats y = __builtin_convertvector(whole, Floats) * load(scale + place) * *x_scale + load(bias + place);
        if (epilogue == STORE_RELU) y = larger(y, (Floats){0});
        if (epilogue == STORE_GELU) y = gelu(y);
        if (epilogue == STORE_SWISH) y = swish(y);
        int some = MIN(LANES, outputs - place);
        if (epilogue == ADD) y = y + (some == LANES ? load(out + place) : load_some(out + place, some, 0.0f));
        if (some == LANES)
            store(out + place, y);
        else
            memcpy(out + place, &y, (size_t)some * sizeof(float));
    }
}

/* Writes the results of one panel and `rows` rows, whose sums these are. */
INLINE void finish_rows(const Matrix *weight, int panel, const Quantised *x, int row, int rows,
                        const int32_t (*sums)[PANEL], int is_offset, Epilogue epilogue, float *out, int stride) {
    int outputs = MIN(PANEL, weight->outputs - panel * PANEL);
    for (int r = 0; r < rows; r++)
        finish(weight, panel, x->scale + row + r, sums[r], is_offset, epilogue,
               out + (size_t)(row + r) * stride + panel * PANEL, outputs);
}

#if defined(HAS_PAIRS)

/* Multiplies one panel by one row. The products of two groups are added in 16 bits if they fit. */
INLINE void multiply_panel(const Matrix *weight, int panel, const Quantised *x, int row, int rows, Epilogue epilogue,
                           float *out, int stride) {
    enum { SIZE = PANEL / VECTORS * GROUP, NEXT = PANEL * GROUP };
    const int8_t *q = weight->q + (size_t)panel * weight->groups * NEXT;
    const uint8_t *activation = x->q + (size_t)row * x->stride;
    Sums sums[1][VECTORS];
    for (int v = 0; v < VECTORS; v++) sums[0][v] = sums_of(x->start[row]);
    int group = 0;
    for (; group + 2 <= weight->groups; group += 2, q += 2 * NEXT, activation += 2 * GROUP) {
        Activations some = activations(activation, x->stride), next = activations(activation + GROUP, x->stride);
        if (fit_together(activation + x->stride / 2))
            for (int v = 0; v < VECTORS; v++)
                sums[0][v] = add_pairs(sums[0][v], _mm256_add_epi16(pairs_of(load_sums(q + v * SIZE), some),
                                                                    pairs_of(load_sums(q + NEXT + v * SIZE), next)));
        else
            for (int v = 0; v < VECTORS; v++)
                sums[0][v] = dot(dot(sums[0][v], load_sums(q + v * SIZE), some), load_sums(q + NEXT + v * SIZE), next);
    }
    if (group < weight->groups) {
        Activations last = activations(activation, x->stride);
        for (int v = 0; v < VECTORS; v++) sums[0][v] = dot(sums[0][v], load_sums(q + v * SIZE), last);
    }
    int32_t whole[1][PANEL];
    memcpy(whole, sums, sizeof whole);
    finish_rows(weight, panel, x, row, rows, whole, IS_OFFSET, epilogue, out, stride);
}

#else

/* Multiplies one panel by `rows` rows; `rows` is a compile-time constant. */
INLINE void multiply_panel(const Matrix *weight, int panel, const Quantised *x, int row, int rows, Epilogue epilogue,
                           float *out, int stride) {
    enum { SIZE = PANEL / VECTORS * GROUP };
    const int8_t *q = weight->q + (size_t)panel * weight->groups * PANEL * GROUP;
    const uint8_t *activation = x->q + (size_t)row * x->stride;
    Sums sums[ROWS_AT_ONCE][VECTORS];
    for (int r = 0; r < rows; r++)
        for (int v = 0; v < VECTORS; v++) sums[r][v] = sums_of(x->start[row + r]);
    for (int group = 0; group < weight->groups; group++, q += PANEL * GROUP, activation += GROUP) {
        Activations some[ROWS_AT_ONCE];
        for (int r = 0; r < rows; r++) some[r] = activations(activation + (size_t)r * x->stride, x->stride);
        for (int v = 0; v < VECTORS; v++) {
            Sums weights = load_sums(q + v * SIZE);
            for (int r = 0; r < rows; r++) sums[r][v] = dot(sums[r][v], weights, some[r]);
        }
    }
    int32_t whole[ROWS_AT_ONCE][PANEL];
    memcpy(whole, sums, (size_t)rows * sizeof whole[0]);
    finish_rows(weight, panel, x, row, rows, whole, IS_OFFSET, epilogue, out, stride);
}

#endif

/* Lists the groups of a row that are not all zeros; returns how many there are. */
static int filled_groups(const uint8_t *row, int groups, int32_t *places) {
    int filled = 0;
    for (int group = 0; group < groups; group++) {
        places[filled] = group;
        filled += group_at(row + group * GROUP) != (IS_OFFSET ? (int32_t)0x80808080 : 0);
    }
    return filled;
}

/* Multiplies by one row at a time and skips its groups of zeros. No activation may be negative. After ReLU none is, and
   most are zero. */
static void multiply_filled(const Matrix *weight, const Quantised *x, Epilogue epilogue, float *out, int stride) {
    enum { SIZE = PANEL / VECTORS * GROUP };
    int size = (COPIES - 1) * (x->stride / 2), filled[LISTED_ROWS];
    for (int first = 0; first < x->rows; first += LISTED_ROWS) {
        int end = MIN(x->rows, first + LISTED_ROWS);
        for (int row = first; row < end; row++)
            filled[row - first] = filled_groups(x->q + (size_t)row * x->stride + size, weight->groups,
                                                x->places + (row - first) * weight->groups);
        for (int panel = 0; panel < weight->panels; panel++)
            for (int row = first; row < end; row++) {
                const int8_t *q = weight->q + (size_t)panel * weight->groups * PANEL * GROUP;
                const uint8_t *activation = x->q + (size_t)row * x->stride;
                const int32_t *places = x->places + (row - first) * weight->groups;
                Sums sums[VECTORS];
                for (int v = 0; v < VECTORS; v++) sums[v] = sums_of(0);
                for (int place = 0; place < filled[row - first]; place++) {
                    const int8_t *weights = q + (size_t)places[place] * PANEL * GROUP;
                    Activations some = positive_activations(activation + places[place] * GROUP, x->stride);
                    for (int v = 0; v < VECTORS; v++) sums[v] = dot(sums[v], load_sums(weights + v * SIZE), some);
                }
                int32_t whole[1][PANEL];
                memcpy(whole, sums, sizeof whole);
                finish_rows(weight, panel, x, row, 1, whole, 0, epilogue, out, stride);
            }
    }
}

/* Multiplies by the rows from `first` on. */
static void multiply_rows(const Matrix *weight, const Quantised *x, int first, Epilogue epilogue, float *out,
                          int stride) {
    for (int panel = 0; panel < weight->panels; panel++) {
        int row = first;
        for (; row + ROWS_AT_ONCE <= x->rows; row += ROWS_AT_ONCE)
            multiply_panel(weight, panel, x, row, ROWS_AT_ONCE, epilogue, out, stride);
        switch (x->rows - row) {
#if defined(__AVX512VNNI__)
        case 5: multiply_panel(weight, panel, x, row, 5, epilogue, out, stride); break;
        case 4: multiply_panel(weight, panel, x, row, 4, epilogue, out, stride); break;
        case 3: multiply_panel(weight, panel, x, row, 3, epilogue, out, stride); break;
        case 2: multiply_panel(weight, panel, x, row, 2, epilogue, out, stride); break;
        case 1: multiply_panel(weight, panel, x, row, 1, epilogue, out, stride); break;
#endif
        default: break;
        }
    }
}

#if defined(__AMX_INT8__)

/* AMX has eight registers of up to 16 rows of 64 bytes, called tiles. One instruction multiplies a tile of activations,
   64 for each row, by a tile of weights, and adds the products to a tile of sums. A tile of weights is 16 groups of 16
   outputs, as they lie in a panel. */
enum { TILE_ROWS = 16, TILE_BYTES = 64, TILE_GROUPS = TILE_BYTES / GROUP, FEWEST_TILE_ROWS = 7 };

/* Tiles 0 to 3 are the sums of a panel, 4 is of activations, 5 to 7 are of weights. */
static void configure_tiles(int rows) {
    struct { uint8_t palette, start, reserved[14]; uint16_t bytes[16]; uint8_t rows[16]; } tiles = {.palette = 1};
    for (int tile = 0; tile < 8; tile++) {
        tiles.bytes[tile] = TILE_BYTES;
        tiles.rows[tile] = (uint8_t)(tile < 5 ? rows : TILE_GROUPS);
    }
    __asm__ volatile("" : : "r"(&tiles) : "memory");  /* GCC's intrinsic does not say that it reads all of it */
    _tile_loadconfig(&tiles);
}

/* Multiplies one panel by `rows` rows, for which the tiles are configured. */
static void multiply_tiles(const Matrix *weight, int panel, const Quantised *x, int row, int rows, Epilogue epilogue,
                           float *out, int stride) {
    enum { STRIDE = PANEL * GROUP };
    const int8_t *q = weight->q + (size_t)panel * weight->groups * STRIDE;
    const uint8_t *activation = x->q + (size_t)row * x->stride;
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int group = 0; group < weight->groups; group += TILE_GROUPS) {
        _tile_loadd(4, activation, x->stride);
        _tile_loadd(5, q, STRIDE);
        _tile_dpbusd(0, 4, 5);
        _tile_loadd(6, q + TILE_BYTES, STRIDE);
        _tile_dpbusd(1, 4, 6);
        _tile_loadd(7, q + 2 * TILE_BYTES, STRIDE);
        _tile_dpbusd(2, 4, 7);
        _tile_loadd(5, q + 3 * TILE_BYTES, STRIDE);
        _tile_dpbusd(3, 4, 5);
        q += TILE_GROUPS * STRIDE;
        activation += TILE_BYTES;
    }
    _Alignas(64) int32_t sums[TILE_ROWS][PANEL];
    _tile_stored(0, sums[0], sizeof sums[0]);
    _tile_stored(1, sums[0] + LANES, sizeof sums[0]);
    _tile_stored(2, sums[0] + 2 * LANES, sizeof sums[0]);
    _tile_stored(3, sums[0] + 3 * LANES, sizeof sums[0]);
    finish_rows(weight, panel, x, row, rows, sums, IS_OFFSET, epilogue, out, stride);
}

static int fills_tiles(const Matrix *weight, int rows) {
    return weight->groups % TILE_GROUPS == 0 && rows >= FEWEST_TILE_ROWS;  /* fewer are faster without tiles */
}

static void multiply_all(const Matrix *weight, const Quantised *x, Epilogue epilogue, float *out, int stride) {
    int row = 0;
    if (fills_tiles(weight, x->rows))
        for (int rows; (rows = MIN(TILE_ROWS, x->rows - row)) >= FEWEST_TILE_ROWS; ) {
            int end = rows == TILE_ROWS ? x->rows / TILE_ROWS * TILE_ROWS : x->rows;
            configure_tiles(rows);
            for (int panel = 0; panel < weight->panels; panel++)
                for (int first = row; first < end; first += rows)
                    multiply_tiles(weight, panel, x, first, rows, epilogue, out, stride);
            _tile_release();
            row = end;
        }
    multiply_rows(weight, x, row, epilogue, out, stride);
}

#else

INLINE int fills_tiles(const Matrix *weight, int rows) { return (void)weight, (void)rows, 0; }

static void multiply_all(const Matrix *weight, const Quantised *x, Epilogue epilogue, float *out, int stride) {
    multiply_rows(weight, x, 0, epilogue, out, stride);
}

#endif

/* About how many groups `multiply_all` multiplies in the time in which `multiply_filled` multiplies one. */
static int speed_of_all(const Matrix *weight, int rows) {
    if (fills_tiles(weight, rows)) return 16;
    return ROWS_AT_ONCE > 1 && rows > 1 ? 3 : 2;
}

static void multiply(const Matrix *weight, const Quantised *x, Epilogue epilogue, float *out, int stride) {
    int64_t groups = (int64_t)x->rows * weight->groups;
    if (!x->has_negative && (int64_t)x->filled * speed_of_all(weight, x->rows) < groups)
        multiply_filled(weight, x, epilogue, out, stride);
    else
        multiply_all(weight, x, epilogue, out, stride);
}

/* ---- floating point ---- */

static void normalise(const float *x, int rows, int width, int stride, const float *gain, const float *bias,
                      float *out) {
    int whole = width / LANES * LANES, rest = width - whole;
    for (int row = 0; row < rows; row++, x += stride, out += stride) {
        Floats total = {0}, squares = {0};
        for (int place = 0; place < whole; place += LANES) total += load(x + place);
        if (rest) total += load_some(x + whole, rest, 0.0f);
        float mean = sum(total) / (float)width;
        for (int place = 0; place < whole; place += LANES) {
            Floats y = load(x + place) - mean;
            squares += y * y;
        }
        if (rest) {
            Floats y = load_some(x + whole, rest, mean) - mean;
            squares += y * y;
        }
        float factor = 1.0f / square_root(sum(squares) / (float)width + 1e-5f);
        for (int place = 0; place < whole; place += LANES)
            store(out + place, (load(x + place) - mean) * factor * load(gain + place) + load(bias + place));
        for (int place = whole; place < width; place++) out[place] = (x[place] - mean) * factor * gain[place] + bias[place];
    }
}

/* The softmax of `length` scores, in place; the padding up to the next multiple of LANES becomes 0. */
INLINE void softmax(float *score, int length) {
    int filled = (length + LANES - 1) / LANES * LANES;
    for (int place = length; place < filled; place++) score[place] = -__builtin_inff();
    Floats most = load(score);
    for (int place = LANES; place < filled; place += LANES) most = larger(load(score + place), most);
    float highest = largest_lane(most);
    Floats total = {0};
    for (int place = 0; place < filled; place += LANES) {
        Floats y = exponential(load(score + place) - highest);
        store(score + place, y);
        total += y;
    }
    float factor = 1.0f / sum(total);
    for (int place = 0; place < filled; place += LANES) store(score + place, load(score + place) * factor);
}

/* Scores of `queries` queries with `vectors` x LANES keys stored in columns; both numbers are compile-time constants. */
INLINE void scores_of_columns(const float *query, int query_stride, int queries, const float *key_T, int filled,
                              int vectors, int head_width, float *weight, int weight_stride) {
    Floats score[MOST_SUMS][MOST_SUMS];
    for (int q = 0; q < queries; q++)
        for (int v = 0; v < vectors; v++) score[q][v] = (Floats){0};
    for (int k = 0; k < head_width; k++, key_T += filled)
        for (int v = 0; v < vectors; v++) {
            Floats key = load(key_T + v * LANES);
            for (int q = 0; q < queries; q++) score[q][v] += key * query[q * query_stride + k];
        }
    for (int q = 0; q < queries; q++)
        for (int v = 0; v < vectors; v++) store(weight + q * weight_stride + v * LANES, score[q][v]);
}

/* The address of the value of key t: in row t, or in its slot. */
INLINE const float *value_at(const float *value, size_t stride, const int32_t *slot, int t) {
    return value + (size_t)(slot ? slot[t] : t) * stride;
}

/* Weighted sums of all values, over `vectors` x LANES of their elements. */
INLINE void weigh_vectors(const float *weight, int weight_stride, int queries, const float *value, size_t stride,
                          const int32_t *slot, int length, int vectors, float *out, int out_stride) {
    Floats y[MOST_SUMS][MOST_SUMS];
    for (int q = 0; q < queries; q++)
        for (int v = 0; v < vectors; v++) y[q][v] = (Floats){0};
    for (int t = 0; t < length; t++) {
        const float *some = value_at(value, stride, slot, t);
        for (int v = 0; v < vectors; v++) {
            Floats one = load(some + v * LANES);
            for (int q = 0; q < queries; q++) y[q][v] += one * weight[q * weight_stride + t];
        }
    }
    for (int q = 0; q < queries; q++)
        for (int v = 0; v < vectors; v++) store(out + q * out_stride + v * LANES, y[q][v]);
}

INLINE void weigh(const float *weight, int weight_stride, int queries, const float *value, size_t stride,
                  const int32_t *slot, int length, int head_width, float *out, int out_stride) {
    int k = 0;
    if (queries == 1 || VALUES_AT_ONCE == 4)
        for (; k + 4 * LANES <= head_width; k += 4 * LANES)
            weigh_vectors(weight, weight_stride, queries, value + k, stride, slot, length, 4, out + k, out_stride);
    for (; k + LANES <= head_width; k += LANES)
        weigh_vectors(weight, weight_stride, queries, value + k, stride, slot, length, 1, out + k, out_stride);
    for (; k < head_width; k++)
        for (int q = 0; q < queries; q++) {
            float y = 0.0f;
            for (int t = 0; t < length; t++) y += value_at(value, stride, slot, t)[k] * weight[q * weight_stride + t];
            out[q * out_stride + k] = y;
        }
}

INLINE void attend_queries(const float *query, int query_stride, int queries, const float *key_T, const float *value,
                           int value_stride, int length, int head_width, float *weight, float *out, int out_stride) {
    int filled = (length + LANES - 1) / LANES * LANES, place = 0;
    if (queries == 1)
        for (; place + 4 * LANES <= filled; place += 4 * LANES)
            scores_of_columns(query, query_stride, queries, key_T + place, filled, 4, head_width, weight + place, filled);
    if (queries == 1 || KEYS_AT_ONCE == 2)
        for (; place + 2 * LANES <= filled; place += 2 * LANES)
            scores_of_columns(query, query_stride, queries, key_T + place, filled, 2, head_width, weight + place, filled);
    for (; place < filled; place += LANES)
        scores_of_columns(query, query_stride, queries, key_T + place, filled, 1, head_width, weight + place, filled);
    for (int q = 0; q < queries; q++) softmax(weight + q * filled, length);
    weigh(weight, filled, queries, value, (size_t)value_stride, NULL, length, head_width, out, out_stride);
}

static void attend_columns(const float *query, int query_stride, int queries, const float *key_T, const float *value,
                           int value_stride, int length, int head_width, float *weight, float *out, int out_stride) {
    int filled = (length + LANES - 1) / LANES * LANES, q = 0;
    for (; q + 4 <= queries; q += 4)
        attend_queries(query + q * query_stride, query_stride, 4, key_T, value, value_stride, length, head_width,
                       weight + q * filled, out + q * out_stride, out_stride);
    for (; q < queries; q++)
        attend_queries(query + q * query_stride, query_stride, 1, key_T, value, value_stride, length, head_width,
                       weight + q * filled, out + q * out_stride, out_stride);
}

static void attend_slots(const float *query, const float *key, const float *value, const int32_t *slot, size_t stride,
                         int length, int head_width, float *weight, float *out) {
    int whole = head_width / LANES * LANES, rest = head_width - whole;
    for (int t = 0; t < length; t++) {
        const float *some = key + (size_t)slot[t] * stride;
        Floats score = {0};
        for (int k = 0; k < whole; k += LANES) score += load(some + k) * load(query + k);
        if (rest) score += load_some(some + whole, rest, 0.0f) * load_some(query + whole, rest, 0.0f);
        weight[t] = sum(score);
    }
    softmax(weight, length);
    weigh(weight, 0, 1, value, stride, slot, length, head_width, out, 0);
}

static float log_sum_exp(const float *x, int width) {
    Floats most = load(x);
    for (int place = LANES; place < width; place += LANES) most = larger(load(x + place), most);
    float highest = largest_lane(most);
    Floats total = {0};
    for (int place = 0; place < width; place += LANES) total += exponential(load(x + place) - highest);
    return highest + logarithm(sum(total));
}

static int largest(const float *x, const uint8_t *mask, int width, int most, int32_t *place, float *value) {
    int found = 0;
    float least = -__builtin_inff();
    for (int first = 0; first < width; first += LANES) {
        Floats some = load(x + first);
        Ints is_larger = some > least;
        if (mask) {
            typedef uint8_t Bytes __attribute__((vector_size(LANES)));
            Bytes allowed;
            memcpy(&allowed, mask + first, sizeof allowed);
            is_larger &= __builtin_convertvector(allowed, Ints) != 0;
        }
        if (!any(is_larger)) continue;
        for (int lane = 0; lane < LANES; lane++) {
            if (!is_larger[lane] || !(some[lane] > least)) continue;
            int rank = found < most ? found++ : most - 1;
            for (; rank > 0 && value[rank - 1] < some[lane]; rank--) {
                value[rank] = value[rank - 1];
                place[rank] = place[rank - 1];
            }
            value[rank] = some[lane];
            place[rank] = first + lane;
            if (found == most) least = value[most - 1];
        }
    }
    return found;
}

const Kernel JOIN(kernel_, KERNEL) = {
    TEXT(KERNEL), quantise,    multiply,    normalise, attend_columns,
    attend_slots, log_sum_exp, largest,
};
