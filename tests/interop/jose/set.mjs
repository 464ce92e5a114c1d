// Checks a Security Event Token (RFC 8417) by the rules of SSF 1.0 and CAEP 1.0 with `jose`.
// Usage: node set.mjs <key set URL> <audience> <file with a SET>

import { readFileSync } from 'node:fs';
import { createRemoteJWKSet, jwtVerify } from 'jose';

const CREDENTIAL_CHANGE = 'https://schemas.openid.net/secevent/caep/event-type/credential-change';

function demand(condition, message) {
  if (!condition) throw new Error(message);
}

async function check(keySetUrl, audience, file) {
  const issuer = new URL(keySetUrl).origin;
  const { payload } = await jwtVerify(readFileSync(file, 'utf8').trim(), createRemoteJWKSet(new URL(keySetUrl)), {
    algorithms: ['ES256'],
    issuer,
    audience,
    typ: 'secevent+jwt',
    requiredClaims: ['iss', 'aud', 'iat', 'jti', 'sub_id', 'events'],
  });
  demand(!('sub' in payload) && !('exp' in payload), 'SSF 1.0 forbids sub and exp');
  demand(payload.sub_id.format === 'jwt_id' && payload.sub_id.iss === issuer, 'sub_id is not a jwt_id of the issuer');
  demand(Object.keys(payload.events).length === 1, 'SSF 1.0 wants one event');
  const event = payload.events[CREDENTIAL_CHANGE];
  demand(event, 'the event is not credential-change');
  demand(event.credential_type === 'verifiable-credential', 'credential_type');
  demand(['create', 'revoke', 'update', 'delete'].includes(event.change_type), 'change_type');
  demand(['admin', 'user', 'policy', 'system'].includes(event.initiating_entity), 'initiating_entity');
  demand(Number.isInteger(event.event_timestamp), 'event_timestamp is seconds');
  demand(event.reason === null || (event.reason_admin.ru && event.reason_admin.en), 'reason_admin is a language map');
  return { ok: true, change_type: event.change_type, jti: payload.jti };
}

const [keySetUrl, audience, file, ...rest] = process.argv.slice(2);
if (!file || rest.length > 0) {
  console.error('usage: node set.mjs <key set URL> <audience> <file with a SET>');
  process.exit(2);
}
try {
  console.log(JSON.stringify(await check(keySetUrl, audience, file)));
} catch (error) {
  console.log(JSON.stringify({ ok: false, error: `${error.code ?? error.name}: ${error.message}` }));
  process.exitCode = 1;
}
