import { type AddressInfo, createServer, Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Channel } from '../../../server/engine/wire/channel.ts';
import { encodeHead, FRAME, FrameParser } from '../../../server/engine/wire/frames.ts';
import { packError, unpackError } from '../../../server/engine/wire/messages.ts';
import { AppError } from '../../../server/errors.ts';
import { seeded } from '../random.ts';
import { until } from '../server-fixture.ts';

describe('FrameParser', () => {
  const random = seeded(7);
  const bytes = (n: number) => Buffer.from(Array.from({ length: n }, () => Math.floor(random() * 256)));

  it('decodes every frame, however the stream is split', () => {
    const contents = [0, 1, 8, 9, 10, 1000].map((n) => bytes(n));
    const text = JSON.stringify({ öäü: 'ß'.repeat(50) });
    const stream = Buffer.concat([
      ...contents.flatMap((content, id) => [encodeHead(FRAME.bytes, id, content.length), content]),
      encodeHead(FRAME.message, 0, Buffer.byteLength(text)),
      Buffer.from(text),
    ]);
    for (const most of [1, 2, 9, 64, 5000]) {
      const got = contents.map(() => Buffer.alloc(0));
      const messages: string[] = [];
      const parser = new FrameParser({
        onMessage: (message) => messages.push(message),
        onBytes: (id, part) => {
          got[id] = Buffer.concat([got[id]!, part]);
        },
      });
      for (let at = 0; at < stream.length; ) {
        const size = 1 + Math.floor(random() * most);
        parser.push(stream.subarray(at, at + size));
        at += size;
      }
      expect(got).toEqual(contents);
      expect(messages).toEqual([text]);
    }
  });

  it('rejects an invalid stream', () => {
    const parser = () => new FrameParser({ onMessage: () => undefined, onBytes: () => undefined });
    expect(() => parser().push(Buffer.from('HTTP/1.1 200 OK'))).toThrow('out of sync');
    expect(() => parser().push(encodeHead(FRAME.message, 0, 2 ** 31))).toThrow('out of sync');
  });
});

describe('Channel', () => {
  it('interleaves small messages with a large transfer, and reports when the other side closes', async () => {
    const [left, right] = await socketPair();
    const big = Buffer.alloc(10_000_000, 5);
    const got: { id: number; bytes: number; wrong: number }[] = [];
    const order: string[] = [];
    let closed = 0;
    new Channel<string, string>(right, {
      onMessage: (message) => order.push(message),
      onBytes: (id, part) => {
        const entry = got.find((e) => e.id === id) ?? got[got.push({ id, bytes: 0, wrong: 0 }) - 1]!;
        entry.bytes += part.length;
        entry.wrong += part.every((value) => value === id) ? 0 : 1;
        if (entry.bytes === (id === 5 ? big.length : 3)) order.push(`all of ${id}`);
      },
      onClose: () => closed++,
    });
    const channel = new Channel<string, string>(left, {
      onMessage: () => undefined,
      onBytes: () => undefined,
      onClose: () => undefined,
    });
    const sending = channel.sendBytes(5, big);
    await Promise.all([channel.sendBytes(7, Buffer.alloc(3, 7)), channel.send('hello')]);
    await sending;
    await until(() => order.length === 3);
    expect(order.at(-1)).toBe('all of 5');
    expect(got).toEqual(
      expect.arrayContaining([
        { id: 5, bytes: big.length, wrong: 0 },
        { id: 7, bytes: 3, wrong: 0 },
      ]),
    );
    channel.end();
    await until(() => closed === 1);
  });

  it('stops sending cancelled data, also to a side that does not read', async () => {
    const [left, right] = await socketPair();
    right.pause();
    const channel = new Channel<string, string>(left, {
      onMessage: () => undefined,
      onBytes: () => undefined,
      onClose: () => undefined,
    });
    let wanted = true;
    const sending = channel.sendBytes(1, Buffer.alloc(50_000_000), () => wanted);
    await new Promise(setImmediate);
    wanted = false;
    right.resume();
    await sending;
    let arrived = 0;
    right.on('data', (chunk: Buffer) => {
      arrived += chunk.length;
    });
    channel.end();
    await new Promise((resolve) => right.once('end', resolve));
    expect(arrived).toBeLessThan(25_000_000);
    // Sending to a closed pipe does not wait.
    await channel.sendBytes(2, Buffer.alloc(1_000_000));
  });
});

describe('errors on the wire', () => {
  it('keep code, words, stack and cause', () => {
    const cause = new Error('driver');
    const error = new AppError('INFERENCE_FAILED', 'No luck.', { cause });
    const copy = unpackError(JSON.parse(JSON.stringify(packError(error)))) as AppError;
    expect(copy).toBeInstanceOf(AppError);
    expect(copy.toBody()).toEqual(error.toBody());
    expect([copy.status, copy.stack, (copy.cause as Error).message]).toEqual([503, error.stack, 'driver']);
    expect((copy.cause as Error).stack).toBe(cause.stack);
  });

  it('handles values that are not errors, and circular causes', () => {
    expect(unpackError(packError('text'))).toMatchObject({ message: 'text' });
    const loop = new Error('a');
    loop.cause = loop;
    expect(unpackError(packError(loop)).message).toBe('a');
    expect(unpackError(packError(new TypeError('t')))).not.toBeInstanceOf(AppError);
  });
});

function socketPair(): Promise<[Socket, Socket]> {
  return new Promise((resolve) => {
    const left = new Socket();
    const server = createServer((right) => {
      server.close();
      resolve([left, right]);
    }).listen(0, '127.0.0.1', () => left.connect((server.address() as AddressInfo).port, '127.0.0.1'));
  });
}
