// Server under test: the compiled program with its own directory and database, on a free port.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const programs = process.env.MFA_TEST_PROGRAMS ?? join(root, 'target/debug');
const START_WITHIN = 30_000;

/** Higher rate limits, because tests are faster than users. */
const FAST = {
  MFA_BIND: '127.0.0.1:0',
  MFA_RATE_LIMIT_MAX: '1000',
  MFA_RECOVERY_RATE_MAX: '1000',
  MFA_REGENERATE_PER_HOUR: '1000',
  LOGIN_RATE_USER_MAX: '1000',
  LOGIN_RATE_IP_MAX: '1000',
  MFA_SMS_PER_MINUTE: '100',
  MFA_SMS_PER_HOUR: '100',
  MFA_SMS_PER_IP_HOUR: '1000',
};

export class Server {
  /** Starts a server. `settings` override the defaults of the tests. */
  static async start(settings = {}) {
    const folder = await mkdtemp(join(tmpdir(), 'nova-mfa-browser.'));
    const environment = { PATH: process.env.PATH, ...FAST, ...settings };
    const child = spawn(join(programs, 'mfa-server'), { cwd: folder, env: environment });
    const server = new Server(folder, environment, child);
    await server.#started();
    return server;
  }

  constructor(folder, environment, child) {
    this.folder = folder;
    this.environment = environment;
    this.child = child;
    this.output = '';
    child.stdout.on('data', (text) => (this.output += text));
    child.stderr.on('data', (text) => (this.output += text));
  }

  async #started() {
    const until = Date.now() + START_WITHIN;
    while (!/Database: /.test(this.output) || !this.origin) {
      if (this.child.exitCode !== null || Date.now() > until) throw new Error(`no server: ${this.output}`);
      this.origin = /Health: (http:\/\/[^/\s]+)/.exec(this.output)?.[1];
      await new Promise((go) => setTimeout(go, 20));
    }
    await new Promise((go) => setTimeout(go, 20));
    this.password = /password (\S+)/.exec(this.output)?.[1];
    this.brand = this.environment.MFA_BRAND ?? 'itspirit';
    this.homeUrl = `${this.origin}/interface/${this.brand}`;
  }

  /** Runs `mfa-admin` on the same data and returns its JSON output. */
  admin(words, input = '') {
    const run = spawnSync(join(programs, 'mfa-admin'), [...words, '--json'], {
      cwd: this.folder,
      env: this.environment,
      input,
      encoding: 'utf8',
    });
    if (run.status !== 0) throw new Error(`mfa-admin ${words.join(' ')}: ${run.stderr}${run.stdout}`);
    return JSON.parse(run.stdout);
  }

  /** Creates a user with a password. */
  addUser(name, { superuser = false, enforce = false, password = `${name} has a long password` } = {}) {
    const words = ['user', 'create', '--email', `${name}@example.com`, '--username', name, '--password-stdin'];
    if (superuser) words.push('--superuser');
    if (enforce) words.push('--enforce');
    return { ...this.admin(words, password), name, password };
  }

  /** Returns the messages in the SMS outbox, oldest first. */
  async outbox() {
    const lines = await readFile(join(this.folder, 'data/sms-outbox.jsonl'), 'utf8').catch(() => '');
    return lines.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  }

  /** Blocks database writes until the returned function is called. Requests that write get 503. */
  async blockDatabaseWrites() {
    const lock = [
      'import sqlite3, sys',
      'db = sqlite3.connect("data/nova-mfa.db", isolation_level=None, timeout=20)',
      'db.execute("BEGIN IMMEDIATE")',
      'print("locked", flush=True)',
      'sys.stdin.read()',
    ].join('\n');
    const holder = spawn('python3', ['-c', lock], { cwd: this.folder });
    await new Promise((go, fail) => {
      holder.stdout.once('data', go);
      holder.once('exit', (code) => fail(new Error(`the database could not be locked: ${code}`)));
    });
    return async () => {
      const gone = new Promise((go) => holder.once('exit', go));
      holder.stdin.end();
      await gone;
    };
  }

  async stop() {
    const gone = new Promise((go) => this.child.once('exit', go));
    if (this.child.exitCode === null) {
      this.child.kill('SIGTERM');
      await gone;
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}
