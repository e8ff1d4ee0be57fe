// Sessions: a user sees where the account is logged in and ends sessions; an administrator ends all of a user.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DESKTOP, PHONE, Window, openBrowser } from './support/browser.js';
import { Person } from './support/journeys.js';
import { Server } from './support/server.js';

const TEXTS = {
  fr: {
    link: 'Voir vos sessions', end: /^Fermer la session : /, ended: 'La session est fermée.', others: 'Fermer toutes les autres sessions',
    othersEnded: 'Toutes les autres sessions sont fermées.', none: 'Vous n’êtes connecté nulle part ailleurs.',
    gone: 'Cette session était déjà fermée.', all: 'Fermer toutes les sessions', reason: 'Motif', missing: 'Indiquez un motif.',
    allEnded: 'Toutes les sessions de ce compte sont fermées.', open: 'Ce compte a une session ouverte.',
  },
  en: {
    link: 'See your sessions', end: /^End session: /, ended: 'The session was ended.', others: 'End all other sessions',
    othersEnded: 'All other sessions were ended.', none: 'You are not logged in anywhere else.',
    gone: 'That session had already ended.', all: 'End all sessions', reason: 'Reason', missing: 'Enter a reason.',
    allEnded: 'All sessions of this account were ended.', open: 'This account has one open session.',
  },
};

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

/** Opens a window of a new user, with an authenticator app. */
const enrolled = async (account, language, options = {}) => {
  const window = await Window.open(browser, server, { language, ...options });
  const person = new Person(window, language, account);
  await window.go();
  await person.logIn();
  await person.addApp();
  await person.typeCode(await person.app.fresh());
  await person.readCodes();
  await window.click(person.words.keptPhone, 'link');
  await window.go();
  return { window, person };
};

/** Logs the same person in on another device. */
const elsewhere = async (person, language, options = {}) => {
  const window = await Window.open(browser, server, { language, ...options });
  const other = new Person(window, language, person.account);
  await window.go();
  await other.logIn();
  await other.typeCode(await person.app.fresh());
  await window.expectText(person.words.activity);
  return { window, person: other };
};

for (const [language, size, scripts] of [['fr', PHONE, true], ['en', DESKTOP, true], ['en', PHONE, false]]) {
  test(`a user ends one session and all others (${language}, ${size.width}, ${scripts ? 'scripts' : 'no scripts'})`, async (t) => {
    const texts = TEXTS[language];
    const { window, person } = await enrolled(server.addUser(`s-${language}-${size.width}-${scripts}`), language, { size });
    const second = await elsewhere(person, language);
    const third = await elsewhere(person, language);
    t.after(() => Promise.all([window, second.window, third.window].map((it) => it.close())));

    const { page } = window;
    await window.click(texts.link, 'link');
    if (scripts) await window.expectAccessible('sessions');
    assert.equal(await page.locator('.authenticator').count(), 3);
    // Only others can be ended here; "log out" ends the current one.
    assert.equal(await page.getByRole('button', { name: texts.end }).count(), 2);
    const names = await page.locator('.authenticator-name').allTextContents();
    assert.ok(names.every((name) => /Chrome/.test(name)), names.join());
    assert.match(await page.locator('.authenticator-facts').first().textContent(), /from (127\.0\.0\.1|::1)|depuis (127\.0\.0\.1|::1)/);

    // The newest of the others is the third device.
    await window.click(texts.end);
    await window.expectText(texts.ended);
    if (scripts) await window.expectAccessible('session-ended');
    await third.window.go('/activity');
    await third.window.expectText(person.words.welcome);
    await second.window.go('/activity');
    await second.window.expectText(person.words.leave);

    await page.reload();
    assert.equal(await page.getByText(texts.ended).count(), 0, 'the message is shown once');
    await window.click(texts.others);
    await window.expectText(texts.othersEnded);
    await window.expectText(texts.none);
    await second.window.go('/activity');
    await second.window.expectText(person.words.welcome);
    await window.go('/activity');
    await window.expectText(person.words.leave);
    for (const it of [window, second.window, third.window]) it.expectNoErrors();
  });
}

test('a session that has ended meanwhile is named as such, and its form can be reloaded', async (t) => {
  const { window, person } = await enrolled(server.addUser('late'), 'en');
  const second = await elsewhere(person, 'en');
  t.after(() => Promise.all([window, second.window].map((it) => it.close())));
  await window.click(TEXTS.en.link, 'link');
  await second.person.logOut();
  await window.click(TEXTS.en.end);
  await window.expectText(TEXTS.en.gone);
  assert.ok(window.page.url().endsWith('/sessions'));
  await window.go('/sessions/end');
  assert.ok(window.page.url().endsWith('/sessions'), 'a GET of the form leads to the list');
  window.expectNoErrors();
});

test('a step-up in the pages replaces the session instead of adding one', async (t) => {
  const { window, person } = await enrolled(server.addUser('stepped'), 'en');
  t.after(() => window.close());
  await window.go('/verify?then=home');
  await person.typeCode(await person.app.fresh());
  await window.click(TEXTS.en.link, 'link');
  await window.expectText(TEXTS.en.none);
  assert.equal(await window.page.locator('.authenticator').count(), 1);
  window.expectNoErrors();
});

for (const [language, size] of [['en', DESKTOP], ['fr', PHONE]]) {
  test(`an administrator ends all sessions of a user, with a reason (${language})`, async (t) => {
    const texts = TEXTS[language];
    const { window: theirs, person } = await enrolled(server.addUser(`target-${language}`), language);
    const chief = await enrolled(server.addUser(`boss-${language}`, { superuser: true }), language, { size });
    t.after(() => Promise.all([theirs, chief.window].map((it) => it.close())));
    const { window } = chief;
    const listed = server.admin(['user', 'list', '--query', person.account.name]);
    const { user_id: id } = listed.users[0];
    await window.go(`/admin/users/${id}`);
    await window.click(`${texts.all}…`, 'link');
    await window.expectText(person.account.name);
    await window.expectText(texts.open);
    await window.expectAccessible('admin-sessions');
    await window.fill(texts.reason, '   ');
    await window.click(texts.all);
    await window.expectText(texts.missing);
    await window.expectAccessible('admin-sessions-refused');
    await theirs.go('/activity');
    await theirs.expectText(person.words.leave);
    await window.fill(texts.reason, 'ticket 7');
    await window.click(texts.all);
    await window.expectText(texts.allEnded);
    await theirs.go('/activity');
    await theirs.expectText(person.words.welcome);
    await window.go('/admin/events?event=admin_revoke_all');
    await window.expectText('ticket 7');
    window.expectNoErrors();
    theirs.expectNoErrors();
  });
}

test('ending all sessions of a person asks for a second factor that is fresh, and keeps the reason', async (t) => {
  const short = await Server.start({ MFA_STEP_UP_MAX_AGE: '2' });
  t.after(() => short.stop());
  const words = ['user', 'create', '--email', 'cpetit@example.com', '--username', 'cpetit', '--password-stdin'];
  const { id } = short.admin([...words, '--full-name', 'Céline Petit'], 'a long password of celine');
  const window = await Window.open(browser, short, { language: 'en', size: PHONE });
  t.after(() => window.close());
  const admin = new Person(window, 'en', short.addUser('chief', { superuser: true }));
  const pause = () => new Promise((go) => setTimeout(go, 2500));
  await window.go();
  await admin.logIn();
  await admin.addApp();
  await admin.typeCode(await admin.app.fresh());
  await admin.readCodes();
  await window.click(admin.words.keptPhone, 'link');
  await window.go(`/admin/users/${id}`);
  await pause();
  await window.click('End all sessions…', 'link');
  await window.expectText(admin.words.stepUp);
  await admin.typeCode(await admin.app.fresh());
  await window.expectText('End all sessions of Céline Petit?');
  await window.expectText('Céline Petit · cpetit@example.com');
  assert.ok((await window.page.getByRole('link', { name: 'Cancel' }).getAttribute('href')).endsWith(`/admin/users/${id}`));
  await window.fill('Reason', 'laptop stolen, ticket 9');
  await pause();
  await window.click('End all sessions');
  await window.expectText(admin.words.stepUp);
  await admin.typeCode(await admin.app.fresh());
  assert.equal(await window.page.getByLabel('Reason', { exact: true }).inputValue(), 'laptop stolen, ticket 9');
  await window.click('End all sessions');
  await window.expectText('All sessions of this account were ended.');
  window.expectNoErrors();
});

for (const language of ['fr', 'en']) {
  test(`the page of sessions is readable at 320 px (${language})`, async (t) => {
    const { window, person } = await enrolled(server.addUser(`narrow-${language}`), language, { size: { width: 320, height: 640 } });
    const second = await elsewhere(person, language);
    t.after(() => Promise.all([window, second.window].map((it) => it.close())));
    await window.click(TEXTS[language].link, 'link');
    await window.expectAccessible(`sessions-320-${language}`);
    for (const words of await window.page.locator('.authenticator-words').all()) {
      assert.ok((await words.boundingBox()).width > 150, 'the text has the width of the page');
    }
    window.expectNoErrors();
  });
}
