import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createLimiter, type Limiter } from '../lib/limiter.ts';

describe('a limiter', () => {
  it('holds a slot until it is released', async () => {
    const limiter = createLimiter({ concurrency: 1 });
    const first = await limiter.acquire();
    const second = limiter.acquire();
    expect([limiter.pending, limiter.size]).toEqual([1, 1]);
    first.release();
    (await second).release();
    await limiter.onIdle();
    expect([limiter.pending, limiter.size]).toEqual([0, 0]);
  });

  it('takes a second release of the same slot for nothing', async () => {
    const limiter = createLimiter({ concurrency: 1 });
    const first = await limiter.acquire();
    first.release();
    first.release();
    await limiter.acquire();
    const waiting = await isWaiting(limiter.acquire());
    expect(waiting).toBe(true);
  });

  it('gives slots in order of arrival: two eager callers do not starve a third', async () => {
    const limiter = createLimiter({ concurrency: 2 });
    const order: string[] = [];
    const call = async (name: string) => {
      const lease = await limiter.acquire();
      order.push(name);
      await Promise.resolve();
      lease.release();
    };
    const eager = async (name: string) => {
      await Promise.all(Array.from({ length: 50 }, () => call(name)));
    };
    await Promise.all([eager('a'), call('third'), eager('b')]);
    expect(order.indexOf('third')).toBe(50);
    expect(order).toHaveLength(101);
  });

  it('gives a caller who calls one after the other its turn among those who call all at once', async () => {
    const limiter = createLimiter({ concurrency: 1 });
    const order: string[] = [];
    const call = async (name: string) => {
      const lease = await limiter.acquire();
      order.push(name);
      await new Promise(setImmediate);
      lease.release();
    };
    const steady = async () => {
      for (let turn = 0; turn < 5; turn++) await call('steady');
    };
    const eager = async () => {
      for (let turn = 0; turn < 5; turn++) await Promise.all([call('eager'), call('eager'), call('eager')]);
    };
    await Promise.all([steady(), eager()]);
    const gaps = order.flatMap((name, index) => (name === 'steady' ? [index] : []));
    expect(gaps).toHaveLength(5);
    for (const [index, at] of gaps.entries()) expect(at - (gaps[index - 1] ?? 0)).toBeLessThanOrEqual(4);
  });

  it('lets a higher priority go first', async () => {
    const limiter = createLimiter({ concurrency: 1 });
    const order: number[] = [];
    const held = await limiter.acquire();
    const calls = [0, 5, -1, 5, 1].map(async (priority, index) => {
      const lease = await limiter.acquire({ priority });
      order.push(index);
      lease.release();
    });
    held.release();
    await Promise.all(calls);
    expect(order).toEqual([1, 3, 4, 0, 2]);
  });

  it('refuses the call after maxWaiting at once, with a retryable error', async () => {
    const limiter = createLimiter({ concurrency: 1, maxWaiting: 1 });
    const held = await limiter.acquire();
    const waiting = limiter.acquire();
    await expect(limiter.acquire()).rejects.toMatchObject({
      code: 'LIMITER_FULL',
      retryable: true,
      maxWaiting: 1,
    });
    held.release();
    (await waiting).release();
    (await limiter.acquire()).release();
  });

  it('with maxWaiting 0 lets no call wait, but all run that can', async () => {
    const limiter = createLimiter({ concurrency: 2, maxWaiting: 0 });
    await Promise.all([limiter.acquire(), limiter.acquire()]);
    await expect(limiter.acquire()).rejects.toMatchObject({ code: 'LIMITER_FULL' });
  });

  it('lets a call that aborts leave the line at once, and keeps no listener of it', async () => {
    const limiter = createLimiter({ concurrency: 1 });
    const held = await limiter.acquire();
    const controller = new AbortController();
    const waiting = limiter.acquire({ signal: controller.signal });
    const next = limiter.acquire();
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    expect(limiter.size).toBe(1);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    held.release();
    (await next).release();
    await limiter.onIdle();
  });

  it('keeps the slot of a call that aborts after it got it, until that is released', async () => {
    const limiter = createLimiter({ concurrency: 1 });
    const controller = new AbortController();
    const lease = await limiter.acquire({ signal: controller.signal });
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    controller.abort();
    expect(await isWaiting(limiter.acquire())).toBe(true);
    lease.release();
  });

  it('refuses a signal that is aborted already', async () => {
    const limiter = createLimiter();
    await expect(limiter.acquire({ signal: AbortSignal.abort(new Error('too late')) })).rejects.toThrow(
      'too late',
    );
    expect(limiter.pending).toBe(0);
  });

  it('starts waiting calls when its concurrency is raised', async () => {
    const limiter = createLimiter({ concurrency: 1 });
    await limiter.acquire();
    const second = limiter.acquire();
    limiter.concurrency = 2;
    await second;
    expect([limiter.concurrency, limiter.pending]).toEqual([2, 2]);
  });

  it('starts at most intervalCap calls per interval, also when they are short', async () => {
    const limiter = createLimiter({ concurrency: 10, intervalCap: 2, interval: 200 });
    const startedAt = performance.now();
    const calls = Array.from({ length: 5 }, async () => (await limiter.acquire()).release());
    expect(limiter.size).toBe(3);
    await Promise.all(calls);
    // Two at once, two an interval later, one another interval later. A timer may be a millisecond early.
    expect(performance.now() - startedAt).toBeGreaterThan(390);
  });

  it('counts calls that wait for the interval as waiting', async () => {
    const limiter = createLimiter({ concurrency: 10, intervalCap: 1, interval: 1000, maxWaiting: 1 });
    (await limiter.acquire()).release();
    const waiting = limiter.acquire();
    await expect(limiter.acquire()).rejects.toMatchObject({ code: 'LIMITER_FULL' });
    (await waiting).release();
  });

  it.each([
    [{ concurrency: 0 }, 'concurrency'],
    [{ concurrency: 1.5 }, 'concurrency'],
    [{ maxWaiting: -1 }, 'maxWaiting'],
    [{ intervalCap: 0 }, 'intervalCap'],
    [{ intervalCap: 1, interval: 0 }, 'interval'],
    [{ interval: 1000 }, 'interval'],
  ])('refuses %j', (options, option) => {
    expect(() => createLimiter(options)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', option }));
  });

  it('refuses a concurrency that is none, also later', () => {
    const limiter: Limiter = createLimiter();
    expect(() => {
      limiter.concurrency = 0;
    }).toThrow(/Invalid concurrency/);
  });
});

/** Whether a promise is still open after everything that could settle it has run. */
async function isWaiting(promise: Promise<unknown>): Promise<boolean> {
  const later = new Promise<'waiting'>(resolve => setTimeout(resolve, 20, 'waiting'));
  return (await Promise.race([promise, later])) === 'waiting';
}
