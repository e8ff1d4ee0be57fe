// An administrator finds somebody, sees the state, unlocks, resets, enforces, makes codes anew, and sees what goes on.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DESKTOP, PHONE, Window, openBrowser } from './support/browser.js';
import { Person } from './support/journeys.js';
import { Server } from './support/server.js';

let browser;
let server;
before(async () => {
  browser = await openBrowser();
  server = await Server.start();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

for (const [language, size] of [['en', DESKTOP], ['fr', PHONE]]) {
  test(`an administrator helps somebody who is locked out (${language})`, async () => {
    const ada = server.addUser(`ada-${language}`);
    const chief = server.addUser(`chief-${language}`, { superuser: true });
    const locked = await Window.open(browser, server, { language });
    const user = new Person(locked, language, ada);
    await locked.go();
    await user.logIn();
    await user.addApp();
    await user.typeCode(await user.app.fresh());
    await user.readCodes();
    await locked.press(user.words.keptPhone, 'link');
    await user.logOut();
    await user.logIn();
    for (let tries = 0; tries < 10; tries += 1) await user.typeCode(user.app.wrong());

    const window = await Window.open(browser, server, { language, size });
    const admin = new Person(window, language, chief);
    await window.go();
    await admin.logIn();
    // Without a second factor there is no administration.
    await window.go('/admin');
    await window.page.waitForURL(server.first);
    await admin.addApp();
    await admin.typeCode(await admin.app.fresh());
    await admin.readCodes();
    await window.press(admin.words.keptPhone, 'link');
    await window.press(admin.words.admin, 'link');
    await window.isWellMade('admin-board');

    const search = { en: 'Search', fr: 'Rechercher' }[language];
    await window.fill({ en: 'Name or email address', fr: 'Nom ou adresse e-mail' }[language], ada.name);
    await window.press(search);
    await window.isWellMade('admin-users');
    await window.press(new RegExp(`${ada.name}@example.com`), 'link');
    await window.isWellMade('admin-user');
    await window.says({ en: 'locked', fr: 'verrouillé' }[language]);

    const acts = {
      en: { reason: 'Reason (optional)', unlock: 'Unlock', done: 'Account unlocked.', enforce: 'Require', codes: 'Generate new codes', finished: 'Done', reset: 'Remove all', gone: 'All second factors of this account' },
      fr: { reason: 'Motif (facultatif)', unlock: 'Déverrouiller', done: 'Compte déverrouillé.', enforce: 'Exiger', codes: 'Régénérer les codes', finished: 'Terminé', reset: 'Tout retirer', gone: 'Tous les seconds facteurs de ce compte' },
    }[language];
    await window.page.getByLabel(acts.reason).first().fill('ticket 7');
    await window.press(acts.unlock);
    await window.says(acts.done);
    await window.says('ticket 7', { exact: false }).catch(() => {});

    window.page.on('dialog', (dialog) => dialog.accept());
    await window.press(acts.codes);
    const codes = await window.page.locator('#codes code').allTextContents();
    assert.equal(codes.length, 10);
    await window.isWellMade('admin-codes');
    await window.press(acts.finished, 'link');

    // The user comes in again, by a code that the administrator handed over.
    await locked.go();
    await user.logIn();
    await locked.press(user.words.byRecovery, 'link');
    await user.typeCode(codes[0], user.words.recovery);
    await locked.says(ada.name);

    await window.press(acts.enforce);
    await window.press(acts.reset);
    await window.says(acts.gone);
    await locked.go('/app');
    await locked.says(user.words.welcome);
    await user.logIn();
    await locked.says({ en: 'Protect your account', fr: 'Protégez votre compte' }[language]);
    await locked.isWellMade('start');

    await window.go('/admin/events');
    await window.says('ticket 7');
    await window.isWellMade('admin-events');
    await window.go('/admin?days=7');
    await window.isWellMade('admin-board-week');
    window.isClean();
    locked.isClean();
    await window.close();
    await locked.close();
  });
}

test('whoever is no administrator is told so and sees nobody', async () => {
  const account = server.addUser('nosy');
  const window = await Window.open(browser, server, { language: 'en' });
  const person = new Person(window, 'en', account);
  await window.go();
  await person.logIn();
  await person.addApp();
  await person.typeCode(await person.app.fresh());
  await person.readCodes();
  await window.press(person.words.keptPhone, 'link');
  assert.equal(await window.page.getByRole('link', { name: 'Admin', exact: true }).count(), 0);
  for (const path of ['/admin', '/admin/users?query=', '/admin/users/1', '/admin/events']) {
    const answer = await window.page.goto(server.first + path);
    assert.equal(answer.status(), 403, path);
    await window.says('Administrators only');
  }
  window.isClean();
  await window.close();
});
