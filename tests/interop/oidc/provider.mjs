// An OpenID Connect provider made of other people's code (oidc-provider), as a gateway in front of ESIA would be one:
// PKCE demanded, `iss` in its answers (RFC 9207), organisations among the claims of userinfo.
//
// Usage: node provider.mjs CALLBACK_URL CLIENT_PUBLIC_KEY.pem CLIENT_SECRET. Prints one JSON object when it is ready.
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const [callback, publicKey, secret] = process.argv.slice(2);

const signing = (alg, type, options) => {
  const { privateKey } = generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: 'jwk' }), kid: `${alg}-1`, alg, use: 'sig' };
};

const organisations = [{
  id: '1000298922', type: 'LEGAL', ogrn: '1047702026701', inn: '7710474375', kpp: '771001001', okopf: '75403',
  full_name: 'Детский сад № 12 «Ромашка»', short_name: 'ДС № 12', chief: true, admin: false, active: true, liquidated: false,
}];

const client = {
  redirect_uris: [callback],
  grant_types: ['authorization_code'],
  response_types: ['code'],
  scope: 'openid organizations',
};

const configuration = {
  clients: [
    {
      ...client,
      client_id: 'private_key_jwt',
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      id_token_signed_response_alg: 'ES256',
      jwks: { keys: [{ ...createPublicKey(readFileSync(publicKey)).export({ format: 'jwk' }), kid: 'ours', alg: 'ES256', use: 'sig' }] },
    },
    {
      ...client,
      client_id: 'client_secret_basic',
      client_secret: secret,
      token_endpoint_auth_method: 'client_secret_basic',
      id_token_signed_response_alg: 'RS256',
    },
  ],
  jwks: { keys: [signing('RS256', 'rsa', { modulusLength: 2048 }), signing('ES256', 'ec', { namedCurve: 'P-256' })] },
  scopes: ['openid', 'organizations'],
  claims: { openid: ['sub'], organizations: ['identity_confirmed', 'organizations'] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, identity_confirmed: true, organizations: id === 'stranger' ? [] : organisations }),
  }),
  pkce: { required: () => true },
  // Plain forms for signing in and consenting: what the test fills in.
  features: { devInteractions: { enabled: true } },
  cookies: { keys: ['not a secret: this provider lives for one test'] },
};

const server = createServer().listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, configuration);
  const answer = provider.callback();
  server.on('request', (request, response) => {
    // Where the platform's browser ends.
    if (request.url.startsWith('/platform/')) response.end('back at the platform');
    else answer(request, response);
  });
  console.log(JSON.stringify({ issuer }));
});
