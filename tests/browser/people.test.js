// Administration of thousands: an administrator finds everybody without a second factor, requires it and exports the list.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { DESKTOP, PHONE, Window, openBrowser } from './support/browser.js';
import { Person } from './support/journeys.js';
import { Server } from './support/server.js';

const PEOPLE = 5000;
const TEXTS = {
  en: {
    title: 'Without a second factor', state: 'No second factor', csv: 'Download as CSV', all: /^Change all \d+ accounts found$/, reason: 'Reason',
    act: 'Require a second factor', missing: 'Enter a reason.', changed: `Changed: ${PEOPLE}`, unchanged: `Already so: ${PEOPLE}`, search: 'Search',
    total: '1 account', limit: 'One change covers at most', next: 'Next page', previous: 'Previous page', filter: 'Filter', zone: 'Times are in UTC.',
  },
  fr: {
    title: 'Sans second facteur', state: 'Sans second facteur', csv: 'Télécharger en CSV', all: /^Modifier les \d+ comptes trouvés$/, reason: 'Motif',
    act: 'Exiger un second facteur', missing: 'Indiquez un motif.', changed: `Modifiés : ${PEOPLE}`, unchanged: `Déjà ainsi : ${PEOPLE}`, search: 'Rechercher',
    total: '1 compte', limit: 'Une modification porte sur', next: 'Page suivante', previous: 'Page précédente', filter: 'Filtrer', zone: 'Les heures sont en UTC.',
  },
};

/** Adds people with SQL, as another program does: with the demo user, as many as one act changes at most. */
const addPeople = (server) => {
  const script = [
    'import sqlite3',
    'db = sqlite3.connect("data/nova-mfa.db", timeout=20)',
    `rows = [(f"p{n}@example.com", f"p{n}", "Céline Petit" if n == 4321 else f"Person {n:04}") for n in range(1, ${PEOPLE})]`,
    'db.executemany("INSERT INTO users (email, username, hashed_password, full_name) VALUES (?, ?, \'x\', ?)", rows)',
    'db.commit()',
  ].join('\n');
  const run = spawnSync('python3', ['-c', script], { cwd: server.folder, encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
};

let browser;
before(async () => {
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
});

for (const [language, size] of [['en', DESKTOP], ['fr', PHONE]]) {
  test(`an administrator requires a second factor of ${PEOPLE} people in one act (${language})`, async () => {
    const server = await Server.start();
    try {
      const chief = server.addUser('chief', { superuser: true });
      server.admin(['user', 'set-password', '--user-id', '1', '--password-stdin'], 'a long password of nobody');
      addPeople(server);
      const text = TEXTS[language];
      const window = await Window.open(browser, server, { language, size });
      // Thousands of commits take long in a debug build on a busy machine.
      window.context.setDefaultTimeout(120_000);
      const admin = new Person(window, language, chief);
      await window.go();
      await admin.logIn();
      await admin.addApp();
      await admin.typeCode(await admin.app.fresh());
      await admin.readCodes();
      await window.click(admin.words.keptPhone, 'link');
      await window.click(admin.words.admin, 'link');
      await window.expectText(text.zone);
      await window.expectAccessible('people-board');

      // From the number to its people. The demo user is one of them.
      const users = server.admin(['user', 'list', '--state', 'no_factor', '--limit', '1']).total;
      await window.click(text.title, 'link');
      await window.expectText(String(users));
      await window.expectAccessible('people-list');
      const [download] = await Promise.all([
        window.page.waitForEvent('download'),
        window.page.getByRole('link', { name: text.csv }).click(),
      ]);
      const csv = await readFile(await download.path(), 'utf8');
      assert.equal(csv.trim().split('\r\n').length, users + 1);
      assert.match(csv, /Céline Petit/);

      await window.click(text.next, 'link');
      await window.click(text.previous, 'link');
      await window.click(text.all);
      await window.expectAccessible('people-preview');
      // As many as one act covers: nobody is left out, and nothing says so.
      assert.equal(users, PEOPLE);
      assert.equal(await window.page.getByText(text.limit).count(), 0);
      // The form comes before the long list, which has the names of people.
      const button = await window.page.getByRole('button', { name: text.act }).boundingBox();
      assert.ok(button.y < 844, `the button is at ${button.y}`);
      await window.page.locator('details.bulk-list summary').click();
      await window.expectText('Person 0001');
      await window.page.locator('details.bulk-list summary').click();
      // A refused form comes back with the same people and with what was typed.
      await window.fill(text.reason, ' ');
      await window.click(text.act);
      await window.expectText(text.missing);
      await window.expectAccessible('people-refused');
      await window.fill(text.reason, 'new policy');
      await window.click(text.act);
      await window.expectText(text.changed.replace(PEOPLE, users));
      await window.expectAccessible('people-result');
      // A reload repeats nothing.
      await window.page.reload();
      await window.expectText(text.changed.replace(PEOPLE, users));
      assert.equal(server.admin(['user', 'list', '--state', 'enforced', '--limit', '1']).total, users);

      await window.go('/admin/users?query=petit+celine');
      await window.expectText('Céline Petit');
      await window.expectText(text.total);
      await window.go('/admin/events?event=admin_enforce');
      await window.expectText('new policy');
      await window.expectAccessible('people-events');
    } finally {
      await server.stop();
    }
  });
}

/** An administrator with an app, on the list of accounts. */
const administrator = async (t, server, language, size) => {
  const window = await Window.open(browser, server, { language, size });
  t.after(() => window.close());
  const admin = new Person(window, language, server.addUser('chief', { superuser: true }));
  await window.go();
  await admin.logIn();
  await admin.addApp();
  await admin.typeCode(await admin.app.fresh());
  await admin.readCodes();
  await window.click(admin.words.keptPhone, 'link');
  await window.go('/admin/users');
  return window;
};

/** Adds a person with a full name. */
const addPerson = (server, name, fullName) => {
  const words = ['user', 'create', '--email', `${name}@example.com`, '--username', name, '--password-stdin'];
  return server.admin([...words, '--full-name', fullName], `${name} has a long password`).id;
};

for (const scripts of [true, false]) {
  test(`a change is for the ticked accounts or for all found, and never for others (${scripts ? 'scripts' : 'no scripts'})`, async (t) => {
    const server = await Server.start();
    t.after(() => server.stop());
    const ids = ['Alice Martin', 'Bruno Martin', 'Chloé Durand'].map((name, place) => addPerson(server, `p${place}`, name));
    let window = await administrator(t, server, 'en', PHONE);
    if (!scripts) {
      const without = await Window.open(browser, server, { language: 'en', scripts, size: PHONE });
      t.after(() => without.close());
      await without.context.addCookies(await window.context.cookies());
      window = without;
    }
    const { page } = window;
    await window.go('/admin/users?query=martin');
    // Nobody is ticked: nothing happens, and the list says why. The filter stays.
    await window.click('Change the ticked accounts');
    await window.expectText('No account is ticked');
    assert.match(page.url(), /\/admin\/users\?query=martin/);
    await page.getByLabel('Select Alice Martin').check();
    await page.getByLabel('Change several accounts').selectOption('enforce');
    await window.click('Change the ticked accounts');
    await window.expectText('Require a second factor: 1 account');
    await window.expectText('Alice Martin');
    assert.equal(await page.getByText('Bruno Martin').count(), 0);
    await window.click('Cancel', 'link');
    assert.match(page.url(), /\/admin\/users\?query=martin/);
    await window.click('Change all 2 accounts found');
    await window.expectText('Require a second factor: 2 accounts');
    await window.fill('Reason', 'policy');
    await window.click('Require a second factor');
    await window.expectText('Changed: 2');
    await window.page.getByText('Changed: 2').click();
    await window.expectText('Alice Martin');
    // A slip in the address is refused, and never read as everybody.
    for (const query of [
      '', 'action=enforce', 'action=bogus&who=all', 'action=enforce&who=all&state=bogus', 'action=enforce&who=bogus',
      `action=enforce&who=ticked&user=${ids[0]}&user=abc`, 'action=enforce&user=abc', 'action=enforce&who=all&state=locked&state=disabled',
    ]) {
      const answer = await page.goto(`${server.homeUrl}/admin/users/bulk?${query}`);
      assert.equal(answer.status(), 422, query);
      await window.expectText('Invalid value');
    }
    window.expectNoErrors();
  });
}

test('a reset of several says whom it leaves out, before and after', async (t) => {
  const server = await Server.start();
  t.after(() => server.stop());
  addPerson(server, 'alice', 'Alice Martin');
  const window = await administrator(t, server, 'en', DESKTOP);
  await window.page.getByLabel('Change several accounts').selectOption('reset');
  await window.click(/^Change all \d+ accounts found$/);
  await window.expectText('Accounts of administrators and your own are not changed.');
  await window.expectText('Your own account is among those selected.');
  await window.expectAccessible('bulk-reset');
  await window.fill('Reason', 'test');
  await window.click('Remove all second factors');
  await window.expectText('The second factors of administrators, and your own, are not removed');
  await window.expectText('chief');
  await window.expectAccessible('bulk-reset-result');
  window.expectNoErrors();
});

for (const size of [PHONE, { width: 320, height: 640 }, DESKTOP]) {
  test(`a tick is a small box left of the name (${size.width} px)`, async (t) => {
    const server = await Server.start();
    t.after(() => server.stop());
    addPerson(server, 'alice', 'Alice-Anne-Sophie de La Rochefoucauld-Montmorency');
    const window = await administrator(t, server, 'fr', size);
    const box = await window.page.getByLabel('Sélectionner Alice', { exact: false }).boundingBox();
    const name = await window.page.locator('.person-name', { hasText: 'Alice-Anne' }).boundingBox();
    assert.equal(Math.round(box.width), 20);
    assert.ok(box.x + box.width <= name.x, 'left of the name');
    assert.ok(Math.abs(box.y + box.height / 2 - (name.y + 12)) < 16, 'in the row of the name');
    await window.expectAccessible(`list-${size.width}`);
    window.expectNoErrors();
  });
}

test('every tile of the dashboard leads to its accounts', async (t) => {
  const server = await Server.start();
  t.after(() => server.stop());
  const window = await administrator(t, server, 'fr', DESKTOP);
  await window.go('/admin');
  const tiles = window.page.locator('.figure');
  assert.equal(await tiles.count(), 8);
  assert.equal(await window.page.locator('.figure a').count(), 8);
  await window.expectText('Avec une clé d’accès');
  window.expectNoErrors();
});

test('the events of a person are found by name, and a wrong field is named', async (t) => {
  const server = await Server.start();
  t.after(() => server.stop());
  const celine = addPerson(server, 'cpetit', 'Céline Petit');
  addPerson(server, 'mpetit', 'Marc Petit');
  const window = await administrator(t, server, 'en', PHONE);
  const { page } = window;
  const field = 'Account (name, email address or ID)';
  await window.go('/admin/events');
  await window.fill(field, 'petit celine');
  await window.click('Filter');
  await page.locator('.trail .what', { hasText: 'Account created' }).first().waitFor();
  assert.ok((await page.locator('.whose').allTextContents()).every((it) => it === 'cpetit'));
  await window.fill(field, 'petit');
  await window.click('Filter');
  await window.expectText('2 accounts match “petit”. Choose one:');
  await window.expectAccessible('events-several');
  // The file answers as the page does.
  await page.goto(`${server.homeUrl}/admin/events.csv?user=petit`);
  await window.expectText('2 accounts match “petit”');
  await window.click(/Céline Petit/, 'link');
  assert.match(page.url(), new RegExp(`user=${celine}$`));
  await page.locator('.trail .what', { hasText: 'Account created' }).first().waitFor();
  await window.fill(field, 'nobody at all');
  await window.click('Filter');
  await window.expectText('No account matches “nobody at all”.');
  await window.go('/admin/events?ip=10.0.0&from=yesterday');
  await window.expectText('This is not a complete IP address');
  await window.expectText('This is not a date.');
  assert.equal(await page.getByLabel('IP address').inputValue(), '10.0.0');
  assert.match(await page.title(), /^Error: /);
  assert.equal(await page.locator('.trail').count(), 0);
  await window.expectAccessible('events-invalid');
  window.expectNoErrors();
});
