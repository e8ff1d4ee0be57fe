// Authenticator app (TOTP, RFC 6238) whose clock can be off.

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

  /** Waits if the time step is about to end, so that a code is not one step older when the server receives it. */
  async #settled() {
    while (Date.now() % (PERIOD * 1000) > (PERIOD - 4) * 1000) await new Promise((go) => setTimeout(go, 250));
  }

  /**
   * Returns a code that was not returned before. The server accepts one step before and after the current one, so three
   * codes are available without waiting. The fourth one waits for the next step.
   */
  async fresh() {
    while (this.#used > this.#now()) await new Promise((go) => setTimeout(go, 250));
    if (this.#used < this.#now() - 1) await this.#settled();
    const step = Math.max(this.#used + 1, this.#now() - 1);
    this.#used = step;
    return codeAt(this.key, step);
  }

  /** Returns the code of a phone whose clock is off by `seconds`. */
  async offBy(seconds) {
    await this.#settled();
    return codeAt(this.key, this.#now() + Math.round(seconds / PERIOD));
  }

  /** Returns a code that is not valid at any time within 15 minutes. */
  wrong() {
    const now = this.#now();
    const near = new Set(Array.from({ length: 61 }, (_, place) => codeAt(this.key, now - 30 + place)));
    let code = 0;
    while (near.has(String(code).padStart(6, '0'))) code += 1;
    return String(code).padStart(6, '0');
  }
}
