// Full setup and login with each method, on a phone and a desktop, in French and English.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DESKTOP, PHONE, Window, openBrowser } from './support/browser.js';
import { Person } from './support/journeys.js';
import { Server } from './support/server.js';

let browser;
before(async () => (browser = await openBrowser()));
after(() => browser?.close());

/** Runs a journey on its own server, and checks that the browser reported no errors. */
const journey = async (options, run) => {
  const server = await Server.start();
  const window = await Window.open(browser, server, options);
  try {
    const person = new Person(window, options.language, { name: 'demo', password: server.password });
    await run({ server, window, person, words: person.words, page: window.page });
    window.expectNoErrors();
  } finally {
    await window.close();
    await server.stop();
  }
};

test('on a phone, in French: full setup in at most 25 actions, then login with each method', () =>
  journey({ size: PHONE, language: 'fr' }, async ({ window, person, words }) => {
    await window.go();
    await person.protect((name) => window.expectAccessible(name));
    assert.ok(window.actions <= 25, `${window.actions} actions`);

    await person.logOut();
    await person.logIn();
    await window.expectAccessible('verify-app');
    await person.typeCode(await person.app.fresh());
    await window.expectText(words.full);

    await person.logOut();
    await person.logIn();
    await window.click(words.bySms, 'link');
    await window.expectAccessible('verify-sms');
    await window.click(words.send);
    await window.expectAccessible('verify-sms-sent');
    await window.useSmsCode(words.use);
    await window.click(words.confirm);
    await window.expectText(words.full);

    await person.logOut();
    await person.logIn();
    await window.click(words.byRecovery, 'link');
    await window.expectAccessible('verify-recovery');
    await person.useRecoveryCode(person.codes[0].toUpperCase());
    await window.expectText(words.full);
  }));

test('on a desktop, in English: full setup, new recovery codes, removal of the phone number and the app', () =>
  journey({ size: DESKTOP, language: 'en' }, async ({ window, person, words, page }) => {
    await window.go();
    await person.protect((name) => window.expectAccessible(name));

    await window.click('Manage recovery codes', 'link');
    await window.expectAccessible('codes-list');
    await window.click('Generate new codes', 'link');
    await window.expectAccessible('codes-renewal');
    await window.click('Generate ten new codes');
    const old = person.codes;
    const fresh = await person.readCodes();
    assert.equal(fresh.length, 10);
    assert.ok(!fresh.some((code) => old.includes(code)));
    await window.click(words.kept, 'link');

    await window.click('Manage phone number', 'link');
    await window.expectAccessible('phone-change');
    page.once('dialog', (dialog) => dialog.accept());
    await window.click('Remove this number');
    await window.expectText('Phone number removed.');

    await window.click('Manage authenticator app', 'link');
    await window.expectAccessible('app-on');
    await window.click('Remove the app…', 'link');
    await window.expectAccessible('app-remove');
    await person.typeCode(fresh[0], 'Code from the app, or recovery code', 'Remove the app');
    await window.expectText('Authenticator app removed.');
    await window.expectText(words.open);

    await window.click(words.activity, 'link');
    await window.expectText('Authenticator app removal');
    await window.expectAccessible('activity');
  }));

test('recovery codes can be copied, downloaded and printed', () =>
  journey({ language: 'en' }, async ({ window, person, page }) => {
    await window.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await window.go();
    await person.logIn();
    await person.addApp();
    await person.typeCode(await person.app.fresh());
    const codes = await person.readCodes();

    await window.click('Copy');
    await window.expectText('Copied');
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), codes.join('\n'));

    const [file] = await Promise.all([page.waitForEvent('download'), window.click('Download')]);
    assert.equal(file.suggestedFilename(), 'nova-codes.txt');
    const chunks = [];
    for await (const chunk of await file.createReadStream()) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    assert.ok(codes.every((code) => text.includes(code)) && text.includes('demo@example.com'));

    await page.evaluate(() => (window.print = () => (window.printed = true)));
    await window.click('Print');
    assert.equal(await page.evaluate(() => window.printed), true);
    await page.emulateMedia({ media: 'print' });
    assert.equal(await page.locator('.keep').isVisible(), false);
    assert.equal(await page.locator('#codes').isVisible(), true);
  }));

test('the language can be switched, and the choice is kept', () =>
  journey({ language: 'fr' }, async ({ window, words, page }) => {
    await window.go();
    await window.expectText(words.welcome);
    await window.click('English', 'link');
    await window.expectText('Welcome');
    assert.equal(await page.locator('html').getAttribute('lang'), 'en');
    await window.go();
    await window.expectText('Log in to manage the security of your account.');
    await window.click('Français', 'link');
    await window.expectText(words.welcome);
  }));

test('the setup works without JavaScript', () =>
  journey({ size: PHONE, language: 'fr', scripts: false }, async ({ server, window, person, words, page }) => {
    await window.go();
    await person.logIn();
    await person.addApp();
    await person.typeCode(await person.app.fresh());
    await person.readCodes();
    await window.click(words.keptPhone, 'link');
    await window.fill(words.number, '0612345612');
    await window.click(words.send);
    const sent = (await server.outbox()).at(-1);
    await person.typeCode(/\d{6}/.exec(sent.text)[0], words.code, words.confirmNumber);
    await window.click(words.save);
    await window.expectText(words.full);
    assert.equal(await page.locator('.keep').count(), 0);
  }));
