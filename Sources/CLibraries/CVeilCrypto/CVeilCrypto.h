// What Cryptography uses of OpenSSL's libcrypto.
#pragma once

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// SHA-1 of one message without a context of the EVP interface, which costs more than hashing the forty bytes that a
// Community ID is made of (measured: 87 ns a digest, 50 ns this way). The functions are marked deprecated, for reasons of
// trust that do not concern a name; they are there in every 3.x.
#include <openssl/sha.h>

static inline int veil_sha1(const void *bytes, size_t count, unsigned char digest[SHA_DIGEST_LENGTH]) {
  SHA_CTX context;
  return SHA1_Init(&context) && SHA1_Update(&context, bytes, count) && SHA1_Final(digest, &context);
}
