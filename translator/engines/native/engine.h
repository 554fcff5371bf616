/* The Transformer on a CPU: admit sentences, step their rows, and release them, at any time.

   Several threads may use a model at once, but only one thread may use a session. Functions that can fail return 0 or
   more on success, and one of the negative error codes below on failure. */

#ifndef TRANSLATOR_ENGINE_H
#define TRANSLATOR_ENGINE_H

#include <stdint.h>

#define NT_API __attribute__((visibility("default")))

enum {
    NT_OUT_OF_MEMORY = -1,
    NT_BAD_SHAPE = -2,     /* an unsupported value in NtConfig */
    NT_NOT_FINITE = -3,    /* infinite or NaN weights */
    NT_BAD_TOKEN = -4,     /* outside the vocabulary */
    NT_BAD_ROW = -5,       /* not admitted, or its parent belongs to another sentence */
    NT_TOO_LONG = -6,      /* more positions than the model has */
    NT_NO_KERNEL = -7,     /* unknown, or not supported by this processor */
};

typedef struct {
    int32_t vocabulary, width, heads, encoder_feed_forward, decoder_feed_forward, encoder_layers, decoder_layers;
    int32_t positions, is_pre_norm;
    int32_t activation;            /* of the feed-forward networks: 0 ReLU, 1 GELU, 2 swish */
    int32_t has_attention_bias, has_logits_bias;
    int32_t has_target_embedding, has_source_embedding; /* 0: the matrix of the logits is the embedding */
    float embedding_scale;
} NtConfig;

/* One or more steps of some rows. nt_step writes the result arrays. */
typedef struct {
    int32_t rows;
    const int32_t *row;          /* [rows] */
    const int32_t *parent;       /* [rows] the row of the same sentence that each continues */
    const int32_t *token;        /* [rows] the tokens to feed */
    const uint8_t *masks;        /* [...][vocabulary padded to whole panels] which tokens may follow */
    const int32_t *mask;         /* [rows] the index of each row's mask, or -1 for none */
    int32_t best;                /* number of candidates per row */
    int32_t *candidate;          /* [rows][best] those of the last step; -1 if there are fewer */
    float *log_probability;      /* [rows][best] */
    int32_t most_steps;          /* maximum steps; each next step feeds the best extensions of each sentence */
    const uint8_t *ordinary;     /* [vocabulary] while all of these tokens are ordinary */
    int32_t beam;                /* rows per sentence, which are adjacent; used with more than 1 step */
    const double *score;         /* [rows] what the log-probabilities of each row's tokens add up to */
    int32_t *next_token;         /* [most_steps - 1][rows] the tokens that the next steps were fed */
    int32_t *next_parent;        /* [most_steps - 1][rows] the row that each continued, counted within the sentence */
    double *next_score;          /* [most_steps - 1][rows] */
    float *full;                 /* [rows][vocabulary] all log-probabilities of the last step, or NULL */
    int32_t attention_layer, attention_head, attention_stride;
    float *attention;            /* [rows][attention_stride] weights of cross-attention in the last step, or NULL */
} NtStep;

typedef struct NtModel NtModel;
typedef struct NtSession NtSession;

/* Names of the kernels that this processor can run, fastest first, separated by spaces. */
NT_API const char *nt_kernels(void);

/* Copies and quantises the weights, which are in the order of `weights_of` in engine.py. `forbidden` [vocabulary] is 1
   for tokens with probability zero. */
NT_API int nt_model_new(const NtConfig *config, const char *kernel, const float *const *weights, const uint8_t *forbidden,
                 NtModel **model);
NT_API void nt_model_free(NtModel *model);

NT_API int nt_session_new(const NtModel *model, NtSession **session);
NT_API void nt_session_free(NtSession *session);

/* Encodes sentences, whose `tokens` are concatenated. Each sentence gets `beam` rows; writes the first row of each. */
NT_API int nt_admit(NtSession *session, int32_t sentences, const int32_t *lengths, const int32_t *tokens, int32_t beam,
             int32_t *first_row);

/* Returns the number of steps made, at least one. */
NT_API int nt_step(NtSession *session, const NtStep *step);

/* Releases the sentences with these first rows. */
NT_API int nt_release(NtSession *session, int32_t sentences, const int32_t *first_row);

#endif
