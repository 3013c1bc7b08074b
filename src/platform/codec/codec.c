/*
 * Streams of deflate, gzip, zlib, Brotli and Zstandard, and Zstandard dictionaries: what the runtimes' own libraries lack, or do
 * differently. One instance of the module works on one stream at a time. Called by codec.ts.
 */
#define ZSTD_STATIC_LINKING_ONLY
#define ZDICT_STATIC_LINKING_ONLY
#include <stdlib.h>
#include <string.h>
#include <brotli/decode.h>
#include <brotli/encode.h>
#include "zdict.h"
#include "zlib.h"
#include "zstd.h"

#define EXPORT(name) __attribute__((export_name(name)))
#define BUFFER_BYTES 65536
/* Brotli's window of 4 MiB, as for whole strings. */
#define BROTLI_WINDOW 22
/* From this quality on a block takes long: the smallest there are, so that steps are short. */
#define BROTLI_SLOW 10
#define BROTLI_SLOW_BLOCK 16

enum { NOTHING, DEFLATE, INFLATE, ZSTD_ENCODE, ZSTD_DECODE, BROTLI_ENCODE, BROTLI_DECODE };
/* What a step says. */
enum { FAILED = -1, GOES_ON = 0, ENDED = 1 };

static int kind = NOTHING;
static z_stream stream;
static ZSTD_CCtx *encoder;
static ZSTD_DCtx *decoder;
static BrotliEncoderState *brotli_encoder;
static BrotliDecoderState *brotli_decoder;
static unsigned char in[BUFFER_BYTES];
static unsigned char out[BUFFER_BYTES];
static unsigned consumed, produced;
static const char *problem = "";

EXPORT("alloc") void *c_alloc(size_t size) { return malloc(size); }
EXPORT("free") void c_free(void *at) { free(at); }
EXPORT("input") void *c_input(void) { return in; }
EXPORT("output") void *c_output(void) { return out; }
EXPORT("consumed") unsigned c_consumed(void) { return consumed; }
EXPORT("produced") unsigned c_produced(void) { return produced; }
EXPORT("problem") const char *c_problem(void) { return problem; }

EXPORT("close") void c_close(void) {
  if (kind == DEFLATE) deflateEnd(&stream);
  if (kind == INFLATE) inflateEnd(&stream);
  if (kind == ZSTD_ENCODE) ZSTD_freeCCtx(encoder);
  if (kind == ZSTD_DECODE) ZSTD_freeDCtx(decoder);
  if (kind == BROTLI_ENCODE) BrotliEncoderDestroyInstance(brotli_encoder);
  if (kind == BROTLI_DECODE) BrotliDecoderDestroyInstance(brotli_decoder);
  kind = NOTHING;
}

static int opened(int ok, int as, const char *otherwise) {
  if (ok) kind = as;
  else problem = otherwise;
  return ok ? GOES_ON : FAILED;
}

/* `bits` as zlib has it: 15 zlib, 31 gzip, -15 raw. */
EXPORT("open_deflate") int c_open_deflate(int level, int bits) {
  c_close();
  memset(&stream, 0, sizeof stream);
  return opened(deflateInit2(&stream, level, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY) == Z_OK, DEFLATE, "not enough memory");
}

EXPORT("open_inflate") int c_open_inflate(int bits) {
  c_close();
  memset(&stream, 0, sizeof stream);
  return opened(inflateInit2(&stream, bits) == Z_OK, INFLATE, "not enough memory");
}

EXPORT("open_zstd_encode") int c_open_zstd_encode(int level, const void *dict, size_t dict_size) {
  c_close();
  encoder = ZSTD_createCCtx();
  if (encoder == NULL) return opened(0, 0, "not enough memory");
  ZSTD_CCtx_setParameter(encoder, ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(encoder, ZSTD_c_checksumFlag, 1);
  size_t code = dict_size == 0 ? 0 : ZSTD_CCtx_loadDictionary(encoder, dict, dict_size);
  if (ZSTD_isError(code)) ZSTD_freeCCtx(encoder);
  return opened(!ZSTD_isError(code), ZSTD_ENCODE, ZSTD_getErrorName(code));
}

EXPORT("open_zstd_decode") int c_open_zstd_decode(const void *dict, size_t dict_size) {
  c_close();
  decoder = ZSTD_createDCtx();
  if (decoder == NULL) return opened(0, 0, "not enough memory");
  size_t code = dict_size == 0 ? 0 : ZSTD_DCtx_loadDictionary(decoder, dict, dict_size);
  if (ZSTD_isError(code)) ZSTD_freeDCtx(decoder);
  return opened(!ZSTD_isError(code), ZSTD_DECODE, ZSTD_getErrorName(code));
}

EXPORT("open_brotli_encode") int c_open_brotli_encode(int quality) {
  c_close();
  brotli_encoder = BrotliEncoderCreateInstance(NULL, NULL, NULL);
  if (brotli_encoder == NULL) return opened(0, 0, "not enough memory");
  BrotliEncoderSetParameter(brotli_encoder, BROTLI_PARAM_QUALITY, quality);
  BrotliEncoderSetParameter(brotli_encoder, BROTLI_PARAM_LGWIN, BROTLI_WINDOW);
  if (quality >= BROTLI_SLOW) BrotliEncoderSetParameter(brotli_encoder, BROTLI_PARAM_LGBLOCK, BROTLI_SLOW_BLOCK);
  return opened(1, BROTLI_ENCODE, "");
}

EXPORT("open_brotli_decode") int c_open_brotli_decode(void) {
  c_close();
  brotli_decoder = BrotliDecoderCreateInstance(NULL, NULL, NULL);
  return opened(brotli_decoder != NULL, BROTLI_DECODE, "not enough memory");
}

static int step_zlib(unsigned length, int last) {
  stream.next_in = in;
  stream.avail_in = length;
  stream.next_out = out;
  stream.avail_out = BUFFER_BYTES;
  int code = kind == DEFLATE ? deflate(&stream, last ? Z_FINISH : Z_NO_FLUSH) : inflate(&stream, Z_NO_FLUSH);
  consumed = length - stream.avail_in;
  produced = BUFFER_BYTES - stream.avail_out;
  if (code == Z_STREAM_END) return ENDED;
  if (code == Z_OK || code == Z_BUF_ERROR) return GOES_ON;
  problem = stream.msg != NULL ? stream.msg : code == Z_NEED_DICT ? "a dictionary is needed" : "not enough memory";
  return FAILED;
}

static int step_zstd(unsigned length, int last) {
  ZSTD_inBuffer from = {in, length, 0};
  ZSTD_outBuffer to = {out, BUFFER_BYTES, 0};
  size_t left = kind == ZSTD_ENCODE
                    ? ZSTD_compressStream2(encoder, &to, &from, last ? ZSTD_e_end : ZSTD_e_continue)
                    : ZSTD_decompressStream(decoder, &to, &from);
  consumed = from.pos;
  produced = to.pos;
  if (ZSTD_isError(left)) {
    problem = ZSTD_getErrorName(left);
    return FAILED;
  }
  if (kind == ZSTD_ENCODE && !last) return GOES_ON;
  return left == 0 ? ENDED : GOES_ON;
}

static int step_brotli(unsigned length, int last) {
  const uint8_t *from = in;
  uint8_t *to = out;
  size_t left = length, room = BUFFER_BYTES;
  int status = GOES_ON;
  if (kind == BROTLI_ENCODE) {
    BrotliEncoderOperation operation = last ? BROTLI_OPERATION_FINISH : BROTLI_OPERATION_PROCESS;
    if (!BrotliEncoderCompressStream(brotli_encoder, operation, &left, &from, &room, &to, NULL)) {
      problem = "not enough memory";
      status = FAILED;
    } else if (BrotliEncoderIsFinished(brotli_encoder)) {
      status = ENDED;
    }
  } else {
    BrotliDecoderResult result = BrotliDecoderDecompressStream(brotli_decoder, &left, &from, &room, &to, NULL);
    if (result == BROTLI_DECODER_RESULT_SUCCESS) status = ENDED;
    if (result == BROTLI_DECODER_RESULT_ERROR) {
      BrotliDecoderErrorCode code = BrotliDecoderGetErrorCode(brotli_decoder);
      /* Codes of failed allocations lie below those of bad data. */
      problem = code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES && code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES
                    ? "not enough memory"
                    : BrotliDecoderErrorString(code);
      status = FAILED;
    }
  }
  consumed = length - left;
  produced = BUFFER_BYTES - room;
  return status;
}

/* Works on `length` bytes of the input buffer; `last` says that no more will come. */
EXPORT("step") int c_step(unsigned length, int last) {
  consumed = produced = 0;
  if (kind == DEFLATE || kind == INFLATE) return step_zlib(length, last);
  if (kind == BROTLI_ENCODE || kind == BROTLI_DECODE) return step_brotli(length, last);
  return step_zstd(length, last);
}

/* Readies a decoder for the next of several streams in a row. */
EXPORT("restart") void c_restart(void) {
  if (kind == INFLATE) inflateReset(&stream);
  if (kind == ZSTD_DECODE) ZSTD_DCtx_reset(decoder, ZSTD_reset_session_only);
}

/* The samples lie one after the other at `samples`; `sizes` holds their lengths. 0 when it can't be done. */
EXPORT("train") size_t c_train(void *dict, size_t capacity, const void *samples, const size_t *sizes, unsigned count,
                               unsigned id, int level) {
  ZDICT_fastCover_params_t params;
  memset(&params, 0, sizeof params);
  params.d = 8;
  params.steps = 4;
  params.zParams.dictID = id;
  params.zParams.compressionLevel = level;
  size_t size = ZDICT_optimizeTrainFromBuffer_fastCover(dict, capacity, samples, sizes, count, &params);
  if (!ZDICT_isError(size)) return size;
  /* Too few samples to choose from: the dictionary is what there is of them, the latest nearest to the data. */
  size_t total = 0;
  for (unsigned i = 0; i < count; i++) total += sizes[i];
  size_t header = capacity > 512 ? 256 : capacity / 2;
  size_t content = total < capacity - header ? total : capacity - header;
  const char *from = (const char *)samples + (total - content);
  size = ZDICT_finalizeDictionary(dict, capacity, from, content, samples, sizes, count, params.zParams);
  if (!ZDICT_isError(size)) return size;
  problem = ZDICT_getErrorName(size);
  return 0;
}

EXPORT("dict_id") unsigned c_dict_id(const void *dict, size_t size) { return ZDICT_getDictID(dict, size); }

/* 0 when the bytes are no dictionary. */
EXPORT("dict_header_size") size_t c_dict_header_size(const void *dict, size_t size) {
  size_t header = ZDICT_getDictHeaderSize(dict, size);
  return ZDICT_isError(header) ? 0 : header;
}
