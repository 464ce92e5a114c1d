// Starts and stops gosbadge with its stand-ins. The service is called `localhost` and the stand-ins `127.0.0.1`: to a browser these
// are different sites, as they are in life, so that cookies and form policies are put to the test.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const READY_MS = 60_000;

const listen = (port) =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });

/** A port that is free together with the three after it. */
async function fourPorts() {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const held = [];
    try {
      held.push(await listen(0));
      const { port } = held[0].address();
      for (let n = 1; n < 4; n += 1) held.push(await listen(port + n));
      return port;
    } catch {
      // One of them is taken; somewhere else then.
    } finally {
      await Promise.all(held.map((server) => new Promise((closed) => server.close(closed))));
    }
  }
  throw new Error('no four free ports in a row');
}

/** Runs `work` with what `serve --dev --json` says about itself, and stops everything afterwards. */
export async function withService(binary, work) {
  const directory = mkdtempSync(join(tmpdir(), 'gosbadge-browser-'));
  const port = await fourPorts();
  const service = spawn(binary, ['serve', '--dev', '--json', '--port', String(port), '--data-dir', join(directory, 'var')], {
    cwd: directory,
    env: { ...process.env, GOSBADGE__PUBLIC_URL: `http://localhost:${port}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = () => service.kill('SIGKILL');
  process.once('exit', kill);
  let log = '';
  service.stderr.on('data', (chunk) => (log += chunk));
  const ended = new Promise((resolve) => service.once('exit', resolve));
  try {
    return await work(await firstLine(service));
  } catch (error) {
    console.error(`end of the service's log:\n${log.slice(-4000)}`);
    throw error;
  } finally {
    service.kill('SIGTERM');
    const hard = setTimeout(kill, 10_000);
    await ended;
    clearTimeout(hard);
    process.removeListener('exit', kill);
    rmSync(directory, { recursive: true, force: true });
  }
}

function firstLine(service) {
  return new Promise((resolve, reject) => {
    let text = '';
    const late = setTimeout(() => reject(new Error('the service was not ready in time')), READY_MS);
    service.stdout.on('data', (chunk) => {
      text += chunk;
      if (!text.includes('\n')) return;
      clearTimeout(late);
      resolve(JSON.parse(text.slice(0, text.indexOf('\n'))));
    });
    service.once('error', reject);
    service.once('exit', (code) => reject(new Error(`the service ended before it was ready, status ${code}`)));
  });
}
