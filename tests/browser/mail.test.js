// Mails to users: the preview in development shows what a change of the account sends.

import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { DESKTOP, PHONE, Window, openBrowser } from './support/browser.js';
import { Person } from './support/journeys.js';
import { Server } from './support/server.js';

let browser;
before(async () => {
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
});

const started = async (t, settings) => {
  const server = await Server.start(settings);
  t.after(() => server.stop());
  return server;
};

/** Enrols an app and returns the window on the page of the recovery codes. */
const enrolled = async (server, language, size) => {
  const account = server.addUser('ada');
  const window = await Window.open(browser, server, { language, size });
  const person = new Person(window, language, account);
  await window.go();
  await person.logIn();
  await person.addApp();
  await person.typeCode(await person.app.fresh());
  await person.readCodes();
  return { window, person };
};

test('the preview shows the mail about a new second factor without a code', async (t) => {
  for (const [language, size, subject, summary, help] of [
    ['fr', PHONE, 'NOVA\u00a0: votre compte a un second facteur', 'E-mails non envoyés', 'https://help.example.com/'],
    ['en', DESKTOP, 'NOVA: your account has a second factor', 'Emails that are not sent', 'https://help.example.com/'],
  ]) {
    const server = await started(t, { MFA_HELP_URL: help });
    const { window, person } = await enrolled(server, language, size);
    const { page } = window;
    const preview = page.locator('.mail-preview');
    // A mail that comes into the open preview moves what is below it.
    await preview.locator('article', { hasText: subject }).waitFor({ state: 'attached' });
    await preview.locator('summary', { hasText: summary }).click();
    await preview.locator('article', { hasText: subject }).waitFor();
    await window.expectAccessible(`mail-preview-${language}`);
    const text = await preview.locator('article').first().textContent();
    assert.match(text, /ada@example\.com/);
    assert.ok(text.includes(help), text);
    for (const code of person.codes) assert.ok(!text.includes(code), text);

    const path = join(server.folder, 'data/mail-outbox.jsonl');
    const mails = (await readFile(path, 'utf8')).trim().split('\n').map((line) => JSON.parse(line));
    assert.equal(mails.at(-1).subject, subject);
    assert.equal(mails.at(-1).language, language);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    window.expectNoErrors();
    await window.close();
  }
});

test('a mail that comes while the preview is open appears in it', async (t) => {
  const server = await started(t);
  const { window, person } = await enrolled(server, 'en', DESKTOP);
  const preview = window.page.locator('.mail-preview');
  await preview.locator('summary').click();
  await preview.locator('article').first().waitFor();
  server.admin(['user', 'unlock', '--user-id', String(person.account.id)]);
  // An administrator's act is told in the language of the server.
  await preview.locator('article', { hasText: 'compte déverrouillé' }).waitFor();
  window.expectNoErrors();
  await window.close();
});

test('without notifications there is no preview of mails', async (t) => {
  const server = await started(t, { MFA_NOTIFY: 'off' });
  const { window } = await enrolled(server, 'en', DESKTOP);
  assert.equal(await window.page.locator('.mail-preview').count(), 0);
  assert.equal((await fetch(`${server.homeUrl}/outbox/mail`)).status, 404);
  await window.close();
});
