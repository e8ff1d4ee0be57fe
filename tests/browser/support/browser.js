// Starts Chromium, and checks every page.

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

/** Console message of an expected error response. */
const REFUSED = /Failed to load resource: the server responded with a status of (401|403|404|409|422|429|503)/;

/** Browser window with its own cookies, language, size and colour scheme. Collects errors. */
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
    this.errors = [];
    this.actions = 0;
  }

  async #watch() {
    this.page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type()) && !REFUSED.test(message.text())) {
        this.errors.push(`console: ${message.text()}`);
      }
    });
    this.page.on('pageerror', (error) => this.errors.push(`script: ${error.message}`));
    this.page.on('request', (request) => {
      const url = new URL(request.url());
      if (!['blob:', 'data:', 'about:'].includes(url.protocol) && url.origin !== this.server.origin) {
        this.errors.push(`another host: ${url.origin}`);
      }
    });
    await this.context.addInitScript(() => {
      window.shifted = 0;
      new PerformanceObserver((list) => {
        for (const shift of list.getEntries()) if (!shift.hadRecentInput) window.shifted += shift.value;
      }).observe({ type: 'layout-shift', buffered: true });
    });
  }

  /** Checks that the browser reported no errors so far. */
  expectNoErrors() {
    assert.deepEqual(this.errors, []);
  }

  async go(path = '') {
    await this.page.goto(this.server.homeUrl + path);
  }

  /** Clicks. Counts as one action. */
  async click(name, role = 'button') {
    this.actions += 1;
    await this.page.getByRole(role, { name, exact: typeof name === 'string' }).first().click();
    await this.page.waitForLoadState();
  }

  /** Fills in a field. Counts as one action. */
  async fill(label, text) {
    this.actions += 1;
    await this.page.getByLabel(label, { exact: true }).fill(text);
  }

  /** Uses the code from the SMS preview. Counts as one action. */
  async useSmsCode(name) {
    this.actions += 1;
    await this.page.getByRole('button', { name }).first().click();
  }

  async expectText(text) {
    await this.page.getByText(text).first().waitFor();
  }

  /** Checks that axe finds no violation in both colour schemes, no layout shift, and no horizontal overflow. */
  async expectAccessible(name) {
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
