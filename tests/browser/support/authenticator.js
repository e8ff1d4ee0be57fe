// An authenticator app (RFC 6238), with a clock that may be wrong.

import { createHmac } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const PERIOD = 30;

const bytesOf = (base32) => {
  let bits = '';
  for (const letter of base32.replaceAll(' ', '')) bits += ALPHABET.indexOf(letter).toString(2).padStart(5, '0');
  return Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
};

const codeAt = (key, step) => {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac('sha1', key).update(counter).digest();
  const place = digest[19] & 15;
  return String((digest.readUInt32BE(place) & 0x7fffffff) % 1_000_000).padStart(6, '0');
};

export class Authenticator {
  #used = -Infinity;

  constructor(secret) {
    this.key = bytesOf(secret);
  }

  #now() {
    return Math.floor(Date.now() / 1000 / PERIOD);
  }

  /** Waits out the end of a step, so that a code does not grow older by one between here and the server. */
  async #settled() {
    while (Date.now() % (PERIOD * 1000) > (PERIOD - 4) * 1000) await new Promise((go) => setTimeout(go, 250));
  }

  /**
   * A code that was not shown before. The server takes one step each way, so three of them are there without a wait;
   * for the fourth it waits for the next step.
   */
  async fresh() {
    while (this.#used > this.#now()) await new Promise((go) => setTimeout(go, 250));
    if (this.#used < this.#now() - 1) await this.#settled();
    const step = Math.max(this.#used + 1, this.#now() - 1);
    this.#used = step;
    return codeAt(this.key, step);
  }

  /** What a phone shows whose clock is off by so many seconds. */
  async offBy(seconds) {
    await this.#settled();
    return codeAt(this.key, this.#now() + Math.round(seconds / PERIOD));
  }

  /** A code that is none of those that may be right for ten minutes. */
  wrong() {
    const now = this.#now();
    const near = new Set(Array.from({ length: 61 }, (_, place) => codeAt(this.key, now - 30 + place)));
    let code = 0;
    while (near.has(String(code).padStart(6, '0'))) code += 1;
    return String(code).padStart(6, '0');
  }
}
