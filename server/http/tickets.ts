import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** A browser needs a few seconds to open. */
const TICKET_MS = 60_000;
/** Pages open at a time; the oldest gives way. */
const MAX_TOKENS = 16;
const MAX_TICKETS = 16;

/**
 * How the server tells the page that its own user has opened from one that somebody else on this computer loads: the
 * command line has the secret of the discovery file and asks for a ticket, the browser gets that in the address, and the
 * page exchanges it, once, for a token that lasts as long as the server.
 */
export class Tickets {
  readonly #now: () => number;
  /** By hash, with the time at which they end. */
  readonly #tickets = new Map<string, number>();
  readonly #tokens: string[] = [];

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  issue(): string {
    const ticket = secret();
    this.#tickets.set(digest(ticket), this.#now() + TICKET_MS);
    for (const old of [...this.#tickets.keys()].slice(0, -MAX_TICKETS)) this.#tickets.delete(old);
    return ticket;
  }

  /** @returns a token, or null for a ticket that is unknown, used or too old */
  redeem(ticket: string): string | null {
    const key = digest(ticket);
    const ends = this.#tickets.get(key);
    this.#tickets.delete(key);
    if (ends === undefined || this.#now() > ends) return null;
    const token = secret();
    this.#tokens.push(digest(token));
    this.#tokens.splice(0, this.#tokens.length - MAX_TOKENS);
    return token;
  }

  admits(token: string): boolean {
    const asked = Buffer.from(digest(token));
    return this.#tokens.filter((known) => timingSafeEqual(Buffer.from(known), asked)).length > 0;
  }
}

const secret = () => randomBytes(32).toString('base64url');
const digest = (text: string) => createHash('sha256').update(text).digest('hex');
