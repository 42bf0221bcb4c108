import { describe, expect, it } from 'vitest';
import { type Turn, Turns } from '../../../server/jobs/turns.ts';
import { seeded } from '../random.ts';

const never = new AbortController().signal;
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Takes a turn and writes its name down when it begins. */
function note(turns: Turns, log: string[], client: string, name: string, signal = never): Turn {
  const turn = turns.take(client, signal);
  turn.begun.then(
    () => log.push(name),
    () => undefined,
  );
  return turn;
}

describe('Turns', () => {
  it('go round the clients, however many each of them brings', async () => {
    const turns = new Turns(1);
    const log: string[] = [];
    const names = ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1'];
    const taken = names.map((name) => note(turns, log, name[0]!, name));
    expect(taken.map(({ ahead }) => ahead)).toEqual([0, 0, 3, 5, 1, 4, 2]);
    // Its next picture counts, not its last.
    expect(['a', 'b', 'c', 'd'].map((client) => turns.placeOf(client))).toEqual([1, 2, 3, null]);
    for (const name of ['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4']) {
      await settled();
      expect(log.at(-1)).toBe(name);
      taken[names.indexOf(name)]!.end();
    }
    expect([turns.running, turns.waiting]).toEqual([0, 0]);
  });

  it('given up while waiting leave no gap, and reject with the reason', async () => {
    const turns = new Turns(1);
    const log: string[] = [];
    const first = note(turns, log, 'a', 'a1');
    const controller = new AbortController();
    const given = turns.take('a', controller.signal);
    note(turns, log, 'a', 'a3');
    controller.abort(new Error('left'));
    await expect(given.begun).rejects.toThrow('left');
    given.end();
    expect(turns.waiting).toBe(1);
    first.end();
    await settled();
    expect(log).toEqual(['a1', 'a3']);
    await expect(turns.take('b', AbortSignal.abort(new Error('never came'))).begun).rejects.toThrow('never came');
    expect(turns.waiting).toBe(0);
  });

  it('end once: neither a second end nor a late abort lets another one in', () => {
    const turns = new Turns(1);
    const controller = new AbortController();
    const first = turns.take('a', controller.signal);
    turns.take('a', never);
    turns.take('a', never);
    first.end();
    first.end();
    controller.abort();
    expect([turns.running, turns.waiting]).toEqual([1, 1]);
  });

  it.each(Array.from({ length: 40 }, (_, seed) => seed))('are fair in any sequence (%d)', async (seed) => {
    const random = seeded(seed);
    const below = (n: number) => Math.floor(random() * n);
    const limit = 1 + below(3);
    const clients = 1 + below(5);
    const turns = new Turns(limit);
    interface Ticket {
      client: number;
      order: number;
      turn: Turn;
      stop: AbortController;
      state: 'waiting' | 'running' | 'over';
      /** How often each client began since this one waits. */
      overtaken: number[];
      /** How many of its own client were before it. */
      place: number;
    }
    const tickets: Ticket[] = [];
    const pick = (state: Ticket['state']) => {
      const some = tickets.filter((ticket) => ticket.state === state);
      return some[below(some.length)];
    };
    for (let step = 0; step < 200; step++) {
      const action = random();
      if (action < 0.5 && step < 150) {
        const client = below(clients);
        const stop = new AbortController();
        const place = tickets.filter((ticket) => ticket.client === client && ticket.state === 'waiting').length;
        const turn = turns.take(String(client), stop.signal);
        const ticket: Ticket = {
          client,
          order: tickets.length,
          turn,
          stop,
          state: 'waiting',
          overtaken: Array(clients).fill(0),
          place,
        };
        tickets.push(ticket);
        turn.begun.then(
          () => {
            ticket.state = 'running';
            for (const other of tickets) if (other.state === 'waiting') other.overtaken[client]!++;
            // First come, first served within a client.
            const earlier = tickets.filter((other) => other.client === client && other.order < ticket.order);
            expect(earlier.filter((other) => other.state === 'waiting')).toEqual([]);
            // No other client had more turns than this one had places to wait.
            const others = ticket.overtaken.filter((_, other) => other !== client);
            expect(Math.max(0, ...others)).toBeLessThanOrEqual(ticket.place + 1);
          },
          () => {
            ticket.state = 'over';
          },
        );
      } else if (action < 0.65) {
        pick('waiting')?.stop.abort();
      } else {
        const running = pick('running');
        if (running) {
          running.state = 'over';
          running.turn.end();
        }
      }
      await settled();
      const count = (state: Ticket['state']) => tickets.filter((ticket) => ticket.state === state).length;
      expect([turns.running, turns.waiting]).toEqual([count('running'), count('waiting')]);
      expect(turns.running).toBe(Math.min(limit, turns.running + turns.waiting));
      // The places that are told are those of an order: each number once.
      const aheads = tickets.filter(({ state }) => state === 'waiting').map(({ turn }) => turn.ahead);
      expect(aheads.sort((a, b) => a - b)).toEqual(aheads.map((_, i) => i));
    }
    for (let last = pick('running'); last; last = pick('running')) {
      last.state = 'over';
      last.turn.end();
      await settled();
    }
    expect(tickets.filter(({ state }) => state !== 'over')).toEqual([]);
    expect([turns.running, turns.waiting]).toEqual([0, 0]);
  });
});
