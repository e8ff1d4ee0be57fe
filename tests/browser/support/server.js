// The server under test: the built program, with a folder and a database of its own, on a port that it picks.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const programs = process.env.MFA_TEST_PROGRAMS ?? join(root, 'target/debug');
const START_WITHIN = 30_000;

/** Settings that let a test go faster than a person may. */
const FAST = {
  MFA_BIND: '127.0.0.1:0',
  MFA_RATE_LIMIT_MAX: '1000',
  MFA_RECOVERY_RATE_MAX: '1000',
  LOGIN_RATE_USER_MAX: '1000',
  LOGIN_RATE_IP_MAX: '1000',
  MFA_SMS_PER_MINUTE: '100',
  MFA_SMS_PER_HOUR: '100',
  MFA_SMS_PER_IP_HOUR: '1000',
};

export class Server {
  /** Starts one, with these settings over those of a test. */
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
    this.said = '';
    child.stdout.on('data', (text) => (this.said += text));
    child.stderr.on('data', (text) => (this.said += text));
  }

  async #started() {
    const until = Date.now() + START_WITHIN;
    while (!/Store: /.test(this.said) || !this.origin) {
      if (this.child.exitCode !== null || Date.now() > until) throw new Error(`no server: ${this.said}`);
      this.origin = /Health: (http:\/\/[^/\s]+)/.exec(this.said)?.[1];
      await new Promise((go) => setTimeout(go, 20));
    }
    await new Promise((go) => setTimeout(go, 20));
    this.password = /password (\S+)/.exec(this.said)?.[1];
    this.brand = this.environment.MFA_BRAND ?? 'itspirit';
    this.first = `${this.origin}/interface/${this.brand}`;
  }

  /** Runs `mfa-admin` on the same data, and gives its JSON. */
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

  /** Adds a user who can log in. */
  addUser(name, { superuser = false, enforce = false, password = `${name} has a long password` } = {}) {
    const words = ['user', 'create', '--email', `${name}@example.com`, '--username', name, '--password-stdin'];
    if (superuser) words.push('--superuser');
    if (enforce) words.push('--enforce');
    return { ...this.admin(words, password), name, password };
  }

  /** The messages that would have been sent, oldest first. */
  async outbox() {
    const lines = await readFile(join(this.folder, 'data/sms-outbox.jsonl'), 'utf8').catch(() => '');
    return lines.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  }

  /** Keeps the database from writing until the answer is called: every call that must store something is told 503. */
  async withoutDatabase() {
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
