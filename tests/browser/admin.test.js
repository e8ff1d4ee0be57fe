// Administration pages: search, unlock, reset, require a second factor, regenerate codes, events and statistics.

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
  test(`an administrator helps a locked-out user (${language})`, async () => {
    const ada = server.addUser(`ada-${language}`);
    const chief = server.addUser(`chief-${language}`, { superuser: true });
    const locked = await Window.open(browser, server, { language });
    const user = new Person(locked, language, ada);
    await locked.go();
    await user.logIn();
    await user.addApp();
    await user.typeCode(await user.app.fresh());
    await user.readCodes();
    await locked.click(user.words.keptPhone, 'link');
    await user.logOut();
    await user.logIn();
    for (let tries = 0; tries < 10; tries += 1) await user.typeCode(user.app.wrong());

    const window = await Window.open(browser, server, { language, size });
    const admin = new Person(window, language, chief);
    await window.go();
    await admin.logIn();
    // Administration requires a second factor.
    await window.go('/admin');
    await window.page.waitForURL(server.homeUrl);
    await admin.addApp();
    await admin.typeCode(await admin.app.fresh());
    await admin.readCodes();
    await window.click(admin.words.keptPhone, 'link');
    await window.click(admin.words.admin, 'link');
    await window.expectAccessible('admin-board');

    const search = { en: 'Search', fr: 'Rechercher' }[language];
    await window.fill({ en: 'Name or email address', fr: 'Nom ou adresse e-mail' }[language], ada.name);
    await window.click(search);
    await window.expectAccessible('admin-users');
    await window.click(new RegExp(`${ada.name}@example.com`), 'link');
    await window.expectAccessible('admin-user');
    await window.expectText({ en: 'locked', fr: 'verrouillé' }[language]);

    const acts = {
      en: { unlock: 'Unlock', done: 'Account unlocked.', enforce: 'Require', codes: 'Generate new codes', finished: 'Done', reset: 'Remove all', gone: 'All second factors of this account', reason: 'Reason', missing: 'Enter a reason.' },
      fr: { unlock: 'Déverrouiller', done: 'Compte déverrouillé.', enforce: 'Exiger', codes: 'Générer de nouveaux codes', finished: 'Terminé', reset: 'Tout retirer', gone: 'Tous les seconds facteurs de ce compte', reason: 'Motif', missing: 'Indiquez un motif.' },
    }[language];
    /** Opens the page of an act, gives a reason and confirms. */
    const act = async (name, reason) => {
      await window.click(`${name}…`, 'link');
      await window.page.getByRole('heading', { level: 1, name: new RegExp(`ada-${language}`) }).waitFor();
      if (reason) await window.fill(acts.reason, reason);
      await window.click(name);
    };
    await act(acts.unlock);
    await window.expectText(acts.done);

    await window.click(`${acts.codes}…`, 'link');
    await window.expectAccessible('admin-act');
    assert.equal(await window.page.getByLabel(acts.reason, { exact: true }).count(), 1, 'one field has this name');
    // The browser's own check of the field is off, as with an old browser.
    await window.page.locator('form.stack').evaluate((form) => (form.noValidate = true));
    await window.fill(acts.reason, ' ');
    await window.click(acts.codes);
    await window.expectText(acts.missing);
    await window.expectAccessible('admin-act-refused');
    await window.fill(acts.reason, 'ticket 7');
    await window.click(acts.codes);
    const codes = await window.page.locator('#codes code').allTextContents();
    assert.equal(codes.length, 10);
    await window.expectAccessible('admin-codes');
    await window.click(acts.finished, 'link');

    // The user logs in with a recovery code from the administrator.
    await locked.go();
    await user.logIn();
    await locked.click(user.words.byRecovery, 'link');
    await user.typeCode(codes[0], user.words.recovery);
    await locked.expectText(ada.name);

    await act(acts.enforce, 'policy');
    await act(acts.reset, 'ticket 7');
    await window.expectText(acts.gone);
    await locked.go('/app');
    await locked.expectText(user.words.welcome);
    await user.logIn();
    await locked.expectText({ en: 'Protect your account', fr: 'Protégez votre compte' }[language]);
    await locked.expectAccessible('start');

    await window.go('/admin/events');
    await window.expectText('ticket 7');
    await window.expectAccessible('admin-events');
    await window.go('/admin?days=7');
    await window.expectAccessible('admin-board-week');
    window.expectNoErrors();
    locked.expectNoErrors();
    await window.close();
    await locked.close();
  });
}

test('an act asks for the second factor first, and nothing typed is lost', async () => {
  const short = await Server.start({ MFA_STEP_UP_MAX_AGE: '2' });
  const accounts = [short.addUser('ada'), short.addUser('chief', { superuser: true })];
  const window = await Window.open(browser, short, { language: 'en' });
  const admin = new Person(window, 'en', accounts[1]);
  const pause = () => new Promise((go) => setTimeout(go, 2500));
  await window.go();
  await admin.logIn();
  await admin.addApp();
  await admin.typeCode(await admin.app.fresh());
  await admin.readCodes();
  await window.click(admin.words.keptPhone, 'link');
  await window.go(`/admin/users/${accounts[0].id}`);
  await pause();
  await window.click('Remove all…', 'link');
  await window.expectText(admin.words.stepUp);
  await admin.typeCode(await admin.app.fresh());
  await window.expectText('Remove all second factors of ada?');
  await window.fill('Reason', 'lost phone, ticket 12');
  await pause();
  await window.click('Remove all');
  await window.expectText(admin.words.stepUp);
  await admin.typeCode(await admin.app.fresh());
  assert.equal(await window.page.getByLabel('Reason', { exact: true }).inputValue(), 'lost phone, ticket 12');
  await window.click('Remove all');
  await window.expectText('All second factors of this account');
  window.expectNoErrors();
  await window.close();
  await short.stop();
});

for (const size of [PHONE, { width: 320, height: 640 }]) {
  test(`the page of a user never scrolls sideways (${size.width} px)`, async () => {
    const email = `anne-sophie.de-la-rochefoucauld-${size.width}@subsidiary.example.com`;
    const words = ['user', 'create', '--email', email, '--username', `anne${size.width}`, '--password-stdin'];
    const { id } = server.admin([...words, '--full-name', 'Anne-Sophie de La Rochefoucauld'], 'a long password of anne');
    const chief = server.addUser(`chief-${size.width}`, { superuser: true });
    const window = await Window.open(browser, server, { language: 'fr', size });
    const admin = new Person(window, 'fr', chief);
    await window.go();
    await admin.logIn();
    await admin.addApp();
    await admin.typeCode(await admin.app.fresh());
    await admin.readCodes();
    await window.click(admin.words.keptPhone, 'link');
    await window.go(`/admin/users/${id}`);
    const title = window.page.getByRole('heading', { level: 1 });
    assert.equal(await title.textContent(), 'Anne-Sophie de La Rochefoucauld');
    await window.expectText(email);
    await window.expectAccessible(`admin-user-${size.width}`);
    await window.click('Tout retirer…', 'link');
    await window.expectText(email);
    await window.expectAccessible(`admin-act-${size.width}`);
    window.expectNoErrors();
    await window.close();
  });
}

test('the administration pages are forbidden to other users', async () => {
  const account = server.addUser('nosy');
  const window = await Window.open(browser, server, { language: 'en' });
  const person = new Person(window, 'en', account);
  await window.go();
  await person.logIn();
  await person.addApp();
  await person.typeCode(await person.app.fresh());
  await person.readCodes();
  await window.click(person.words.keptPhone, 'link');
  assert.equal(await window.page.getByRole('link', { name: 'Admin', exact: true }).count(), 0);
  for (const path of ['/admin', '/admin/users?query=', '/admin/users/1', '/admin/events']) {
    const answer = await window.page.goto(server.homeUrl + path);
    assert.equal(answer.status(), 403, path);
    await window.expectText('Administrators only');
  }
  window.expectNoErrors();
  await window.close();
});
