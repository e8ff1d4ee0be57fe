// The whole tour of a person, on both sizes and in both languages.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DESKTOP, PHONE, Window, openBrowser } from './support/browser.js';
import { Person } from './support/journeys.js';
import { Server } from './support/server.js';

let browser;
before(async () => (browser = await openBrowser()));
after(() => browser?.close());

/** Runs a journey on a server of its own, and demands that the window had nothing to complain of. */
const journey = async (options, run) => {
  const server = await Server.start();
  const window = await Window.open(browser, server, options);
  try {
    const person = new Person(window, options.language, { name: 'demo', password: server.password });
    await run({ server, window, person, words: person.words, page: window.page });
    window.isClean();
  } finally {
    await window.close();
    await server.stop();
  }
};

test('a French phone protects the demo account in twenty-five actions and logs in by each factor', () =>
  journey({ size: PHONE, language: 'fr' }, async ({ window, person, words }) => {
    await window.go();
    await person.protect((name) => window.isWellMade(name));
    assert.ok(window.actions <= 25, `${window.actions} actions`);

    await person.logOut();
    await person.logIn();
    await window.isWellMade('verify-app');
    await person.typeCode(await person.app.fresh());
    await window.says(words.full);

    await person.logOut();
    await person.logIn();
    await window.press(words.bySms, 'link');
    await window.isWellMade('verify-sms');
    await window.press(words.send);
    await window.isWellMade('verify-sms-sent');
    await window.take(words.use);
    await window.press(words.confirm);
    await window.says(words.full);

    await person.logOut();
    await person.logIn();
    await window.press(words.byRecovery, 'link');
    await window.isWellMade('verify-recovery');
    await person.typeCode(person.codes[0].toUpperCase(), words.recovery);
    await window.says(words.full);
  }));

test('an English desktop makes the same tour, replaces the app, the codes and the number, and takes all away', () =>
  journey({ size: DESKTOP, language: 'en' }, async ({ window, person, words, page }) => {
    await window.go();
    await person.protect((name) => window.isWellMade(name));

    await window.press('Manage recovery codes', 'link');
    await window.isWellMade('codes-list');
    await window.press('Generate new codes');
    const old = person.codes;
    const fresh = await person.readCodes();
    assert.equal(fresh.length, 10);
    assert.ok(!fresh.some((code) => old.includes(code)));
    await window.press(words.kept, 'link');

    await window.press('Manage phone number', 'link');
    await window.isWellMade('phone-change');
    page.once('dialog', (dialog) => dialog.accept());
    await window.press('Remove this number');
    await window.says('Phone number removed.');

    await window.press('Manage authenticator app', 'link');
    await window.isWellMade('app-on');
    await window.press('Remove the app…', 'link');
    await window.isWellMade('app-remove');
    await person.typeCode(fresh[0], 'Code from the app, or recovery code', 'Remove the app');
    await window.says('Authenticator app removed.');
    await window.says(words.open);

    await window.press(words.activity, 'link');
    await window.says('Authenticator app removal');
    await window.isWellMade('activity');
  }));

test('codes are copied, downloaded and printed', () =>
  journey({ language: 'en' }, async ({ window, person, page }) => {
    await window.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await window.go();
    await person.logIn();
    await person.addApp();
    await person.typeCode(await person.app.fresh());
    const codes = await person.readCodes();

    await window.press('Copy');
    await window.says('Copied');
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), codes.join('\n'));

    const [file] = await Promise.all([page.waitForEvent('download'), window.press('Download')]);
    assert.equal(file.suggestedFilename(), 'nova-codes.txt');
    const chunks = [];
    for await (const chunk of await file.createReadStream()) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    assert.ok(codes.every((code) => text.includes(code)) && text.includes('demo@example.com'));

    await page.evaluate(() => (window.print = () => (window.printed = true)));
    await window.press('Print');
    assert.equal(await page.evaluate(() => window.printed), true);
    await page.emulateMedia({ media: 'print' });
    assert.equal(await page.locator('.keep').isVisible(), false);
    assert.equal(await page.locator('#codes').isVisible(), true);
  }));

test('a page in the wrong language is a press away from the right one, and stays there', () =>
  journey({ language: 'fr' }, async ({ window, words, page }) => {
    await window.go();
    await window.says(words.welcome);
    await window.press('English', 'link');
    await window.says('Welcome');
    assert.equal(await page.locator('html').getAttribute('lang'), 'en');
    await window.go();
    await window.says('Log in to manage the security of your account.');
    await window.press('Français', 'link');
    await window.says(words.welcome);
  }));

test('without scripts the whole way is still open', () =>
  journey({ size: PHONE, language: 'fr', scripts: false }, async ({ server, window, person, words, page }) => {
    await window.go();
    await person.logIn();
    await person.addApp();
    await person.typeCode(await person.app.fresh());
    await person.readCodes();
    await window.press(words.keptPhone, 'link');
    await window.fill(words.number, '0612345612');
    await window.press(words.send);
    const sent = (await server.outbox()).at(-1);
    await person.typeCode(/\d{6}/.exec(sent.text)[0], words.code, words.confirmNumber);
    await window.press(words.save);
    await window.says(words.full);
    assert.equal(await page.locator('.keep').count(), 0);
  }));
