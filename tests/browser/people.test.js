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
    title: 'Without a second factor', state: 'No second factor', csv: 'Download as CSV', go: 'Continue', reason: 'Reason',
    act: 'Require a second factor', missing: 'Enter a reason.', changed: `Changed: ${PEOPLE}`, unchanged: `Already so: ${PEOPLE}`, search: 'Search',
    total: '1 account', next: 'Next page', previous: 'Previous page', filter: 'Filter', zone: 'Times are in UTC.',
  },
  fr: {
    title: 'Sans second facteur', state: 'Sans second facteur', csv: 'Télécharger en CSV', go: 'Continuer', reason: 'Motif',
    act: 'Exiger un second facteur', missing: 'Indiquez un motif.', changed: `Modifiés : ${PEOPLE}`, unchanged: `Déjà ainsi : ${PEOPLE}`, search: 'Rechercher',
    total: '1 compte', next: 'Page suivante', previous: 'Page précédente', filter: 'Filtrer', zone: 'Les heures sont en UTC.',
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
      await window.click(text.go);
      await window.expectAccessible('people-preview');
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
