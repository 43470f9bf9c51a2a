/* input: the bytes of one input, read from the front. */
#ifndef TASKMASTER_FUZZ_INPUT_H
#define TASKMASTER_FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>

struct input {
    const uint8_t *data;
    size_t left;
};

/* The next byte; 0 behind the last. */
static inline uint8_t input_take(struct input *input)
{
    if (!input->left)
        return 0;
    input->left--;
    return *input->data++;
}

/* The next bytes, at most `*len`; sets `*len` to their number. */
static inline const void *input_bytes(struct input *input, size_t *len)
{
    const uint8_t *bytes = input->data;
    if (*len > input->left)
        *len = input->left;
    input->data += *len;
    input->left -= *len;
    return bytes;
}

#endif
