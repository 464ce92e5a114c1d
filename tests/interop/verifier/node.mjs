// Checks an attestation in JavaScript, with `jose` and `@sd-jwt/jwt-status-list`: what a platform that uses no Rust may copy.
// Usage: node node.mjs <folder of tests/vectors>    runs all vectors and the random places, and says how many agreed
//
// `check` is the whole check. It fails closed: it returns the claims, or throws. Whatever it throws, the badge must not be shown.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { calculateJwkThumbprint, compactVerify, importJWK } from 'jose';
import { StatusList } from '@sd-jwt/jwt-status-list';

function demand(holds, why) {
  if (!holds) throw new Error(why);
}

// The claims of an attestation that is in force for `community`. `fetchText` gets the text at an address, or throws.
export async function check(token, community, issuer, jwks, fetchText, now) {
  const keys = await keySet(jwks);
  const mark = await openJws(token, 'trust-mark+jwt', 'badge', keys, 16 * 1024);
  demand(mark.iss === issuer, 'another issuer');
  demand(mark.trust_mark_type === `${issuer}/tm/official-community/v1`, 'another kind of trust mark');
  demand(under(mark.sub, `${issuer}/c/`, /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/), 'sub');
  const shown = mark.community;
  demand(under(shown.id, '', /^[1-9][0-9]{0,19}$/), 'community.id');
  demand(mark.sub_id.format === 'aliases', 'sub_id.format');
  const names = new Set(mark.sub_id.identifiers.map((name) => `${name.format} ${name.format === 'iss_sub' ? name.sub : name.uri}`));
  demand(names.size === 2 && names.has(`iss_sub ${shown.id}`) && names.has(`uri ${shown.uri}`), 'sub_id is not the community');
  demand(mark.legal_entity.legal_person_id === `NTRRU-${mark.legal_entity.identifier.ogrn}`, 'legal_person_id');
  demand(mark.assurance, 'assurance');
  if (community) demand(shown.platform === community.platform && shown.id === community.id, 'another community');
  inTime(mark, now);
  demand(mark.exp - mark.iat <= 90 * 86400 + 3600, 'too long a life');

  const place = mark.status.status_list;
  // Only the issuer's own addresses are asked: an attestation must not make us fetch what it likes.
  demand(under(place.uri, `${issuer}/status/`, /^[0-9]{1,19}$/), 'status_list.uri');
  const list = await openJws(await fetchText(place.uri), 'statuslist+jwt', 'status', keys, 512 * 1024);
  demand(list.sub === place.uri && (list.iss === undefined || list.iss === issuer), 'another status list');
  inTime(list, now);
  demand(list.ttl === undefined || (Number.isSafeInteger(list.ttl) && list.ttl > 0), 'ttl');
  demand(Number.isSafeInteger(place.idx), 'idx');
  demand(openList(list.status_list).getStatus(place.idx) === 0, 'revoked, suspended, or nobody can tell');
  return mark;
}

// The claims of a token that the issuer signed with a key for this purpose. No key ever comes out of a token.
async function openJws(token, typ, purpose, keys, most) {
  demand(token.length <= most, 'too large');
  const parts = token.split('.').map(base64url);
  demand(parts.length === 3, 'not three parts');
  const header = strictJson(parts[0]);
  demand(header.typ === typ && header.alg === 'ES256' && typeof header.kid === 'string', 'header');
  demand(Object.keys(header).length === 3, 'a header member other than typ, alg and kid');
  const key = keys.get(`${purpose} ${header.kid}`);
  demand(key, 'unknown key');
  await compactVerify(token, key, { algorithms: ['ES256'] });
  return strictJson(parts[1]);
}

// Keys by purpose and name. The set comes from {issuer}/.well-known/jwks.json over TLS and from nowhere else.
async function keySet(text) {
  const keys = new Map();
  const names = new Set();
  for (const jwk of strictJson(Buffer.from(text)).keys) {
    demand(!('d' in jwk) && !('k' in jwk), 'a private key was published');
    const { kty, crv, alg = 'ES256', use = 'sig', purpose, kid } = jwk;
    if (kty !== 'EC' || crv !== 'P-256' || alg !== 'ES256' || use !== 'sig' || !['badge', 'status'].includes(purpose)) continue;
    demand(kid === (await calculateJwkThumbprint(jwk)) && !names.has(kid), 'kid');
    names.add(kid);
    keys.set(`${purpose} ${kid}`, await importJWK({ ...jwk, alg: 'ES256' }));
  }
  demand(keys.size > 0, 'no keys');
  return keys;
}

function under(text, prefix, rest) {
  return typeof text === 'string' && text.startsWith(prefix) && rest.test(text.slice(prefix.length));
}

function inTime({ iat, exp, nbf = iat }, now) {
  demand([iat, exp, nbf].every(Number.isSafeInteger), 'not a whole number');
  demand(0 <= iat && iat < exp, 'exp before iat');
  demand(Math.max(iat, nbf) <= now + 60, 'begins in the future');
  demand(now < exp, 'has run out');
}

// The package inflates without a limit and passes over what follows the stream, so that is looked at before.
function openList({ bits, lst }) {
  demand([1, 2, 4, 8].includes(bits), 'bits');
  const packed = base64url(lst);
  const { engine } = inflateSync(packed, { maxOutputLength: 2 ** 18, info: true });
  demand(engine.bytesWritten === packed.length, 'something follows the stream');
  return StatusList.decompressStatusList(lst, bits);
}

// One text for each value: no padding, no white space, no spare bits. Node's decoder is lenient, so the way back is compared.
function base64url(text) {
  const bytes = Buffer.from(text, 'base64url');
  demand(bytes.toString('base64url') === text, 'not base64url');
  return bytes;
}

// A JSON object with each member once, no half of a surrogate pair, and not too deep. JSON.parse alone takes all of that.
function strictJson(bytes) {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  demand(text.startsWith('{'), 'not an object');
  const value = JSON.parse(text);
  const open = [];
  // In text that JSON.parse took, a string before a colon is the name of a member of the innermost object.
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"(?:[ \t\r\n]*:)?|[{}[\]]/g)) {
    if (token === '{' || token === '[') open.push(new Set());
    else if (token === '}' || token === ']') open.pop();
    else demand(JSON.parse(token.replace(/[ \t\r\n]*:$/, '')).isWellFormed(), 'half of a surrogate pair');
    demand(open.length <= 100, 'too deep');
    if (!token.endsWith(':')) continue;
    const name = JSON.parse(token.slice(0, -1));
    demand(!open.at(-1).has(name), 'a member twice');
    open.at(-1).add(name);
  }
  return value;
}

// From here on: the vectors.

function run(folder) {
  const read = (file) => readFileSync(join(folder, file), 'utf8');
  const vectors = JSON.parse(read('vectors.json'));
  const fetcher = (lists) => (uri) => {
    demand(Object.hasOwn(lists, uri), 'no such list');
    const { token, file } = vectors.status_lists[lists[uri]];
    return token ?? read(file);
  };
  const verdict = async ({ token, community, issuer, jwks, status_lists: lists, now }) => {
    try {
      await check(token, community, issuer, vectors.key_sets[jwks], fetcher(lists), now);
      return ['valid', ''];
    } catch (error) {
      return ['invalid', `${error.code ?? error.name}: ${error.message}`];
    }
  };
  return { vectors, verdict, read };
}

async function main(folder) {
  const { vectors, verdict, read } = run(folder);
  const counts = { valid: 0, invalid: 0 };
  const wrong = [];
  for (const vector of vectors.vectors) {
    const [got, why] = await verdict(vector);
    counts[got] += 1;
    if (got !== vector.expect.verdict) wrong.push(`${vector.name}: ${got} ${why}`);
  }
  const { token, places, values } = JSON.parse(read('large/places.json'));
  const claims = await openJws(token, 'statuslist+jwt', 'status', await keySet(vectors.key_sets.issuer), 512 * 1024);
  const list = openList(claims.status_list);
  if (places.map((idx) => list.getStatus(idx)).join('') !== values) wrong.push('places: other values');
  for (const line of wrong) console.error(line);
  console.log(JSON.stringify({ ok: wrong.length === 0, ...counts, places: places.length }));
  process.exitCode = wrong.length === 0 ? 0 : 1;
}

await main(process.argv[2]);
