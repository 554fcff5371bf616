/* The Transformer on a processor: sentences are admitted, their rows stepped, and released again, at any time.

   A model may be used by several threads at once, a session by one. Functions that can fail return 0 or more, or a
   negative number: one of the errors below. */

#ifndef TRANSLATOR_ENGINE_H
#define TRANSLATOR_ENGINE_H

#include <stdint.h>

#define NT_API __attribute__((visibility("default")))

enum {
    NT_OUT_OF_MEMORY = -1,
    NT_BAD_SHAPE = -2,     /* a number of the model that cannot be */
    NT_NOT_FINITE = -3,    /* weights that are infinite or not a number */
    NT_BAD_TOKEN = -4,     /* outside of the vocabulary */
    NT_BAD_ROW = -5,       /* not admitted, or no parent of that sentence */
    NT_TOO_LONG = -6,      /* more positions than the model has */
    NT_NO_KERNEL = -7,     /* a kernel that is unknown or that this processor lacks */
};

typedef struct {
    int32_t vocabulary, width, heads, feed_forward, encoder_layers, decoder_layers, positions;
    int32_t is_pre_norm, is_gelu;
    float embedding_scale;
} NtConfig;

/* Steps of some rows. The arrays for results are written by nt_step. */
typedef struct {
    int32_t rows;
    const int32_t *row;          /* [rows] */
    const int32_t *parent;       /* [rows] the row of the same sentence that each continues */
    const int32_t *token;        /* [rows] what is put in */
    const uint8_t *masks;        /* [...][vocabulary filled up to whole panels] which tokens may follow */
    const int32_t *mask;         /* [rows] which of the masks, or -1 for none */
    int32_t best;                /* how many candidates each row gets */
    int32_t most_steps;          /* upper limit of steps; more than 1 needs best == 1: each next step feeds */
    const uint8_t *ordinary;     /* [vocabulary] the best tokens, as long as all are ordinary; NULL: 1 step */
    int32_t *candidate;          /* [most_steps][rows][best]; -1 where there are fewer */
    float *log_probability;      /* [most_steps][rows][best] */
    float *full;                 /* [rows][vocabulary] all log-probabilities of the last step, or NULL */
    int32_t attention_layer, attention_head, attention_stride;
    float *attention;            /* [rows][attention_stride] weights of cross-attention in the last step, or NULL */
} NtStep;

typedef struct NtModel NtModel;
typedef struct NtSession NtSession;

/* Names of the kernels that this processor can run, fastest first, separated by blanks. */
NT_API const char *nt_kernels(void);

/* Copies and quantises the weights; their order is that of `weights_of` in engine.py. `forbidden` [vocabulary] is 1 for
   tokens that have no probability. */
NT_API int nt_model_new(const NtConfig *config, const char *kernel, const float *const *weights, const uint8_t *forbidden,
                 NtModel **model);
NT_API void nt_model_free(NtModel *model);

NT_API int nt_session_new(const NtModel *model, NtSession **session);
NT_API void nt_session_free(NtSession *session);

/* Encode sentences; `tokens` stand one sentence after the other. Each gets `beam` rows; writes the first of them. */
NT_API int nt_admit(NtSession *session, int32_t sentences, const int32_t *lengths, const int32_t *tokens, int32_t beam,
             int32_t *first_row);

/* Returns how many steps were made, at least one. */
NT_API int nt_step(NtSession *session, const NtStep *step);

/* Forget the sentences that have these first rows. */
NT_API int nt_release(NtSession *session, int32_t sentences, const int32_t *first_row);

#endif
