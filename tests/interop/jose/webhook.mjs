// Checks a captured delivery with the npm package `standardwebhooks`.
// Usage: node webhook.mjs <delivery file> <secret whsec_…>

import { readFileSync } from 'node:fs';
import { Webhook } from 'standardwebhooks';

const [file, secret, ...rest] = process.argv.slice(2);
if (!secret || rest.length > 0) {
  console.error('usage: node webhook.mjs <delivery file> <secret whsec_...>');
  process.exit(2);
}
try {
  const { headers, body } = JSON.parse(readFileSync(file, 'utf8'));
  if (typeof body !== 'string') throw new Error('body must be the text that was sent');
  const event = new Webhook(secret).verify(body, headers);
  if (typeof event.type !== 'string') throw new Error('the event has no type');
  console.log(JSON.stringify({ ok: true, type: event.type }));
} catch (error) {
  console.log(JSON.stringify({ ok: false, error: `${error.name}: ${error.message}` }));
  process.exitCode = 1;
}
