// A platform that confirms communities with gosbadge: start, come back, check, hear of changes.
//
//   npm install openid-client jose standardwebhooks @sd-jwt/jwt-status-list
//   GOSBADGE=https://badge.example.ru CLIENT_ID=… CLIENT_SECRET=… WEBHOOK_SECRET=whsec_… SELF=https://platform.example.ru PORT=8000 node integration.mjs

import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { getListFromStatusListJWT } from '@sd-jwt/jwt-status-list'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import * as oauth from 'openid-client'
import { Webhook } from 'standardwebhooks'

const { GOSBADGE, SELF, CLIENT_ID, CLIENT_SECRET, WEBHOOK_SECRET, PORT } = process.env
const plain = GOSBADGE.startsWith('http://') ? { execute: [oauth.allowInsecureRequests] } : {} // a test server on this machine
const client = await oauth.discovery(new URL(GOSBADGE), CLIENT_ID, {}, oauth.ClientSecretBasic(CLIENT_SECRET), { algorithm: 'oauth2', ...plain })
const issuer = client.serverMetadata().issuer
const keys = createRemoteJWKSet(new URL(`${GOSBADGE}/.well-known/jwks.json`), { cacheMaxAge: 300_000 })
const webhook = new Webhook(WEBHOOK_SECRET)

// What we know: sessions; the newest event of each badge, its community and attestation while it is in force. A real platform keeps these
// in its database. By badge and not by community: where another body takes a page over, the old badge ends and a new one begins, in any order.
const [sessions, versions, badges, lists] = [new Map(), new Map(), new Map(), new Map()]

// 1. Our administrator presses «Подтвердить через Госуслуги». We push the request, then send the browser after it.
async function confirm(number) {
  const community = { id: number, uri: `https://vk.com/club${number}`, name: 'Детский сад № 12 «Ромашка»' }
  const [verifier, state] = [oauth.randomPKCECodeVerifier(), oauth.randomState()]
  const to = await oauth.buildAuthorizationUrlWithPAR(client, {
    redirect_uri: `${SELF}/callback`,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    authorization_details: JSON.stringify([{ type: 'official_community', actions: ['issue'], community }]),
  })
  // The browser that comes back must be the one that began: this is what makes a forwarded link harmless.
  const cookie = randomBytes(32).toString('base64url')
  sessions.set(cookie, { verifier, state, number })
  return { status: 303, headers: { location: to.href, 'set-cookie': `started=${cookie}; HttpOnly; SameSite=Lax; Path=/` } }
}

// 2. The person comes back. Only now, when we redeem the code, is the badge issued.
async function callback(url, cookie) {
  const started = sessions.get(cookie)
  sessions.delete(cookie)
  if (!started) return { status: 400, body: 'this sign-in was not begun here' }
  // Checks state and iss, and throws what gosbadge refused.
  const checks = { pkceCodeVerifier: started.verifier, expectedState: started.state }
  const answer = await oauth.authorizationCodeGrant(client, url, checks)
  const granted = answer.authorization_details[0]
  if (granted.status === 'active') badges.set(granted.badge, { number: started.number, attestation: granted.attestation })
  return { status: 303, headers: { location: `/communities/${started.number}` } }
}

// 3. Show the badge only while its attestation verifies for this very community. No call to gosbadge but for keys and status list.
async function community(number) {
  let why = 'no attestation'
  for (const held of [...badges.values()].filter((b) => b.number === number).reverse()) { // newest first
    try {
      const claims = await check(held.attestation, number)
      return { official: true, organisation: claims.organization_name, page: claims.ref }
    } catch (wrong) { // whatever is wrong: no badge
      why = `${wrong.name}: ${wrong.message}`
    }
  }
  return { official: false, why }
}

async function check(token, number) {
  const claims = await signed(token, 'trust-mark+jwt', 'badge')
  if (claims.trust_mark_type !== `${issuer}/tm/official-community/v1`) throw new Error('another kind of trust mark')
  if (claims.community.platform !== CLIENT_ID || claims.community.id !== number) throw new Error('another community')
  const { uri, idx } = claims.status.status_list
  if (!uri.startsWith(`${issuer}/status/`)) throw new Error('a foreign status list')
  const value = (await statusList(uri)).getStatus(idx)
  if (value !== 0) throw new Error({ 1: 'revoked', 2: 'suspended' }[value] ?? 'unknown status')
  return claims
}

async function signed(token, typ, purpose) {
  // A key serves one purpose: the busy key of the status lists must not vouch for badges.
  const key = async (header, input) => {
    const found = await keys(header, input)
    if (keys.jwks().keys.find((k) => k.kid === header.kid)?.purpose !== purpose) throw new Error('a key for something else')
    return found
  }
  return (await jwtVerify(token, key, { issuer, typ, algorithms: ['ES256'], requiredClaims: ['exp', 'iat'] })).payload
}

async function statusList(uri) {
  const kept = lists.get(uri)
  if (kept?.until > Date.now()) return kept.list
  const token = await (await fetch(uri)).text()
  const claims = await signed(token, 'statuslist+jwt', 'status')
  if (claims.sub !== uri) throw new Error('another status list')
  const list = getListFromStatusListJWT(token)
  lists.set(uri, { list, until: Date.now() + claims.ttl * 1000 })
  return list
}

// 4. gosbadge tells us what happens: answer 2xx once it is kept. The same event may come twice; an older one never undoes a newer one.
function events(body, headers) {
  let event
  try {
    event = webhook.verify(body, headers)
  } catch {
    return { status: 401 }
  }
  if (event.type === 'stream.verification') return { status: 200, json: { state: event.data.state } }
  const { badge, version, status, community, attestation } = event.data
  if (version > (versions.get(badge) ?? 0)) {
    versions.set(badge, version)
    if (status !== 'active') badges.delete(badge)
    else if (attestation) badges.set(badge, { number: community.id, attestation })
    lists.clear()
  }
  return { status: 204 }
}

async function answer(request) {
  const url = new URL(request.url, SELF)
  const [, first, number, last] = url.pathname.split('/')
  const cookie = /(?:^|; )started=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1]
  if (request.method === 'POST' && last === 'confirm') return confirm(number)
  if (request.method === 'POST' && first === 'events') return events(await new Response(request).text(), request.headers)
  if (first === 'callback') return callback(url, cookie)
  if (first === 'communities') return { status: 200, json: await community(number) }
  return { status: 404 }
}

createServer(async (request, response) => {
  const { status, headers = {}, json, body } = await answer(request).catch((e) => ({ status: 403, body: `${e.error ?? e.message}` }))
  if (json) headers['content-type'] = 'application/json'
  response.writeHead(status, headers).end(json ? JSON.stringify(json) : body)
}).listen(PORT, '127.0.0.1')
