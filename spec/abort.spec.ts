import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCallAbort } from '../lib/abort.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe('the signal of a call', () => {
  it('aborts with the reason of the first of its signals', () => {
    const [first, second] = [new AbortController(), new AbortController()];
    const call = createCallAbort({ signals: [first.signal, second.signal] });
    second.abort('because');
    first.abort('too late');
    expect(call.signal.reason).toBe('because');
    call.dispose();
  });

  it('is aborted from the start by a signal that is', () => {
    const call = createCallAbort({ signals: [AbortSignal.abort('before')] });
    expect([call.signal.aborted, call.signal.reason]).toEqual([true, 'before']);
    call.dispose();
  });

  it('aborts at the timeout, counted from its start', () => {
    const call = createCallAbort({ signals: [], timeout: 100 });
    vi.advanceTimersByTime(500);
    call.startTimeout();
    vi.advanceTimersByTime(60);
    call.startTimeout();
    expect(call.signal.aborted).toBe(false);
    vi.advanceTimersByTime(40);
    expect(call.signal.reason).toMatchObject({
      code: 'TIMEOUT',
      limit: 'timeout',
      after: 100,
      retryable: true,
    });
    call.dispose();
  });

  it('aborts after silence, which is only what it waits for', async () => {
    const call = createCallAbort({ signals: [], idleTimeout: 100 });
    await call.listen(Promise.resolve());
    vi.advanceTimersByTime(500);
    expect(call.signal.aborted).toBe(false);
    const wait = call.listen(new Promise(() => {}));
    vi.advanceTimersByTime(100);
    expect(call.signal.reason).toMatchObject({ code: 'TIMEOUT', limit: 'idleTimeout', after: 100 });
    call.dispose();
    void wait;
  });

  it('passes on what it waits for, also when that fails', async () => {
    const call = createCallAbort({ signals: [], idleTimeout: 100 });
    expect(await call.listen(Promise.resolve(5))).toBe(5);
    await expect(call.listen(Promise.reject(new Error('no')))).rejects.toThrow('no');
    call.dispose();
  });

  it('leaves neither listener nor timer behind', () => {
    const { signal } = new AbortController();
    const calls = Array.from({ length: 30 }, () => createCallAbort({ signals: [signal], timeout: 100 }));
    for (const call of calls) call.startTimeout();
    expect(getEventListeners(signal, 'abort')).toHaveLength(30);
    for (const call of calls) call.dispose();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('shared by many calls makes Node print no warning about a leak', () => {
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue();
    const { signal } = new AbortController();
    const calls = Array.from({ length: 30 }, () => createCallAbort({ signals: [signal] }));
    for (const call of calls) call.dispose();
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });
});
