// A real Chromium, and what every page in it is held to.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const executablePath = process.env.MFA_TEST_CHROMIUM ?? '/usr/bin/chromium';

export const PHONE = { width: 390, height: 844 };
export const DESKTOP = { width: 1440, height: 900 };
const LOCALES = { fr: 'fr-FR', en: 'en-GB' };

export const openBrowser = () => chromium.launch({ executablePath, args: ['--no-sandbox'] });

/** What a browser says of a page that was refused: no fault of the page. */
const REFUSED = /Failed to load resource: the server responded with a status of (401|403|404|409|422|429|503)/;

/** A window of its own: cookies, language, size, colours; and a watch on what happens in it. */
export class Window {
  static async open(browser, server, options = {}) {
    const { size = DESKTOP, language = 'fr', colors = 'light', scripts = true, touch = size === PHONE } = options;
    const context = await browser.newContext({
      viewport: size,
      locale: LOCALES[language],
      timezoneId: 'Europe/Paris',
      colorScheme: colors,
      hasTouch: touch,
      isMobile: touch,
      javaScriptEnabled: scripts,
      acceptDownloads: true,
      reducedMotion: 'reduce',
    });
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    const window = new Window(server, context, page);
    await window.#watch();
    return window;
  }

  constructor(server, context, page) {
    this.server = server;
    this.context = context;
    this.page = page;
    this.complaints = [];
    this.actions = 0;
  }

  async #watch() {
    this.page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type()) && !REFUSED.test(message.text())) {
        this.complaints.push(`console: ${message.text()}`);
      }
    });
    this.page.on('pageerror', (error) => this.complaints.push(`script: ${error.message}`));
    this.page.on('request', (request) => {
      const url = new URL(request.url());
      if (!['blob:', 'data:', 'about:'].includes(url.protocol) && url.origin !== this.server.origin) {
        this.complaints.push(`another host: ${url.origin}`);
      }
    });
    await this.context.addInitScript(() => {
      window.shifted = 0;
      new PerformanceObserver((list) => {
        for (const shift of list.getEntries()) if (!shift.hadRecentInput) window.shifted += shift.value;
      }).observe({ type: 'layout-shift', buffered: true });
    });
  }

  /** Demands that nothing was complained of so far. */
  isClean() {
    assert.deepEqual(this.complaints, []);
  }

  async go(path = '') {
    await this.page.goto(this.server.first + path);
  }

  /** One thing that a person does: a press. */
  async press(name, role = 'button') {
    this.actions += 1;
    await this.page.getByRole(role, { name, exact: typeof name === 'string' }).first().click();
    await this.page.waitForLoadState();
  }

  /** One thing that a person does: fills a field. */
  async fill(label, text) {
    this.actions += 1;
    await this.page.getByLabel(label, { exact: true }).fill(text);
  }

  /** One thing that a person does: takes the code that the phone shows. */
  async take(name) {
    this.actions += 1;
    await this.page.getByRole('button', { name }).first().click();
  }

  async says(text) {
    await this.page.getByText(text).first().waitFor();
  }

  /** Demands that the page has no fault that axe knows, in light and in dark, and that nothing moved by itself. */
  async isWellMade(name) {
    const shifted = await this.page.evaluate(() => window.shifted);
    assert.equal(shifted, 0, `${name}: the layout shifted by ${shifted}`);
    for (const colorScheme of ['light', 'dark']) {
      await this.page.emulateMedia({ colorScheme });
      await this.page.evaluate(axe);
      const faults = await this.page.evaluate(async () => {
        const { violations } = await window.axe.run(document, {
          resultTypes: ['violations'],
          runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
        });
        return violations.flatMap(({ id, help, nodes }) => nodes.map((it) => `${id}: ${help}: ${it.html} ${it.failureSummary}`));
      });
      assert.deepEqual(faults, [], `${name} in ${colorScheme}`);
    }
    await this.page.emulateMedia({ colorScheme: null });
    const wide = await this.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `${name}: wider than the window by ${wide}`);
  }

  async close() {
    await this.context.close();
  }
}
