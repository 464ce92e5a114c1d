// Checks an attestation and its status with `jose` and `@sd-jwt/jwt-status-list`, knowing nothing but the address of the key set.
// Usage: node check.mjs <key set URL> <attestation file | ->

import { readFileSync } from 'node:fs';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { getListFromStatusListJWT, getStatusListFromJWT } from '@sd-jwt/jwt-status-list';

const WORDS = ['active', 'revoked', 'suspended'];

function demand(condition, message) {
  if (!condition) throw new Error(message);
}

async function fetchList(url) {
  const response = await fetch(url, { headers: { accept: 'application/statuslist+jwt' }, redirect: 'error' });
  demand(response.status === 200, `status list: HTTP ${response.status}`);
  const type = response.headers.get('content-type') ?? '';
  demand(type.split(';')[0].trim() === 'application/statuslist+jwt', `status list: content type ${type}`);
  return (await response.text()).trim();
}

async function check(keySetUrl, file) {
  const issuer = new URL(keySetUrl).origin;
  const keys = createRemoteJWKSet(new URL(keySetUrl));
  const token = readFileSync(file === '-' ? 0 : file, 'utf8').trim();

  const mark = await jwtVerify(token, keys, {
    algorithms: ['ES256'],
    issuer,
    typ: 'trust-mark+jwt',
    requiredClaims: ['iss', 'sub', 'iat', 'exp', 'trust_mark_type', 'status'],
  });
  demand(mark.payload.trust_mark_type === `${issuer}/tm/official-community/v1`, 'trust_mark_type is not ours');
  demand(mark.payload.sub.startsWith(`${issuer}/c/`), 'sub is not under the issuer');

  const place = getStatusListFromJWT(token);
  demand(place.uri.startsWith(`${issuer}/status/`), `the attestation points to ${place.uri}`);
  const listToken = await fetchList(place.uri);
  const list = await jwtVerify(listToken, keys, {
    algorithms: ['ES256'],
    typ: 'statuslist+jwt',
    subject: place.uri,
    requiredClaims: ['sub', 'iat', 'exp', 'ttl', 'status_list'],
  });
  demand(list.protectedHeader.kid !== mark.protectedHeader.kid, 'attestation and status list share a key');
  const value = getListFromStatusListJWT(listToken).getStatus(place.idx);
  demand(value in WORDS, `status value ${value}`);
  return { ok: true, status: WORDS[value], sub: mark.payload.sub, idx: place.idx, bits: list.payload.status_list.bits };
}

const [keySetUrl, file, ...rest] = process.argv.slice(2);
if (!file || rest.length > 0) {
  console.error('usage: node check.mjs <key set URL> <attestation file | ->');
  process.exit(2);
}
try {
  console.log(JSON.stringify(await check(keySetUrl, file)));
} catch (error) {
  console.log(JSON.stringify({ ok: false, error: `${error.code ?? error.name}: ${error.message}` }));
  process.exitCode = 1;
}
