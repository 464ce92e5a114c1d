// What is looked at on a page: axe-core's rules for WCAG 2.2 AA, nothing wider than the window, and pictures.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 360, height: 740 };
// WCAG 1.4.10: content reflows down to this width.
const NARROW = { width: 320, height: 640 };

/** What axe-core finds wrong with the page as it stands, one line each. */
export async function violations(page) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.addScriptTag({ path: AXE });
  const found = await page.evaluate((values) => window.axe.run({ runOnly: { type: 'tag', values } }), RULES);
  assert.ok(found.passes.length > 0, `axe-core tried nothing on ${page.url()}`);
  return found.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target.join(' ')}: ${node.failureSummary}`));
}

/** Collects what is wrong on every page it is shown. */
export class Looker {
  constructor(page, directory) {
    Object.assign(this, { page, directory, wrong: [], seen: 0 });
    mkdirSync(directory, { recursive: true });
  }

  async look(name) {
    this.seen += 1;
    for (const [size, viewport] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
      await this.page.setViewportSize(viewport);
      for (const colorScheme of ['light', 'dark']) {
        await this.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        for (const line of await violations(this.page)) this.wrong.push(`${name} (${size}, ${colorScheme}): ${line}`);
        await this.page.screenshot({ path: join(this.directory, `${name}-${size}-${colorScheme}.png`), fullPage: true });
      }
    }
    await this.page.setViewportSize(NARROW);
    const width = await this.page.evaluate(() => document.documentElement.scrollWidth);
    if (width > NARROW.width) this.wrong.push(`${name}: ${width} px wide in a window of ${NARROW.width}`);
    await this.page.setViewportSize(DESKTOP);
  }
}
