// "I lost my phone": the person and the helper, in at most fifteen actions of both together.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Authenticator } from './support/authenticator.js';
import { DESKTOP, PHONE, Window, openBrowser } from './support/browser.js';
import { Person } from './support/journeys.js';
import { Server } from './support/server.js';

const WORDS = {
  en: {
    lost: 'I lost my phone', pass: 'Access pass', go: 'Continue', issue: 'Issue an access pass', reason: 'Reason',
    title: 'Access pass for Céline Petit', add: 'Add your new second factor', app: 'Use an authenticator app', admin: 'Admin',
    locked: 'Your account is locked for now.', wrong: 'This access pass didn’t work.', again: 'Log in again', back: 'to type the access pass', unlock: /Also unlock the account/,
    reset: 'Remove all…', events: 'Security events', recovered: 'You are logged in', replace: 'Replace the authenticator app',
    later: 'Continue to my account',
  },
  fr: {
    lost: 'J’ai perdu mon téléphone', pass: 'Code d’accès temporaire', go: 'Continuer', issue: 'Émettre un code d’accès temporaire',
    reason: 'Motif', title: 'Code d’accès temporaire de Céline Petit', add: 'Ajoutez votre nouveau second facteur',
    app: 'Utiliser une application', admin: 'Administration', locked: 'Votre compte est verrouillé pour le moment.',
    wrong: 'Ce code d’accès temporaire est incorrect', again: 'Se reconnecter', back: 'pour saisir le code d’accès temporaire', unlock: /Déverrouiller aussi le compte/, reset: 'Tout retirer…',
    events: 'Événements de sécurité', recovered: 'Vous êtes connecté', replace: 'Remplacer l’application d’authentification',
    later: 'Continuer vers mon compte',
  },
};

let browser;
let server;
before(async () => {
  browser = await openBrowser();
  server = await Server.start({ MFA_HELP_TEXT: 'Call 1234 or come to room 5.' });
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** Creates Céline Petit, who has an app. */
const celine = async (name, language, size, from = server) => {
  const password = `${name} has a long password`;
  const words = ['user', 'create', '--email', `${name}@example.com`, '--username', name, '--password-stdin'];
  const account = { ...from.admin([...words, '--full-name', 'Céline Petit'], password), name, password };
  const window = await Window.open(browser, from, { language, size });
  const person = new Person(window, language, account);
  await window.go();
  await person.logIn();
  await person.addApp();
  await person.typeCode(await person.app.fresh());
  await person.readCodes();
  await window.click(person.words.keptPhone, 'link');
  await person.logOut();
  return { window, person, account };
};

/** Logs in a member of the helpdesk with an app. */
const helper = async (name, language, from = server) => {
  const account = from.addUser(name);
  from.admin(['user', 'role', 'helpdesk', '--user-id', String(account.id)]);
  const window = await Window.open(browser, from, { language, size: DESKTOP });
  const person = new Person(window, language, account);
  await window.go();
  await person.logIn();
  await person.addApp();
  await person.typeCode(await person.app.fresh());
  await person.readCodes();
  await window.click(person.words.keptPhone, 'link');
  return { window, person };
};

for (const [language, size] of [['en', DESKTOP], ['fr', PHONE]]) {
  test(`a locked person who lost the phone is back in within one call (${language})`, async (t) => {
    const words = WORDS[language];
    const own = await Server.start({ MFA_HELP_TEXT: 'Call 1234 or come to room 5.' });
    t.after(() => own.stop());
    const { window, person, account } = await celine(`cpetit-${language}`, language, size, own);
    const { window: desk } = await helper(`desk-${language}`, language, own);
    await person.logIn();
    for (let tries = 0; tries < 10; tries += 1) await person.typeCode(person.app.wrong());
    await window.go();
    await window.expectText(language === 'en' ? /account is locked/i : /compte est verrouillé/i);
    await window.click(words.lost, 'link');
    await window.expectText(words.locked);
    await window.expectText('Call 1234 or come to room 5.');
    assert.equal(await window.page.getByLabel(words.pass, { exact: true }).count(), 0, 'no pass works during a lock');
    await window.expectAccessible(`lost-locked-${language}`);
    // During the lock the way on leads back here.
    await window.click(words.again, 'link');
    await window.expectText(words.locked);
    assert.match(window.page.url(), /\/lost$/);

    // The call begins: the helper has the dashboard open, the person the page of the lost phone.
    await desk.click(words.admin, 'link');
    window.actions = 0;
    desk.actions = 0;

    const search = desk.page.getByRole('search').getByRole('searchbox');
    desk.actions += 1;
    await search.fill('Céline Petit');
    await search.press('Enter');
    await desk.click(/Céline Petit/, 'link');
    assert.equal(await desk.page.getByRole('link', { name: words.reset }).count(), 0, 'only what the helpdesk may do');
    await desk.click(`${words.issue}…`, 'link');
    assert.equal(await desk.page.getByLabel(words.unlock).isChecked(), true, 'the account is locked');
    await desk.fill(words.reason, 'ticket 7, called back');
    await desk.click(language === 'en' ? words.issue : 'Émettre le code d’accès');
    await desk.expectText(words.title);
    const pass = await desk.page.locator('#codes code').textContent();
    const helped = desk.actions;
    await desk.expectAccessible(`access-pass-${language}`);

    await window.click(words.again, 'link');
    await window.expectText(words.back);
    await person.logIn();
    assert.match(window.page.url(), /\/lost$/);
    await window.fill(words.pass, pass.toUpperCase());
    await window.click(words.go);
    await window.expectText(words.add);
    await window.click(words.app);
    person.app = new Authenticator(await window.page.locator('#secret').textContent());
    await person.typeCode(await person.app.fresh());
    await person.readCodes();
    await window.click(person.words.keptPhone, 'link');
    const total = helped + window.actions;
    assert.ok(total <= 15, `${helped} actions of the helper and ${window.actions} of the person`);

    // The new app logs in.
    await window.go();
    await window.expectText(account.name);
    await person.logOut();
    await person.logIn();
    await person.typeCode(await person.app.fresh());
    await window.expectText(account.name);
    // The pass is shown as long as the helper needs it, and then no more.
    await desk.page.getByRole('main').getByRole('link').last().click();
    await desk.go(`/admin/users/${account.id}/access-pass`);
    assert.equal(await desk.page.getByText(pass).count(), 0);
    window.expectNoErrors();
    desk.expectNoErrors();
    await window.close();
    await desk.close();
  });
}

test('the helpdesk sees what it may do only', async () => {
  const chief = server.addUser('boss', { superuser: true });
  const { window } = await helper('desk-limits', 'en');
  await window.click('Admin', 'link');
  await window.expectAccessible('helpdesk-board');
  assert.equal(await window.page.getByRole('heading', { name: 'Security events' }).count(), 0);
  for (const path of ['/admin/events', `/admin/users/${chief.id}`, `/admin/users/${chief.id}/unlock`]) {
    const answer = await window.page.goto(server.homeUrl + path);
    assert.equal(answer.status(), 403, path);
  }
  window.expectNoErrors();
  await window.close();
});

test('a wrong pass is refused on the page, and a reload counts no second try', async () => {
  const { window, person, account } = await celine('wrong-pass', 'en', PHONE);
  await person.logIn();
  await window.click('I lost my phone', 'link');
  await window.expectAccessible('lost');
  await window.fill('Access pass', '0000-0000-0000-0000');
  await window.click('Continue');
  await window.expectText('This access pass didn’t work.');
  await window.expectAccessible('lost-refused');
  await window.page.reload();
  assert.equal(server.admin(['user', 'show', '--user-id', String(account.id)]).failed_attempts, 1);
  window.expectNoErrors();
  await window.close();
});

test('after a login with a recovery code the app is replaced', async () => {
  const { window, person } = await celine('recovered', 'en', PHONE);
  await person.logIn();
  await window.click('I lost my phone', 'link');
  await window.click('Enter a recovery code', 'link');
  await person.typeCode(person.codes[0], person.words.recovery);
  await window.expectText('You are logged in');
  await window.expectText('You have 9 recovery codes left.');
  await window.expectAccessible('recovered');
  await window.click('Replace the authenticator app');
  person.app = new Authenticator(await window.page.locator('#secret').textContent());
  await person.typeCode(await person.app.fresh());
  await person.readCodes();
  window.expectNoErrors();
  await window.close();
});

test('an administrator grants and ends the helpdesk role', async () => {
  const user = server.addUser('newcomer');
  const chief = server.addUser('chief-roles', { superuser: true });
  const window = await Window.open(browser, server, { language: 'en' });
  const admin = new Person(window, 'en', chief);
  await window.go();
  await admin.logIn();
  await admin.addApp();
  await admin.typeCode(await admin.app.fresh());
  await admin.readCodes();
  await window.click(admin.words.keptPhone, 'link');
  await window.go(`/admin/users/${user.id}`);
  await window.click('Make helpdesk…', 'link');
  await window.expectAccessible('act-helpdesk');
  await window.fill('Reason', 'joined support');
  await window.click('Make helpdesk');
  await window.expectText('This account now has the helpdesk role.');
  await window.click('End the helpdesk role…', 'link');
  await window.fill('Reason', 'left support');
  await window.click('End the role');
  await window.expectText('This account no longer has the helpdesk role.');
  await window.expectText('Role changed');
  window.expectNoErrors();
  await window.close();
});

test('a pass that is typed after a lock leads to the login, and back to its page', async () => {
  const { window, person, account } = await celine('stale-pass', 'en', PHONE);
  await person.logIn();
  await window.click('I lost my phone', 'link');
  await window.expectText('Access pass');
  // Somebody else locks the account meanwhile, and the helpdesk unlocks it.
  const other = await Window.open(browser, server, { language: 'en' });
  const guesser = new Person(other, 'en', account);
  await other.go();
  await guesser.logIn();
  for (let tries = 0; tries < 10; tries += 1) await guesser.typeCode(person.app.wrong());
  server.admin(['user', 'unlock', '--user-id', String(account.id)]);
  await window.fill('Access pass', '0000-0000-0000-0000');
  await window.click('Continue');
  await window.expectText('to type the access pass');
  assert.equal(await window.page.getByText('session has ended').count(), 0);
  await person.logIn();
  assert.match(window.page.url(), /\/lost$/);
  assert.equal(await window.page.getByLabel('Access pass', { exact: true }).inputValue(), '');
  await window.expectAccessible('lost-after-login');
  // The page is returned to once: the next login verifies the second factor.
  await window.click('Cancel and go back to login');
  await window.expectText(person.words.welcome);
  await person.logIn();
  await window.expectText(person.words.verify);
  window.expectNoErrors();
  await window.close();
  await other.close();
});

test('a text that cannot be a pass costs no attempt and stays', async () => {
  const { window, person, account } = await celine('short-pass', 'en', PHONE);
  await person.logIn();
  await window.click('I lost my phone', 'link');
  await window.fill('Access pass', 'abc');
  await window.click('Continue');
  await window.expectText('An access pass has 16 letters and digits. This one has 3.');
  assert.equal(await window.page.getByLabel('Access pass', { exact: true }).inputValue(), 'abc');
  await window.expectAccessible('lost-short');
  assert.equal(server.admin(['user', 'show', '--user-id', String(account.id)]).failed_attempts, 0);
  window.expectNoErrors();
  await window.close();
});

test('the events name roles and second factors in the language of the page', async () => {
  const { window, person } = await celine('named-events', 'fr', PHONE);
  const chief = server.addUser('chief-names', { superuser: true });
  server.admin(['user', 'role', 'helpdesk', '--user-id', String(person.account.id), '--reason', 'joined']);
  await window.close();
  const admin = await Window.open(browser, server, { language: 'fr' });
  const boss = new Person(admin, 'fr', chief);
  await admin.go();
  await boss.logIn();
  await boss.addApp();
  await boss.typeCode(await boss.app.fresh());
  await boss.readCodes();
  await admin.click(boss.words.keptPhone, 'link');
  await admin.go(`/admin/events?user=${person.account.id}`);
  const table = await admin.page.locator('.trail').textContent();
  for (const foreign of ['role=', 'Authenticator app', '(totp)']) assert.ok(!table.includes(foreign), foreign);
  assert.match(table, /Application d’authentification 1/);
  assert.match(table, /Rôle d’assistance donné/);
  await admin.close();
});
