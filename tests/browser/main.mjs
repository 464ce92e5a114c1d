// Walks twice: once without JavaScript, as every page must work, and once with it, to put axe-core into the pages and take pictures.
// Usage: node main.mjs <gosbadge> <directory for pictures>

import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';
import { Looker, violations } from './look.mjs';
import { withService } from './service.mjs';
import { walk } from './walk.mjs';

const [binary, pictures, ...rest] = process.argv.slice(2);
if (!pictures || rest.length > 0) {
  console.error('usage: node main.mjs <gosbadge> <directory for pictures>');
  process.exit(2);
}

const held = (text) => console.log(`  ok  ${text}`);

/** A page in a context of its own; notes what the browser itself complains about. */
async function openPage(browser, options, complaints) {
  const context = await browser.newContext({ locale: 'ru-RU', ...options });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  page.on('console', (message) => {
    // The status of an address opened on purpose is judged by the walk.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('response', (answer) => {
    const own = answer.request().resourceType() === 'document';
    if (answer.status() >= (own ? 500 : 400)) complaints.push(`${answer.status()} ${answer.url()}`);
  });
  return page;
}

/** Neither walk is worth anything if its instrument is blunt. */
async function instruments(browser) {
  const mute = await openPage(browser, { javaScriptEnabled: false }, []);
  await mute.setContent('<title>off</title><script>document.title = "on"</script>');
  assert.equal(await mute.title(), 'off', 'JavaScript runs although it was switched off');
  const loud = await openPage(browser, { bypassCSP: true }, []);
  await loud.setContent('<title>x</title><img src="data:,"><p style="color:#999;background:#fff">pale</p>');
  assert.ok((await violations(loud)).length >= 2, 'axe-core finds nothing wrong with a page that is');
  await Promise.all([mute.context().close(), loud.context().close()]);
  held('JavaScript can be switched off, and axe-core sees what is wrong');
}

async function withoutScripts(browser) {
  const complaints = [];
  const page = await openPage(browser, { javaScriptEnabled: false }, complaints);
  let pages = 0;
  await withService(binary, (ready) => walk(page, ready, async () => (pages += 1)));
  assert.deepEqual(complaints, [], 'the browser complains');
  await page.context().close();
  held(`the whole way on foot without JavaScript, ${pages} pages, across sites, nothing blocked`);
}

async function withAxe(browser) {
  const page = await openPage(browser, { bypassCSP: true }, []);
  const looker = new Looker(page, pictures);
  await withService(binary, (ready) => walk(page, ready, (name) => looker.look(name)));
  await page.context().close();
  assert.deepEqual(looker.wrong, [], 'pages break WCAG 2.2 AA');
  held(`axe-core: nothing against WCAG 2.2 AA on ${looker.seen} pages, desktop and phone, light and dark; pictures in ${pictures}`);
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
  ],
});
try {
  console.log(`browser: ${browser.version()}`);
  await instruments(browser);
  await withoutScripts(browser);
  await withAxe(browser);
} catch (error) {
  console.error(`browser: FAILED: ${error.stack ?? error}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}
